"""The analysed tree on disk: the only module that opens its files.

Names are found by one iterative walk that follows no link out of the tree, prunes what is never part of a system, and
tolerates files that vanish meanwhile. Only regular files are opened, and only for reading; nothing is ever run.
Shape: paths are POSIX, relative to the root, sorted; a file reached by several names (links) is read under the first.
Errors: none; why a file cannot be read is a diagnostic.
"""

from __future__ import annotations

import codecs
import os
import stat
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from parsers.diagnostics import Code, Diagnostic
from parsers.source import SourceFile, Span

#: Folders that hold tools' state, dependencies or build results, never the system itself.
PRUNED = frozenset((
    ".git", ".hg", ".svn", ".bzr", ".jj", "node_modules", "bower_components", ".venv", "venv", "site-packages",
    "__pycache__", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".hypothesis", ".tox", ".nox", ".eggs",
    ".ipynb_checkpoints", ".terraform", ".gradle", ".idea", ".vscode", ".cache", ".direnv", ".pixi", ".next", ".yarn",
    ".bazel", "bazel-out", ".pants.d",
))  # fmt: skip
#: A virtual environment of any other name holds this file.
_ENVIRONMENT = "pyvenv.cfg"
_MEGABYTE = 1_000_000
#: Largest file read, by suffix; others as YAML.
LIMITS = {".py": 2 * _MEGABYTE, ".pyi": 2 * _MEGABYTE}
LARGEST = 20 * _MEGABYTE
#: Names of which a pipe or a device is worth a word.
_READ = (".py", ".yaml", ".yml", ".json")
#: A walk ends here; the largest public monorepos hold a third of it.
MAX_FILES = 2_000_000


