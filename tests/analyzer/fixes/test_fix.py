"""What is proposed as a whole: under the limit, few edits, nothing else touched, nothing left the second time."""

from __future__ import annotations

import ast
import shutil
import subprocess
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from analyzer.options import Options
from tests.analyzer.fixes.systems import OFF, after, asked, chain, fixed, retries, sample, worst

LIMITED = Options(max_amplification=12)
#: A release whose default retries repeat a 503.
OLDER = Options(entries=("web",), max_amplification=1, istio_version=(1, 20))


def _comments(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.lstrip().startswith("#")]


# ----------------------------------------------------------------------------------------------------------- the sample


@pytest.fixture(scope="module")
def before() -> dict[str, str]:
    return sample()


@pytest.fixture(scope="module")
def proposal(before: dict[str, str]):
    return fixed(before, LIMITED)


def test_the_sample_comes_under_the_limit(before, proposal) -> None:
    assert max(worst(before, LIMITED).values()) == 144
    assert max(worst(after(before, proposal), LIMITED).values()) == 12
    assert proposal.beyond == ()


def test_the_numbers_told_are_those_of_the_edited_tree(before, proposal) -> None:
    now = worst(after(before, proposal), LIMITED)
    assert {o.target.service: int(str(o.after)) for o in proposal.outcomes}.items() <= now.items()


def test_two_edits_are_enough_and_the_retry_nearest_to_the_failure_stays(proposal) -> None:
    limited = [c.reason for c in proposal.changes if c.rule == "RA001"]
    assert len(limited) == 2
    assert not any("ledger.py" in reason for reason in limited)


def test_no_comment_of_the_sample_is_touched(before, proposal) -> None:
    assert {p: _comments(t) for p, t in proposal.files} == {p: _comments(before[p]) for p, _ in proposal.files}


def test_every_file_of_the_sample_still_reads(proposal) -> None:
    for path, text in proposal.files:
        if path.endswith(".py"):
            ast.parse(text)
        else:
            assert list(YAML(typ="safe").load_all(text))


def test_a_second_run_proposes_nothing(before, proposal) -> None:
    again = fixed(after(before, proposal), LIMITED)
    assert (again.changes, again.files, again.patch) == ((), (), "")


def test_the_patch_makes_exactly_the_files_that_were_analysed(before, proposal, tmp_path: Path) -> None:
    if shutil.which("git") is None:
        pytest.skip("needs git")
    for path, text in before.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(text.encode())
    subprocess.run(["git", "apply", "-p1"], cwd=tmp_path, input=proposal.patch.encode(), check=True)
    assert {p: (tmp_path / p).read_bytes().decode() for p in before} == after(before, proposal)


# ---------------------------------------------------------------------------------------------------------- the limit


@pytest.mark.parametrize("most", [17, 12, 6, 3, 2, 1])
def test_a_chain_of_three_comes_under_any_limit(most: int) -> None:
    there = chain({"web": (3, OFF), "middle": (2, retries()), "store": (1, retries())})
    found = fixed(there, asked("web", most))
    assert max(worst(after(there, found), asked("web", most)).values()) <= most
    assert not found.beyond


def test_the_outermost_retry_goes_first() -> None:
    there = chain({"web": (3, OFF), "middle": (3, OFF), "store": (1, OFF)})
    found = fixed(there, asked("web", 3))
    assert [p for p, _ in found.files] == ["web/app.py"]


def test_a_retry_that_alone_is_too_much_keeps_as_many_attempts_as_fit() -> None:
    there = chain({"web": (9, OFF), "store": (1, OFF)})
    found = fixed(there, asked("web", 4))
    assert "stop_after_attempt(4)" in dict(found.files)["web/app.py"]


def test_a_default_that_nobody_wrote_is_switched_off_in_a_new_route() -> None:
    there = chain({"web": (1, OFF), "store": (1, "")})
    found = fixed(there, OLDER)
    assert "kind: VirtualService" in dict(found.files)["deploy/store.yaml"]
    assert (worst(there, OLDER), worst(after(there, found), OLDER)) == ({"prod/store": 3}, {"prod/store": 1})


def test_a_route_without_retries_gets_none() -> None:
    there = chain({"web": (1, OFF), "store": (1, "timeout: 3s")})
    found = fixed(there, OLDER)
    assert "      timeout: 3s\n      retries:\n        attempts: 0\n" in dict(found.files)["deploy/store-route.yaml"]


def test_what_no_edit_reaches_is_said_with_its_number() -> None:
    loop = "def ask():\n    for _ in range(4):\n        try:\n            return requests.get('http://store.prod:8080/go')\n"
    loop += "        except requests.RequestException:\n            continue\n"
    there = chain({"web": (1, OFF), "store": (1, OFF)})
    text = there["web/app.py"]
    start, end = text.index("def ask"), text.index("@app.get")
    there["web/app.py"] = f"{text[:start]}{loop}    raise RuntimeError\n\n\n{text[end:]}"
    found = fixed(there, asked("web", 2))
    assert [(o.target.service, int(str(o.after))) for o in found.beyond] == [("prod/store", 4)]
    assert found.files == ()


def test_under_the_limit_nothing_is_changed() -> None:
    there = chain({"web": (3, OFF), "store": (1, OFF)})
    assert fixed(there, asked("web", 3)).files == ()


def test_one_layer_a_call_is_made_where_it_is_asked_for() -> None:
    there = chain({"web": (3, OFF), "store": (1, retries())})
    found = fixed(there, asked("web"), "RA002")
    assert [p for p, _ in found.files] == ["web/app.py"]
    assert worst(after(there, found), asked("web")) == {"prod/store": 3}


def test_an_import_that_only_the_retry_used_goes_with_it() -> None:
    there = chain({"web": (3, OFF), "store": (1, OFF)})
    found = dict(fixed(there, asked("web", 1)).files)["web/app.py"]
    assert "tenacity" not in found
    assert "# asks the next one" in found


def test_what_is_accepted_is_not_fixed() -> None:
    there = chain({"web": (1, OFF), "store": (1, OFF)})
    path = "deploy/rule.yaml"
    rule = (
        "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: store, namespace: prod}\n"
        "spec:\n  host: store\n  trafficPolicy:\n    outlierDetection:\n"
    )
    assert fixed({**there, path: f"{rule}      consecutiveErrors: 3\n"}, asked("web")).files
    accepted = f"{rule}      # meshgain: ignore TM014 -- the old control plane reads it\n      consecutiveErrors: 3\n"
    found = fixed({**there, path: accepted}, asked("web"))
    assert path not in dict(found.files)
