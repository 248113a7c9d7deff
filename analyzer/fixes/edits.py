"""Edits as values: what is changed in which file, why, and the text that comes out.

Shape: an ``Edit`` changes one stretch of lines of one file; edits of one file that do not touch one another are applied
from the last line up, so that each still finds its place where the analysis saw it.
Errors: none; an edit that does not find its place leaves the text as it is.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from parsers.diagnostics import Diagnostic
from parsers.source import SourceFile, Tree


@dataclass(frozen=True, slots=True)
class Edit:
    """One change. ``first`` and ``last`` are the lines it touches; one past the end of the file appends."""

    path: str
    first: int
    last: int
    rule: str
    reason: str
    apply: Callable[[str], str]

    def touches(self, other: Edit) -> bool:
        """Whether the two cannot be applied to the same text."""
        return self.path == other.path and self.first <= other.last and other.first <= self.last


@dataclass(frozen=True, slots=True)
class Change:
    """One decision: all of its edits are made, or none."""

    rule: str
    reason: str
    edits: tuple[Edit, ...]

    def to_dict(self) -> dict[str, object]:
        places = [{"path": e.path, "line": e.first} for e in self.edits]
        return {"rule": self.rule, "reason": self.reason, "edits": places}


class EditedTree:
    """A tree some of whose files hold another text."""

    def __init__(self, tree: Tree, edited: Mapping[str, str]) -> None:
        self.untouched = tree
        self.edited = dict(sorted(edited.items()))

    def paths(self) -> tuple[str, ...]:
        return tuple(self.untouched.paths())

    def read(self, path: str) -> SourceFile | Diagnostic | None:
        text = self.edited.get(path)
        return self.untouched.read(path) if text is None else SourceFile(path, text)

    def raw(self, path: str) -> bytes:
        text = self.edited.get(path)
        return self.untouched.raw(path) if text is None else text.encode("utf-8", "surrogatepass")

    def problems(self) -> tuple[Diagnostic, ...]:
        return tuple(self.untouched.problems())

    def text(self, path: str) -> str | None:
        """The text of a file that can be read."""
        found = self.read(path)
        return found.text if isinstance(found, SourceFile) else None

    def original(self, path: str) -> str | None:
        """What the file holds without any edit."""
        found = self.untouched.read(path)
        return found.text if isinstance(found, SourceFile) else None

    def having(self, edits: Iterable[Edit]) -> EditedTree:
        """The tree after these edits, which do not touch one another."""
        found = dict(self.edited)
        for edit in sorted(edits, key=lambda e: (e.path, -e.first)):
            text = found.get(edit.path, self.text(edit.path))
            if text is not None:
                found[edit.path] = edit.apply(text)
        return EditedTree(self.untouched, {p: t for p, t in found.items() if t != self.original(p)})


def compatible(changes: Iterable[Change]) -> Iterator[Change]:
    """Changes that can be made in one go: the first of any two that touch one another."""
    taken: list[Edit] = []
    for change in changes:
        if not any(edit.touches(other) for edit in change.edits for other in taken):
            taken += change.edits
            yield change


def diff(tree: EditedTree) -> str:
    """What changed, as a unified diff that ``patch -p1`` and ``git apply`` take."""
    return "".join(line for path, text in tree.edited.items() for line in _file(path, tree.original(path) or "", text))


def _file(path: str, before: str, after: str) -> Iterator[str]:
    lines = difflib.unified_diff(_lines(before), _lines(after), f"a/{path}", f"b/{path}")
    for line in lines:
        yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"


def _lines(text: str) -> list[str]:
    """Lines as ``patch`` counts them: only a line feed ends one."""
    parts = text.split("\n")
    return [*(f"{p}\n" for p in parts[:-1]), *parts[-1:]] if parts[-1] else [f"{p}\n" for p in parts[:-1]]
