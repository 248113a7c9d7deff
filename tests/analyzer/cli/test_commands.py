"""The command line from outside: what goes to standard output, what to standard error, and how it ends."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest
from ruamel.yaml import YAML

from analyzer.cli import main
from tests.analyzer.test_report import problems

SAMPLES = Path(__file__).parents[3] / "sample_repos"
PAYMENTS, MINIMAL = SAMPLES / "payments", SAMPLES / "minimal"

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the command in this process: (exit code, standard output, standard error)."""

    def call(*arguments: object, env: dict[str, str] | None = None) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["meshgain", *map(str, arguments)])
        for key, value in (env or {}).items():
            monkeypatch.setenv(key, value)
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capfdbinary.readouterr()
        code = ended.value.code
        return (code if isinstance(code, int) else 1), out.decode(), err.decode()

    return call


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """A folder with nothing that is understood."""
    (tmp_path / "notes.md").write_text("hello\n")
    return tmp_path


# ------------------------------------------------------------------------------------------------------------- report


def test_a_report_goes_to_standard_output_alone(run: Run) -> None:
    code, out, err = run("report", MINIMAL, "--fail-on", "never")
    assert (code, err) == (0, "")
    assert "1 request at frontend GET / can become up to 12 at backend GET /greeting" in out


def test_findings_at_the_threshold_end_with_one(run: Run) -> None:
    assert run("report", MINIMAL)[0] == 1
    assert run("report", MINIMAL, "--fail-on", "never")[0] == 0


def test_json_is_on_standard_output_whatever_the_exit_code_and_validates(run: Run) -> None:
    code, out, _ = run("report", PAYMENTS, "--format", "json")
    assert code == 1
    assert problems(json.loads(out)) == []


def test_sarif_fails_only_where_that_is_asked(run: Run) -> None:
    assert run("report", MINIMAL, "--format", "sarif")[0] == 0
    assert run("report", MINIMAL, "--format", "sarif", "--fail-on", "error")[0] == 1


def test_a_report_can_go_to_a_file(run: Run, tmp_path: Path) -> None:
    code, out, _ = run("report", MINIMAL, "--format", "junit", "-o", tmp_path / "x.xml", "--fail-on", "never")
    assert (code, out) == (0, "")
    ElementTree.parse(tmp_path / "x.xml")


def test_a_folder_that_cannot_be_written_is_one_line(run: Run, tmp_path: Path) -> None:
    code, _, err = run("report", MINIMAL, "-o", tmp_path / "no" / "x.txt")
    assert code == 1
    assert "Could not open file" in err


def test_nothing_understood_ends_with_three(run: Run, broken: Path) -> None:
    code, out, _ = run("report", broken)
    assert code == 3
    assert "no call between services found" in out


def test_two_runs_are_byte_identical_whatever_the_hash_seed() -> None:
    found = {
        subprocess.run(
            [
                sys.executable,
                "-c",
                "from analyzer.cli import main; main()",
                "report",
                str(PAYMENTS),
                "--format",
                "json",
            ],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=False,
        ).stdout
        for seed in ("0", "1", "2", "3")
    }
    assert len(found) == 1
    assert json.loads(found.pop())["summary"]["worst"] == 144


def test_a_baseline_leaves_only_what_is_new(run: Run, tmp_path: Path) -> None:
    known = tmp_path / "known.json"
    assert run("report", MINIMAL, "--write-baseline", known)[0] == 0
    code, out, _ = run("report", MINIMAL, "--baseline", known)
    assert code == 0
    assert "no findings" in out


