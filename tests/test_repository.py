"""The repository itself: what the README promises, what is generated, what a wheel must hold."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

import pytest

from analyzer.manual import pages

ROOT = Path(__file__).parents[1]
SAMPLE = ROOT / "sample_repos" / "payments"


def test_the_readme_begins_with_exactly_two_commands() -> None:
    block = (ROOT / "README.md").read_text().split("```")[1]
    assert block.strip().splitlines() == ["make demo", "make test"]


def test_every_file_that_the_readme_links_is_there() -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", (ROOT / "README.md").read_text()):
        assert (ROOT / target).exists(), target


def test_every_file_that_a_page_of_the_docs_links_is_there() -> None:
    for page in sorted((ROOT / "docs").rglob("*.md")):
        for target in re.findall(r"\]\((?!https?:)([^)#\s]+)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_the_pages_of_the_rules_are_those_of_the_code() -> None:
    generated = {p.stem for p in (ROOT / "docs" / "rules").glob("*.md")} - {"README"}
    assert generated == set(pages())


@pytest.mark.parametrize("number", range(6))
def test_every_snippet_of_the_standards_appears_in_the_sample(number: int) -> None:
    text = (ROOT / "docs" / "service-mesh-standards.md").read_text()
    snippet = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)[number]
    assert any(snippet in p.read_text() for p in SAMPLE.rglob("*.yaml"))


def test_the_samples_hold_no_tests_and_every_python_service_its_requirements() -> None:
    assert not [p for p in (ROOT / "sample_repos").rglob("*") if p.name.startswith("test_")]
    services = [p for p in (SAMPLE / "services").iterdir() if list(p.rglob("*.py"))]
    assert len(services) >= 4
    assert all((s / "requirements.txt").exists() and (s / "Dockerfile").exists() for s in services)


@pytest.mark.parametrize("path", sorted((ROOT / "sample_repos").rglob("*.py")), ids=lambda p: p.name)
def test_the_samples_are_valid_python(path: Path) -> None:
    ast.parse(path.read_text())


def test_pinned_versions_name_no_place() -> None:
    for line in (ROOT / "constraints.txt").read_text().splitlines():
        assert re.fullmatch(r"#.*|[A-Za-z0-9._-]+==[0-9A-Za-z.+!-]+", line), line


def test_every_direct_dependency_is_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"], *(d for extra in project["optional-dependencies"].values() for d in extra)]
    pinned = {line.partition("==")[0].lower() for line in (ROOT / "constraints.txt").read_text().splitlines()}
    for dependency in wanted:
        assert re.split(r"[\[<>=~! ]", dependency)[0].lower() in pinned, dependency


def test_ci_runs_the_readmes_test_command_last() -> None:
    assert (ROOT / ".ci" / "run").read_text().rstrip().splitlines()[-1] == "make test"


def test_a_foreign_package_named_parsers_never_runs(tmp_path: Path) -> None:
    import subprocess
    import sys

    (tmp_path / "parsers").mkdir()
    (tmp_path / "parsers" / "__init__.py").write_text("print('USER CODE RAN')\n")
    code = f"import sys; sys.path[:0] = [{str(tmp_path)!r}, {str(ROOT)!r}]; import analyzer"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert "USER CODE RAN" not in done.stdout
    assert "another package named 'parsers' hides this tool's own" in done.stderr
