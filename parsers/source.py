"""Where things are written: trees of source files, files, and spans.

Units: lines and columns count from 1; ``end_column`` is one past the last character (SARIF's ``region`` convention).
Shape: paths are POSIX and relative to the analysed root, so that output does not depend on the machine.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from parsers.diagnostics import Diagnostic


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A region of one source file."""

    path: str
    line: int
    column: int
    end_line: int
    end_column: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}"

    def to_dict(self) -> dict[str, object]:
        return {
            "path": self.path,
            "line": self.line,
            "column": self.column,
            "end_line": self.end_line,
            "end_column": self.end_column,
        }


@dataclass(frozen=True, slots=True, order=True)
class SourceFile:
    """The text of one file."""

    path: str
    text: str

    def whole(self) -> Span:
        """The span that stands for the file itself."""
        return Span(self.path, 1, 1, 1, 1)


class Tree(Protocol):
    """A repository to read: names first, text only on demand."""

    def paths(self) -> Sequence[str]:
        """Every file that may be read, sorted."""
        ...

    def read(self, path: str) -> SourceFile | Diagnostic | None:
        """The file's text, why it cannot be read, or ``None`` where there is no such file."""
        ...

    def raw(self, path: str) -> bytes:
        """The file's bytes for screening; empty where it cannot be read."""
        ...

    def problems(self) -> Sequence[Diagnostic]:
        """What was met while names were collected and is not among them: links out of the tree, devices."""
        ...


class MemoryTree:
    """A tree held in memory: for tests, notebooks and the two sides of a diff."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self._files = dict(sorted(files.items()))

    def paths(self) -> Sequence[str]:
        return tuple(self._files)

    def read(self, path: str) -> SourceFile | Diagnostic | None:
        text = self._files.get(path)
        return None if text is None else SourceFile(path, text)

    def raw(self, path: str) -> bytes:
        return self._files.get(path, "").encode()

    def problems(self) -> Sequence[Diagnostic]:
        return ()