def test_a_baseline_that_is_none_ends_with_two(run: Run, tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text("{}")
    code, out, err = run("report", MINIMAL, "--baseline", tmp_path / "x.json")
    assert (code, out) == (2, "")
    assert "baseline" in err


def test_what_if_changes_the_number(run: Run) -> None:
    out = run("report", MINIMAL, "--assume", "frontend->backend: attempts=1")[1]
    assert "up to 12" not in out


def test_an_istio_version_changes_the_defaults(run: Run) -> None:
    rows = {}
    for version in ("1.23", "1.24"):
        document = json.loads(run("report", PAYMENTS, "--istio-version", version, "--format", "json")[1])
        rows[version] = document["summary"]["worst"]
    assert rows["1.23"] > rows["1.24"]


def test_the_most_that_a_request_may_become_can_be_said(run: Run) -> None:
    assert "RA001" in run("report", MINIMAL)[1]
    assert "RA001" not in run("report", MINIMAL, "--max-amplification", "12")[1]


def test_files_can_be_left_out(run: Run) -> None:
    assert "no call between services found" in run("report", MINIMAL, "--exclude", "*.py", "--exclude", "mesh.yaml")[1]


# -------------------------------------------------------------------------------------------------------------- usage


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["report", "nowhere"], "does not exist"),
        (["report", str(MINIMAL), "--format", "xml"], "'xml' is not one of"),
        (["report", str(MINIMAL), "--istio-version", "new"], "an Istio version is MAJOR.MINOR"),
        (["report", str(MINIMAL), "--assume", "a->b"], "an assumption reads"),
        (["graph", str(MINIMAL), "-o", "x.gif"], "the suffix must be one of .png, .svg"),
        (["explain", str(MINIMAL)], "name CALLER and CALLEE"),
        (["explain", str(MINIMAL), "frontend", "nothing"], "no service is called 'nothing'"),
        (["explain", str(MINIMAL), "backend", "frontend"], "backend does not call frontend"),
        (["explain", str(MINIMAL), "--failing", "backend", "--cause", "sad"], "a cause is connect-failure"),
        (["access", str(MINIMAL), "--from", "nobody", "--to", "backend"], "no service is called 'nobody'"),
        (["rules", "XX999"], "no rule is called 'XX999'"),
        (["diff", "nowhere", "HEAD", "--repo", str(SAMPLES)], "neither a folder nor a revision"),
        (["nothing"], "No such command"),
    ],
)
def test_wrong_usage_ends_with_two_and_says_what_is_wrong(run: Run, arguments: list[str], told: str) -> None:
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert told in err
    assert "Traceback" not in err


def test_a_wrong_configuration_ends_with_two(run: Run, tmp_path: Path) -> None:
    (tmp_path / "meshgain.toml").write_text("fail-onn = 3\n")
    code, _, err = run("report", tmp_path)
    assert code == 2
    assert "meshgain.toml: unknown key 'fail-onn'; did you mean 'fail-on'?" in err


