"""``meshgain fix`` from outside."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest

from analyzer.cli import main
from analyzer.cli.fixing import _apply

PAYMENTS = Path(__file__).parents[3] / "sample_repos" / "payments"
RULE = """\
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: a, namespace: b}
spec:
  host: a
  trafficPolicy:
    outlierDetection:
      consecutiveErrors: 3  # three
"""
FIXED = RULE.replace("consecutiveErrors", "consecutive5xxErrors")

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the command in this process: (exit code, standard output, standard error)."""

    def call(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["meshgain", "fix", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capfdbinary.readouterr()
        code = ended.value.code
        return (code if isinstance(code, int) else 1), out.decode(), err.decode()

    return call


@pytest.fixture
def rule(tmp_path: Path) -> Path:
    """A folder with one thing to fix."""
    (tmp_path / "rule.yaml").write_text(RULE)
    return tmp_path


def test_the_patch_is_shown_and_nothing_is_written(run: Run, rule: Path) -> None:
    code, out, err = run(rule)
    assert (code, (rule / "rule.yaml").read_text()) == (1, RULE)
    assert out.startswith("--- a/rule.yaml\n+++ b/rule.yaml\n")
    assert "TM014  consecutiveErrors is written as consecutive5xxErrors" in err


def test_what_is_written_is_not_proposed_again(run: Run, rule: Path) -> None:
    assert run(rule, "--write")[0] == 0
    assert (rule / "rule.yaml").read_text() == FIXED
    assert run(rule) == (0, "", "nothing to fix\n")


def test_the_files_keep_their_mode_and_mark_and_nothing_is_left_beside_them(run: Run, rule: Path) -> None:
    file = rule / "rule.yaml"
    file.write_bytes(b"\xef\xbb\xbf" + RULE.replace("\n", "\r\n").encode())
    file.chmod(0o640)
    assert run(rule, "--write")[0] == 0
    assert file.read_bytes() == b"\xef\xbb\xbf" + FIXED.replace("\n", "\r\n").encode()
    assert file.stat().st_mode & 0o777 == 0o640
    assert [p.name for p in rule.iterdir()] == ["rule.yaml"]


def test_a_file_that_became_a_link_is_not_written(rule: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = tmp_path_factory.mktemp("outside") / "rule.yaml"
    (rule / "rule.yaml").rename(outside)
    (rule / "rule.yaml").symlink_to(outside)
    with pytest.raises(click.UsageError, match="link"):
        _apply(rule, {"rule.yaml": FIXED}, {"rule.yaml": RULE.encode()})
    assert outside.read_text() == RULE


def test_nothing_is_written_where_one_file_changed_meanwhile(rule: Path) -> None:
    (rule / "other.yaml").write_text("changed: 1\n")
    with pytest.raises(click.UsageError, match="meanwhile"):
        _apply(rule, {"rule.yaml": FIXED, "other.yaml": ""}, {"rule.yaml": RULE.encode(), "other.yaml": b""})
    assert (rule / "rule.yaml").read_text() == RULE


@pytest.mark.parametrize("path", ["../rule.yaml", "a/../../rule.yaml", "/etc/rule.yaml"])
def test_nothing_outside_of_the_tree_is_written(rule: Path, path: str) -> None:
    with pytest.raises(click.UsageError):
        _apply(rule, {path: FIXED}, {path: RULE.encode()})


def test_json_is_alone_on_standard_output(run: Run, rule: Path) -> None:
    code, out, _ = run(rule, "--format", "json")
    found = json.loads(out)
    assert code == 1
    assert found["changes"][0]["edits"] == [{"path": "rule.yaml", "line": 8}]
    assert found["patch"].startswith("--- a/rule.yaml\n")


def test_only_what_is_asked_for_is_fixed(run: Run, rule: Path) -> None:
    assert run(rule, "--only", "PA007")[:2] == (0, "")
    assert run(rule, "--only", "tm014")[0] == 1


def test_a_rule_without_a_fix_is_a_usage_error(run: Run, rule: Path) -> None:
    code, _, err = run(rule, "--only", "PA001")
    assert code == 2
    assert "no fix is known for PA001" in err


def test_a_folder_with_nothing_in_it_is_not_understood(run: Run, tmp_path: Path) -> None:
    assert run(tmp_path)[0] == 3


def test_a_limit_that_no_edit_reaches_is_said_and_fails(run: Run, tmp_path: Path) -> None:
    shutil.copytree(PAYMENTS, tmp_path / "payments")
    code, _, err = run(tmp_path / "payments", "--max-amplification", 4, "--only", "RA001", "--write")
    assert code == 1
    assert "not reached: " in err and "/api/levels/{sku}: 8 > 4" in err


def test_the_sample_is_brought_under_the_limit(run: Run, tmp_path: Path) -> None:
    shutil.copytree(PAYMENTS, tmp_path / "payments")
    code, _, err = run(tmp_path / "payments", "--max-amplification", 12, "--write")
    assert code == 0
    assert "144 -> 12" in err
    assert run(tmp_path / "payments", "--max-amplification", 12) == (0, "", "nothing to fix\n")
