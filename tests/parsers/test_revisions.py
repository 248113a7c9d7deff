"""Trees of git revisions."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from parsers.diagnostics import Diagnostic
from parsers.revisions import RevisionError, RevisionTree
from parsers.source import SourceFile


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(
        ["git", "-c", "user.name=a", "-c", "user.email=a@example.org", "-C", str(folder), *arguments],
        check=True,
        capture_output=True,
    )


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    git(tmp_path, "init", "-q")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.py").write_text("x = 1\n")
    (tmp_path / "b.yaml").write_bytes("ä: 1\n".encode())
    (tmp_path / "bad.yaml").write_bytes(b"\xff\xfe\xff")
    (tmp_path / "link.py").symlink_to("/etc/passwd")
    (tmp_path / "node_modules").mkdir()
    (tmp_path / "node_modules" / "x.py").write_text("no\n")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-qm", "one")
    (tmp_path / "sub" / "a.py").write_text("x = 2\n")
    git(tmp_path, "commit", "-qam", "two")
    return tmp_path


def text(tree: RevisionTree, path: str) -> str:
    found = tree.read(path)
    assert isinstance(found, SourceFile)
    return found.text


def test_each_revision_has_its_own_text(repository: Path) -> None:
    assert text(RevisionTree(repository, "HEAD~1"), "sub/a.py") == "x = 1\n"
    assert text(RevisionTree(repository, "HEAD"), "sub/a.py") == "x = 2\n"


def test_files_that_are_not_committed_are_not_there(repository: Path) -> None:
    (repository / "new.py").write_text("x\n")
    tree = RevisionTree(repository, "HEAD")
    assert "new.py" not in tree.paths()
    assert tree.read("new.py") is None


def test_links_and_dependencies_are_left_out(repository: Path) -> None:
    assert RevisionTree(repository, "HEAD").paths() == ("b.yaml", "bad.yaml", "sub/a.py")


def test_patterns_leave_out_more(repository: Path) -> None:
    assert RevisionTree(repository, "HEAD", ["sub", "bad*"]).paths() == ("b.yaml",)


def test_a_folder_of_the_repository_is_a_tree_of_its_own(repository: Path) -> None:
    assert RevisionTree(repository / "sub", "HEAD").paths() == ("a.py",)


def test_text_that_is_not_utf8_is_a_diagnostic(repository: Path) -> None:
    tree = RevisionTree(repository, "HEAD")
    assert isinstance(tree.read("bad.yaml"), Diagnostic)
    assert text(tree, "b.yaml") == "ä: 1\n"


@pytest.mark.parametrize("revision", ["nothing", "--help", "HEAD~99", ""])
def test_a_revision_that_is_none_is_one_line(repository: Path, revision: str) -> None:
    with pytest.raises(RevisionError) as caught:
        RevisionTree(repository, revision)
    assert "\n" not in str(caught.value)


def test_a_folder_without_a_repository_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(RevisionError, match="not a git repository"):
        RevisionTree(tmp_path, "HEAD")
