"""A tree on disk: what is found, what is not followed, what is not read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from parsers import disk
from parsers.diagnostics import Diagnostic
from parsers.disk import DiskTree
from parsers.source import SourceFile


def write(root: Path, **files: str) -> None:
    for name, text in files.items():
        path = root / name.replace("__", "/").replace("_dot_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def told(tree: DiskTree) -> list[str]:
    return [f"{d.span.path} {d.code.id}" for d in tree.problems()]


def test_names_are_posix_relative_and_sorted(tmp_path: Path) -> None:
    write(tmp_path, b_dot_py="", a__c_dot_py="", a__b_dot_yaml="")
    assert DiskTree(tmp_path).paths() == ("a/b.yaml", "a/c.py", "b.py")


@pytest.mark.parametrize("folder", [".git", "node_modules", ".venv", "x/site-packages", "a/__pycache__"])
def test_what_tools_keep_is_not_walked(tmp_path: Path, folder: str) -> None:
    (tmp_path / folder).mkdir(parents=True)
    (tmp_path / folder / "a.py").touch()
    assert DiskTree(tmp_path).paths() == ()


def test_a_virtual_environment_of_any_name_is_not_walked(tmp_path: Path) -> None:
    write(tmp_path, env3__pyvenv_dot_cfg="", env3__lib__a_dot_py="", b_dot_py="")
    assert DiskTree(tmp_path).paths() == ("b.py",)


def test_what_is_excluded_is_not_walked(tmp_path: Path) -> None:
    write(tmp_path, a__b__c_dot_py="", a__d_dot_py="", e_dot_gen_dot_py="")
    assert DiskTree(tmp_path, ["a/b", "*.gen.py"]).paths() == ("a/d.py",)


def test_a_link_out_of_the_tree_is_not_followed_and_said(tmp_path: Path) -> None:
    write(tmp_path, outside__secret_dot_py="x", root__a_dot_py="y")
    (tmp_path / "root/out.py").symlink_to(tmp_path / "outside/secret.py")
    (tmp_path / "root/folder").symlink_to(tmp_path / "outside")
    (tmp_path / "root/up").symlink_to("../..")
    tree = DiskTree(tmp_path / "root")
    assert tree.paths() == ("a.py",)
    assert told(tree) == ["folder P005", "out.py P005", "up P005"]
    assert tree.read("out.py") is None
    assert tree.read("../outside/secret.py") is None


def test_a_link_inside_is_read_once_under_its_own_name(tmp_path: Path) -> None:
    write(tmp_path, a__x_dot_py="", b__y_dot_py="")
    (tmp_path / "b/a").symlink_to("../a")
    (tmp_path / "c.py").symlink_to("a/x.py")
    assert DiskTree(tmp_path).paths() == ("a/x.py", "b/y.py")


def test_links_in_a_ring_end(tmp_path: Path) -> None:
    write(tmp_path, a__x_dot_py="")
    (tmp_path / "a/self").symlink_to(".")
    (tmp_path / "l1").symlink_to("l2")
    (tmp_path / "l2").symlink_to("l1")
    assert DiskTree(tmp_path).paths() == ("a/x.py",)


def test_a_link_into_what_is_set_aside_is_not_followed(tmp_path: Path) -> None:
    write(tmp_path, node_modules__x_dot_py="", a__y_dot_py="")
    (tmp_path / "x").symlink_to("node_modules")
    (tmp_path / "y").symlink_to("a")
    assert DiskTree(tmp_path, ["a"]).paths() == ()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_is_never_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.yaml")
    tree = DiskTree(tmp_path)
    assert tree.paths() == ()
    assert told(tree) == ["a.yaml P001"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_file_that_became_a_pipe_or_a_link_since_the_walk_is_not_read(tmp_path: Path) -> None:
    write(tmp_path, root__a_dot_yaml="a: 1", root__b_dot_yaml="b: 1", secret="x")
    tree = DiskTree(tmp_path / "root")
    tree.paths()
    (tmp_path / "root/a.yaml").unlink()
    os.mkfifo(tmp_path / "root/a.yaml")
    (tmp_path / "root/b.yaml").unlink()
    (tmp_path / "root/b.yaml").symlink_to(tmp_path / "secret")
    for path in ("a.yaml", "b.yaml"):
        found = tree.read(path)
        assert isinstance(found, Diagnostic)
        assert found.code.id == "P001"
        assert tree.raw(path) == b""


def test_a_file_that_vanished_since_the_walk_is_no_file(tmp_path: Path) -> None:
    write(tmp_path, a_dot_yaml="a: 1")
    tree = DiskTree(tmp_path)
    tree.paths()
    (tmp_path / "a.yaml").unlink()
    assert tree.read("a.yaml") is None


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "a.yaml").open("wb") as file:
        file.truncate(disk.LARGEST + 1)
    with (tmp_path / "a.py").open("wb") as file:
        file.truncate(disk.LIMITS[".py"] + 1)
    tree = DiskTree(tmp_path)
    for path in ("a.yaml", "a.py"):
        found = tree.read(path)
        assert isinstance(found, Diagnostic)
        assert found.code.id == "P004"


def test_what_is_not_utf8_is_said_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes(b"a = 1\nb = '\xff'\n")
    found = DiskTree(tmp_path).read("a.py")
    assert isinstance(found, Diagnostic)
    assert (found.code.id, found.span.line) == ("P001", 2)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_byte_order_marks_are_dropped(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "a.yaml").write_text("kind: é", encoding=encoding)
    assert DiskTree(tmp_path).read("a.yaml") == SourceFile("a.yaml", "kind: é")


def test_a_name_that_is_no_text_can_still_be_shown(tmp_path: Path) -> None:
    try:
        with open(os.fsencode(tmp_path) + b"/\xff.py", "wb") as file:  # noqa: PTH123 -- Path cannot name it
            file.write(b"a = 1")
    except OSError:
        pytest.skip("this file system refuses such names")
    tree = DiskTree(tmp_path)
    assert tree.paths() == ("\\xff.py",)
    assert tree.read("\\xff.py") == SourceFile("\\xff.py", "a = 1")


def test_a_folder_that_does_not_exist_is_empty(tmp_path: Path) -> None:
    assert DiskTree(tmp_path / "none").paths() == ()
