"""Short ways to read a few files in memory."""

from __future__ import annotations

from textwrap import dedent
from typing import TypeVar

from parsers.reading import Reading, Scope, read
from parsers.source import MemoryTree, SourceFile
from parsers.yamltree import Node, documents

F = TypeVar("F")


def reading(**files: str) -> Reading:
    """Read files; ``__`` in a name is a slash, ``_dot_`` a dot."""
    return read_files({name.replace("__", "/").replace("_dot_", "."): dedent(text) for name, text in files.items()})


def read_files(files: dict[str, str]) -> Reading:
    return read(MemoryTree(files), Scope(python=False))


def read_yaml(text: str) -> Reading:
    return read_files({"a.yaml": dedent(text)})


def only(found: Reading, kind: type[F]) -> F:
    facts = every(found, kind)
    assert len(facts) == 1, found
    return facts[0]


def every(found: Reading, kind: type[F]) -> list[F]:
    return [f for f in found.facts if isinstance(f, kind)]


def codes(found: Reading) -> list[str]:
    return [d.code.id for d in found.diagnostics]


def told(found: Reading) -> list[str]:
    return [f"{d.span}: {d.code.id} {d.message}" for d in found.diagnostics]


def node(text: str) -> Node:
    found = list(documents(SourceFile("a.yaml", dedent(text))))
    assert len(found) == 1, found
    assert isinstance(found[0], Node), found
    return found[0]


def problems(root: Node) -> list[str]:
    return [f"{d.span}: {d.code.id} {d.message}" for d in root.problems()]