def test_a_bug_of_ours_ends_with_four_and_one_line_to_report(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("boom")

    monkeypatch.setattr("analyzer.pipeline.study", fail)
    code, out, err = run("report", MINIMAL)
    assert (code, out) == (4, "")
    assert "internal error: RuntimeError" in err
    assert "Please report" in err
    assert "Traceback" not in err


def test_help_is_quick_for_it_loads_nothing_heavy() -> None:
    code = (
        "import sys; from analyzer.cli import main; sys.argv = ['meshgain', '--help']\n"
        "try: main()\nexcept SystemExit: pass\n"
        "heavy = {'matplotlib', 'networkx', 'libcst', 'ruamel', 'httpx'}\n"
        "print(sorted({m.split('.')[0] for m in sys.modules} & heavy))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.rstrip().endswith("[]")


# ----------------------------------------------------------------------------------------------------- other commands


def test_explain_takes_a_call_apart(run: Run) -> None:
    code, out, _ = run("explain", MINIMAL, "frontend", "backend")
    assert code == 0
    assert "503" in out
    assert "frontend/app.py:13" in out
    assert "mesh.yaml" in out


def test_explain_failing_is_the_promised_document(run: Run) -> None:
    code, out, _ = run("explain", MINIMAL, "--failing", "backend", "--cause", "503", "--format", "json")
    document = json.loads(out)
    assert code == 0
    assert set(document) == {"entry", "failing", "cause", "load"}
    load = {row["service"]: row["requests"] for row in document["load"]}
    assert load["hello/backend"] == 12
    assert all(set(row) == {"service", "operation", "requests", "precision"} for row in document["load"])


def test_access_answers_one_question_with_exactly_these_words(run: Run) -> None:
    question = ("--from", "order-service", "--to", "payment-service", "--method", "POST", "--path", "/v1/payments")
    document = json.loads(run("access", PAYMENTS, *question, "--format", "json")[1])
    assert document["verdict"] == "ALLOWED"
    assert document["needs"] == []
    assert document["because"][0]["span"]["path"] == "deploy/istio/payment-service-access.yaml"


def test_access_answers_a_file_of_questions_in_order(run: Run, tmp_path: Path) -> None:
    order = "cluster.local/ns/order-prod/sa/order-service"
    common = {"to": "payment-prod/payment-service", "port": 8080, "method": "POST", "path": "/v1/payments"}
    lines = [{"from": order, **common}, {"from": "none", **common}, {"from": "evil.td/ns/foo/sa/a", **common}]
    file = tmp_path / "questions.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    code, out, _ = run("access", PAYMENTS, "--requests", file)
    assert code == 0
    assert [json.loads(line)["verdict"] for line in out.splitlines()] == ["ALLOWED", "DENIED", "DENIED"]


def test_a_broken_question_is_named_by_its_line(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "questions.jsonl"
    file.write_text('{"to": "payment-prod/ledger"}\nnonsense\n')
    code, _, err = run("access", PAYMENTS, "--requests", file)
    assert code == 2
    assert "line 2" in err


@pytest.mark.parametrize("name", ["x.png", "x.svg", "x.html", "x.mmd", "x.dot", "x.json"])
def test_graph_writes_what_the_suffix_says(run: Run, tmp_path: Path, name: str) -> None:
    code, out, _ = run("graph", PAYMENTS, "-o", tmp_path / name)
    assert (code, out) == (0, "")
    starts = {".png": b"\x89PNG", ".svg": b"<?xml", ".html": b"<!doctype html>", ".mmd": b"flowchart LR"}
    begin = starts.get(Path(name).suffix, b"")
    assert (tmp_path / name).read_bytes().startswith(begin)


def test_facts_are_one_json_object_a_line(run: Run) -> None:
    code, out, _ = run("facts", MINIMAL, "--kind", "retry")
    (row,) = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert (row["idiom"], row["attempts"], row["path"], row["line"]) == ("tenacity.retry", 3, "frontend/app.py", 13)


def test_every_rule_has_a_page(run: Run) -> None:
    _, index, _ = run("rules")
    for line in index.splitlines():
        code, page, _ = run("rules", line.split()[0])
        assert code == 0
        assert "Fix:" in page, line


def test_suggested_policies_are_manifests_and_say_what_is_not_known(run: Run) -> None:
    code, out, _ = run("suggest", "authz", PAYMENTS)
    assert code == 0
    assert out.startswith("# not known: ")
    documents = [d for d in YAML(typ="safe").load_all(out) if d]
    assert {d["kind"] for d in documents} == {"AuthorizationPolicy"}


def test_a_diff_of_folders_tells_what_policies_let_in(run: Run, tmp_path: Path) -> None:
    after = tmp_path / "after"
    shutil.copytree(PAYMENTS, after)
    policy = after / "deploy" / "istio" / "payment-service-access.yaml"
    admin = '- "cluster.local/ns/admin-prod/sa/admin-service"'
    desk = '- "cluster.local/ns/support-prod/sa/support-desk"'
    policy.write_text(policy.read_text().replace(admin, f"{admin}\n              {desk}"))
    code, out, _ = run("diff", PAYMENTS, after)
    assert code == 0
    assert out.startswith("policies let more in at 1 service")
    assert "lets in    payment-service" in out
    document = json.loads(run("diff", PAYMENTS, after, "--format", "json")[1])
    assert [p["kind"] for p in document["policies"]] == ["opened"]
    assert run("diff", PAYMENTS, after, "--fail-on", "note")[0] == 1
