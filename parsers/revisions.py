"""A git revision as a tree, read from the object store: nothing is checked out, no filter or hook runs.

Errors: ``RevisionError`` where there is no git, no repository or no such revision.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from parsers.diagnostics import Code, Diagnostic
from parsers.disk import LARGEST, LIMITS, PRUNED
from parsers.source import SourceFile, Span

_REGULAR = ("100644", "100755")
_TIMEOUT_S = 120


class RevisionError(Exception):
    """The revision cannot be read."""


class RevisionTree:
    """The files of one commit under the folder ``root`` of a repository."""

    def __init__(self, root: str | Path, revision: str, exclude: Sequence[str] = ()) -> None:
        self._root = Path(root)
        self._exclude = tuple(pattern.strip("/") for pattern in exclude)
        self.commit = self._git("rev-parse", "--verify", "--end-of-options", f"{revision}^{{commit}}").decode().strip()
        self._objects = dict(self._listed())
        self._kept: dict[str, bytes] = {}

    def paths(self) -> Sequence[str]:
        """Every file, sorted."""
        return tuple(self._objects)

    def problems(self) -> Sequence[Diagnostic]:
        """Names that were met and not followed: none, for the store holds no links out of itself."""
        return ()

    def read(self, path: str) -> SourceFile | Diagnostic | None:
        """The file's text."""
        if path not in self._objects:
            return None
        suffix = Path(path).suffix
        limit = LIMITS.get(suffix, LARGEST)
        if self._objects[path][1] > limit:
            megabytes = f"{limit / 1_000_000:g} MB"
            return Diagnostic.at(Span(path, 1, 1, 1, 1), Code.TOO_LARGE, limit=megabytes)
        try:
            return SourceFile(path, self.raw(path).decode("utf-8-sig"))
        except UnicodeDecodeError:
            return Diagnostic.at(Span(path, 1, 1, 1, 1), Code.UNREADABLE, detail="not UTF-8 text")

    def raw(self, path: str) -> bytes:
        """The file's bytes."""
        if path not in self._objects or self._objects[path][1] > LARGEST:
            return b""
        if not self._kept:
            self._kept = self._fetched()
        return self._kept.get(path, b"")

    def _listed(self) -> Sequence[tuple[str, tuple[str, int]]]:
        """Path -> (object, size) of regular files; links and submodules lead elsewhere."""
        out = self._git("ls-tree", "-r", "-z", "--long", self.commit)
        found = []
        for entry in out.decode("utf-8", "surrogateescape").split("\0"):
            head, _, path = entry.partition("\t")
            parts = head.split()
            if len(parts) == 4 and parts[0] in _REGULAR and self._wanted(path):
                found.append((path, (parts[2], int(parts[3]))))
        return sorted(found)

    def _wanted(self, path: str) -> bool:
        folders = path.split("/")[:-1]
        if any(folder in PRUNED for folder in folders):
            return False
        return not any(fnmatchcase(path, p) or path.startswith(f"{p}/") for p in self._exclude)

    def _fetched(self) -> dict[str, bytes]:
        """Every file that may be read, in one conversation with git."""
        wanted = {p: o for p, (o, size) in self._objects.items() if size <= LARGEST and _text(p)}
        names = list(dict.fromkeys(wanted.values()))
        out = self._git("cat-file", "--batch", stdin="".join(f"{n}\n" for n in names).encode())
        contents: dict[str, bytes] = {}
        at = 0
        for name in names:
            end = out.index(b"\n", at)
            size = int(out[at:end].split()[2])
            contents[name] = out[end + 1 : end + 1 + size]
            at = end + size + 2
        return {path: contents[name] for path, name in wanted.items()}

    def _git(self, *arguments: str, stdin: bytes = b"") -> bytes:
        command = ["git", "-C", str(self._root), "--no-optional-locks", *arguments]
        environment = {**os.environ, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
        try:
            done = subprocess.run(
                command, input=stdin, capture_output=True, check=False, timeout=_TIMEOUT_S, env=environment
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise RevisionError(f"git cannot be run: {error}") from error
        if done.returncode:
            told = done.stderr.decode("utf-8", "replace").strip().splitlines()
            raise RevisionError(told[-1].removeprefix("fatal: ") if told else f"git ended with {done.returncode}")
        return done.stdout


def _text(path: str) -> bool:
    """False for what is never read as text: pictures, archives, fonts and the like."""
    return not path.lower().endswith(
        (
            ".png",
            ".jpg",
            ".jpeg",
            ".gif",
            ".ico",
            ".pdf",
            ".zip",
            ".gz",
            ".tgz",
            ".jar",
            ".woff",
            ".woff2",
            ".ttf",
            ".mp4",
        )
    )
