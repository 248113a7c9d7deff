"""What container images are built from: their names, and the folders whose code is in them.

A skaffold artifact, a bake target or a compose build names an image and its context; the Dockerfile says what is copied
and what runs. A Dockerfile that nothing names is named by itself (``worker.Dockerfile``) or by its folder.
Shape: folders are relative to the root, ``""`` is the root; only folders that hold known code.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from analyzer.linking.names import image_path, image_tag
from parsers.facts.kubernetes import ConfigEntry, ImageSource
from parsers.source import Span

_DOCKERFILE = re.compile(
    r"(?:Dockerfile|Containerfile)[.-](?P<after>.+)|(?P<before>.+)\.(?:[dD]ockerfile|[cC]ontainerfile)"
)


@dataclass(frozen=True, slots=True)
class Image:
    """One image. ``names`` are as pushed (without tag); ``hints`` are what it is called where nothing names it."""

    names: tuple[str, ...]
    hints: tuple[str, ...]
    folders: tuple[str, ...]
    context: str
    command: tuple[str, ...]
    env: tuple[ConfigEntry, ...]
    span: Span
    ports: tuple[int, ...] = ()
    tag: str = ""
    files: tuple[str, ...] = ()  # all the code there is in it, where that is copied file by file


def images(sources: Iterable[ImageSource], code: Iterable[str]) -> tuple[Image, ...]:
    """Every image; ``code`` are the paths of files with known code."""
    every = sorted(sources, key=lambda s: (s.span, s.image or "", s.folder))
    files = _Code(code)
    described = {s.dockerfile: s for s in every if s.dockerfile and (s.copies or s.command or s.image is None)}
    named = [s for s in every if s.image is not None or not _describes(s)]
    used = {s.dockerfile for s in named if s.dockerfile}
    found = [_image(s, described.get(s.dockerfile or ""), files) for s in named]
    found += [_image(s, s, files) for s in every if _describes(s) and s.image is None and s.dockerfile not in used]
    return tuple(found)


def _describes(source: ImageSource) -> bool:
    """Whether the source is the Dockerfile itself."""
    return source.dockerfile is not None and source.span.path == source.dockerfile


class _Code:
    """Which paths hold code."""

    def __init__(self, paths: Iterable[str]) -> None:
        self.files = frozenset(paths)
        self.folders = frozenset(f for p in self.files for f in _above(posixpath.dirname(p)))

    def of(self, path: str) -> str | None:
        """The folder of code that copying ``path`` takes along, if it takes any."""
        plain = path.rstrip("/")
        if plain in self.files:
            return posixpath.dirname(plain)
        if "*" in posixpath.basename(plain):
            plain = posixpath.dirname(plain)
        return plain if plain in self.folders else None


def _above(folder: str) -> Iterator[str]:
    while folder:
        yield folder
        folder = posixpath.dirname(folder)
    yield ""


def _image(source: ImageSource, described: ImageSource | None, code: _Code) -> Image:
    home = posixpath.dirname(described.dockerfile or "") if described else source.folder.strip("/")
    context = source.folder.strip("/") if source is not described else _context(source, home, code)
    said = described or source
    return Image(
        names=(image_path(source.image),) if source.image else (),
        hints=() if source.image else _hints(said),
        folders=_folders(said.copies, context, home, code),
        context=context,
        command=said.command,
        env=said.env,
        span=source.span,
        ports=said.ports,
        tag=image_tag(source.image) if source.image else "",
        files=_files(said.copies, context, code),
    )


def _context(source: ImageSource, home: str, code: _Code) -> str:
    """Where a Dockerfile that nothing names is built: the nearest folder from which all it copies can be taken."""
    wanted = [c for c in source.copies if _plain(c)]
    if not wanted:
        return home
    best = max(_above(home), key=lambda at: (sum(code.of(_joined(at, c)) is not None for c in wanted), len(at)))
    return best if any(code.of(_joined(best, c)) is not None for c in wanted) else home


def _folders(copies: tuple[str, ...], context: str, home: str, code: _Code) -> tuple[str, ...]:
    """The folders whose code is copied; where everything is, the Dockerfile's own folder if it holds code."""
    found = {f for c in copies if _plain(c) and (f := code.of(_joined(context, c))) is not None}
    whole = not copies or any(not _plain(c) for c in copies)
    if not whole and found:
        return tuple(sorted(found))
    inside = (
        home != context and (home in code.folders) and (home == "" or home.startswith(f"{context}/" if context else ""))
    )
    return (home,) if inside else (context,)


def _files(copies: tuple[str, ...], context: str, code: _Code) -> tuple[str, ...]:
    """The files of code that are copied by name; nothing where a folder with code is copied, too."""
    paths = [_joined(context, c) for c in copies if _plain(c)]
    whole = not copies or any(not _plain(c) for c in copies)
    if whole or any(p not in code.files and code.of(p) is not None for p in paths):
        return ()
    return tuple(sorted(p for p in paths if p in code.files))


def _plain(copy: str) -> str:
    """The path without ``./``; empty where everything is copied."""
    return posixpath.normpath(copy.lstrip("/")).removeprefix(".").lstrip("/") if copy else ""


def _joined(context: str, copy: str) -> str:
    return posixpath.normpath(posixpath.join(context, _plain(copy))).removeprefix(".").lstrip("/")


def _hints(source: ImageSource) -> tuple[str, ...]:
    match = _DOCKERFILE.fullmatch(posixpath.basename(source.dockerfile or ""))
    own = (match["after"] or match["before"]) if match else None
    return (own,) if own else ()
