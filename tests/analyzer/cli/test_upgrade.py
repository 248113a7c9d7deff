"""``meshgain upgrade``: 3, 9 and 27 requests under one release of Istio, one under the next."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from analyzer.cli import root
from tests.endtoend.scenario_repos import files

CHAIN = {
    "services": {
        "a": {"calls": [{"to": "b"}]},
        "b": {"calls": [{"to": "c"}]},
        "c": {"calls": [{"to": "d"}]},
        "d": {"inbound": True, "leaf": {"status": 503}},
    }
}


@pytest.fixture
def chain(tmp_path: Path) -> Path:
    for path, text in files(CHAIN, "fastapi").items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")
    return tmp_path


def _asked(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(root, ["upgrade", *arguments], standalone_mode=False)
    return result.return_value if result.exception is None else 2, result.output


def test_the_default_retries_of_three_hops_are_gone_with_1_24(chain: Path) -> None:
    code, output = _asked(str(chain), "1.23", "1.24", "--entry", "a", "--format", "json")
    numbers = {
        r["target"]["service"]: r["worst"] for r in json.loads(output)["pairs"] if r["entry"]["service"] == "shop/a"
    }
    assert code == 0
    assert numbers["shop/d"] == {"1.23": 27, "1.24": 1}
    assert numbers["shop/c"] == {"1.23": 9, "1.24": 1}
    assert numbers["shop/b"] == {"1.23": 3, "1.24": 1}


def test_releases_between_which_nothing_changes_say_so(chain: Path) -> None:
    code, output = _asked(str(chain), "1.24", "1.30")
    assert (code, output) == (0, "no number depends on the release (1.24, 1.30)\n")


def test_what_is_no_version_is_a_usage_error(chain: Path) -> None:
    assert _asked(str(chain), "newest")[0] == 2
