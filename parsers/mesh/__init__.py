"""Dialects: what reads resources of one API, or files of one name. One module each, one public ``Dialect`` per module.

A dialect reads documents by (API group, kind), files by name, or both. Several may claim the same kind (Istio reads the
ConfigMap that Kubernetes reads too): they share the document, and a key that any of them read is read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from parsers.source import SourceFile, Tree
from parsers.yamltree import Node


def _no_document(_doc: Node) -> Iterator[object]:
    return iter(())


def _no_file(_file: SourceFile, _tree: Tree) -> Iterator[object]:
    return iter(())


def _no_name(_path: str) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Dialect:
    """Reads kinds, files or both; what it yields are facts and diagnostics.

    ``kinds`` are (API group, kind), whatever the version; the core group is ``""``. ``parse`` gets a document's root.
    What it met and what nobody read is reported by ``parsers.reading`` afterwards (``Node.problems``): a dialect need
    not. ``groups`` are API groups that belong to this dialect alone: a kind of theirs that nobody claims is diagnosed.
    ``claims`` says by its path whether a file is read whole by ``parse_file``; such a file may hold documents, too.
    """

    name: str
    kinds: frozenset[tuple[str, str]] = frozenset()
    parse: Callable[[Node], Iterator[object]] = _no_document
    groups: frozenset[str] = frozenset()
    claims: Callable[[str], bool] = _no_name
    parse_file: Callable[[SourceFile, Tree], Iterator[object]] = _no_file