class DiskTree:
    """A folder on disk as a ``Tree``. ``exclude`` are glob patterns of paths from the root."""

    def __init__(self, root: str | Path, exclude: Sequence[str] = ()) -> None:
        self._root = os.path.realpath(root)
        self._exclude = tuple(pattern.strip("/") for pattern in exclude)
        self._real: dict[str, str] = {}
        self._problems: list[Diagnostic] = []
        self._paths: tuple[str, ...] | None = None

    def paths(self) -> Sequence[str]:
        """Every file that may be read; walked once."""
        if self._paths is None:
            self._walk()
            self._paths = tuple(sorted(self._real))
        return self._paths

    def problems(self) -> Sequence[Diagnostic]:
        """Names that were met and not followed."""
        self.paths()
        return tuple(sorted(self._problems, key=lambda d: d.sort_key))

    def read(self, path: str) -> SourceFile | Diagnostic | None:
        """The file's text as UTF-8, or as UTF-16 where a byte order mark says so; the mark is dropped."""
        content = self._bytes(path)
        if not isinstance(content, bytes):
            return content
        encoding = "utf-16" if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"
        try:
            return SourceFile(path, content.decode(encoding))
        except UnicodeDecodeError as error:
            line = content.count(b"\n", 0, error.start) + 1
            return Diagnostic.at(Span(path, line, 1, line, 2), Code.UNREADABLE, detail="not UTF-8 text")

    def raw(self, path: str) -> bytes:
        """The file's bytes for screening."""
        content = self._bytes(path)
        return content if isinstance(content, bytes) else b""

    # -------------------------------------------------------------------------------------------------------- reading

    def _bytes(self, path: str) -> bytes | Diagnostic | None:
        self.paths()
        real = self._real.get(path)
        if real is None:
            return None
        try:
            return self._opened(path, real)
        except FileNotFoundError:
            return None
        except OSError as error:
            return Diagnostic.at(_whole(path), Code.UNREADABLE, detail=error.strerror or type(error).__name__)

    def _opened(self, path: str, real: str) -> bytes | Diagnostic:
        """Open without following a link put there since the walk, and without waiting for a pipe's other end."""
        handle = os.open(real, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
        try:
            found = os.fstat(handle)
            limit = next((size for suffix, size in LIMITS.items() if path.endswith(suffix)), LARGEST)
            if not stat.S_ISREG(found.st_mode):
                return Diagnostic.at(_whole(path), Code.UNREADABLE, detail="not a regular file")
            if found.st_size > limit:
                return Diagnostic.at(_whole(path), Code.TOO_LARGE, limit=f"{limit // _MEGABYTE} MB")
            return _content(handle, limit)
        finally:
            os.close(handle)

    # -------------------------------------------------------------------------------------------------------- walking

    def _walk(self) -> None:
        folders = [("", self._root)]
        links: list[tuple[str, str]] = []
        walked: set[str] = set()
        while folders:
            prefix, folder = folders.pop()
            walked.add(folder)
            entries = _entries(folder)
            if not any(entry.name == _ENVIRONMENT for entry in entries):
                for entry in entries:
                    self._enter(prefix + _printable(entry.name), entry, folders, links)
            if len(self._real) >= MAX_FILES:
                self._refuse(prefix or ".", Code.TRUNCATED, detail=f"more than {MAX_FILES} files")
                return
            if not folders:
                folders, links = self._follow(links, walked), []

    def _enter(
        self, path: str, entry: os.DirEntry[str], folders: list[tuple[str, str]], links: list[tuple[str, str]]
    ) -> None:
        if self._exclude and self._excluded(path):
            return
        kind = _kind(entry)
        if kind == "file":
            self._real[path] = entry.path
        elif kind == "folder":
            if entry.name not in PRUNED:
                folders.append((path + "/", entry.path))
        elif kind == "link":
            links.append((path, entry.path))
        elif kind and path.endswith(_READ):
            self._refuse(path, Code.UNREADABLE, detail="not a regular file")

    def _follow(self, links: list[tuple[str, str]], walked: set[str]) -> list[tuple[str, str]]:
        """What links lead to inside the root and the walk did not meet under a name of its own."""
        known = set(self._real.values())
        folders: list[tuple[str, str]] = []
        for path, link in sorted(links):
            real = os.path.realpath(link)
            if not _inside(real, self._root):
                self._refuse(path, Code.OUTSIDE)
            elif real in known or real in walked or self._set_aside(real):
                continue
            elif Path(real).is_file():
                known.add(real)
                self._real[path] = real
            elif Path(real).is_dir():
                walked.add(real)
                folders.append((path + "/", real))
        return folders

    def _set_aside(self, real: str) -> bool:
        own = Path(real).relative_to(self._root)
        return any(part in PRUNED for part in own.parts) or self._excluded(own.as_posix())

    def _excluded(self, path: str) -> bool:
        return any(fnmatchcase(path, p) or fnmatchcase(path, p + "/*") for p in self._exclude)

    def _refuse(self, path: str, code: Code, **details: object) -> None:
        self._problems.append(Diagnostic.at(_whole(path.rstrip("/")), code, **details))


def _content(handle: int, limit: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    while size <= limit and (part := os.read(handle, 1 << 20)):
        parts.append(part)
        size += len(part)
    return b"".join(parts)[:limit]


def _entries(folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as found:
            return list(found)
    except OSError:  # vanished, or not ours to read: nothing in it can be analysed
        return []


def _kind(entry: os.DirEntry[str]) -> str:
    """What an entry is, itself; nothing once it has vanished."""
    try:
        if entry.is_file(follow_symlinks=False):
            return "file"
        if entry.is_dir(follow_symlinks=False):
            return "folder"
        return "link" if entry.is_symlink() else "device"
    except OSError:
        return ""


def _printable(name: str) -> str:
    """A name that any output can hold: bytes that are not UTF-8 are written as escapes."""
    return name if name.isprintable() else os.fsencode(name).decode("utf-8", "backslashreplace")


def _inside(path: str, root: str) -> bool:
    return path == root or path.startswith(root.rstrip(os.sep) + os.sep)


def _whole(path: str) -> Span:
    return Span(path, 1, 1, 1, 1)
