"""The action, the GitLab template and the pre-commit hook: each runs its real command."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).parents[1]
MINIMAL = ROOT / "sample_repos" / "minimal"


def load(name: str) -> object:
    return YAML(typ="safe").load((ROOT / name).read_text())


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Two commits of the small sample: the second adds a layer. ``meshgain`` is on the path."""
    folder = tmp_path / "repo"
    shutil.copytree(MINIMAL, folder)
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    command = bin_folder / "meshgain"
    command.write_text(
        f"#!/bin/sh\nexec {shlex.quote(sys.executable)} -c 'from analyzer.cli import main; main()' \"$@\"\n"
    )
    command.chmod(0o755)
    git(folder, "init", "-q")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "base")
    app = folder / "frontend" / "app.py"
    app.write_text(app.read_text().replace("stop_after_attempt(3)", "stop_after_attempt(5)"))
    git(folder, "commit", "-qam", "head")
    return folder


def git(folder: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    subprocess.run(["git", *identity, "-C", str(folder), *arguments], check=True, capture_output=True)


def shell(script: str, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    path = f"{folder.parent / 'bin'}{os.pathsep}{os.environ['PATH']}"
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("GITHUB_", "CI_"))}
    environment = {**inherited, "PATH": path, "PYTHONPATH": str(ROOT), **variables}
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_action_comments_and_writes_sarif(repository: Path) -> None:
    action = load("action.yml")
    assert isinstance(action, dict)
    steps = {s.get("name"): s for s in action["runs"]["steps"]}
    variables = {
        "FOLDER": ".",
        "BASE": "HEAD~1",
        "PICTURE": "artifact",
        "FAIL_ON": "never",
        "ARGS": "",
        "SARIF": "x.sarif",
    }
    assert set(steps["Comment"]["env"]) | set(steps["SARIF"]["env"]) <= {*variables, "GITHUB_TOKEN"}
    assert shell(steps["SARIF"]["run"], repository, **variables).returncode == 0
    assert (repository / "x.sarif").exists()
    done = shell(f"{steps['Comment']['run']} --dry-run", repository, **variables)
    assert done.returncode == 0, done.stderr
    assert "worst amplification 12 → 20 at backend GET /greeting" in done.stdout
    assert (repository / "meshgain.png").read_bytes().startswith(b"\x89PNG")


def test_the_actions_inputs_never_stand_in_a_script() -> None:
    assert not re.search(r"run:[^\n]*\$\{\{", (ROOT / "action.yml").read_text())


def test_the_gitlab_template_runs(repository: Path) -> None:
    job = load("templates/meshgain.gitlab-ci.yml")
    assert isinstance(job, dict)
    base = subprocess.run(
        ["git", "-C", str(repository), "rev-parse", "HEAD~1"], check=True, capture_output=True, text=True
    ).stdout.strip()
    variables = {**job["meshgain"]["variables"], "CI_MERGE_REQUEST_DIFF_BASE_SHA": base}
    for line in job["meshgain"]["script"]:
        command = f"{line} --dry-run --fail-on never" if " comment " in line else line
        done = shell(command, repository, **variables)
        assert done.returncode == 0, done.stderr
    assert (repository / "gl-code-quality-report.json").read_text().startswith("[")
    assert (repository / "meshgain.html").exists()


def test_the_hook_fails_on_findings_of_the_whole_repository(repository: Path) -> None:
    (hook,) = load(".pre-commit-hooks.yaml")  # type: ignore[misc]
    assert hook["pass_filenames"] is False
    done = shell(f"{hook['entry']} {shlex.join(hook['args'])}", repository)
    assert done.returncode == 1
    assert "RA002" in done.stdout


def test_a_comment_without_a_forge_says_what_to_do(repository: Path) -> None:
    done = shell("meshgain comment --base HEAD~1", repository)
    assert done.returncode == 1
    assert "--dry-run prints the comment" in done.stderr


def test_the_diff_of_two_revisions_names_what_a_change_multiplies_and_opens(repository: Path) -> None:
    done = shell("meshgain diff HEAD~1 HEAD", repository)
    assert "12 → 20  frontend GET / → backend GET /greeting" in done.stdout
    assert "frontend/app.py:13" in done.stdout
    assert "nothing changes" in shell("meshgain diff HEAD HEAD", repository).stdout
