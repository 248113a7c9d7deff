"""Files that say by their name that they build an image."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from parsers.facts.kubernetes import ImageSource
from parsers.mesh.builds import dockerfile
from parsers.metadata import beside
from parsers.source import SourceFile, Span, Tree

_BAKE = ("docker-bake.hcl", "docker-bake.override.hcl")
_TARGET = re.compile(r'^target\s+"([^"\n]*)"\s*\{(.*?)^\}', re.M | re.S)
_FIELD = re.compile(r'^\s*(context|dockerfile)\s*=\s*"([^"\n]*)"', re.M)
_TAGS = re.compile(r"^\s*tags\s*=\s*\[([^\]]*)\]", re.M)


def claims(path: str) -> bool:
    """True for a Dockerfile of any usual name and for ``docker-bake.hcl``."""
    name = posixpath.basename(path)
    return name in _BAKE or dockerfile.NAME.fullmatch(name) is not None


def read_file(file: SourceFile, tree: Tree) -> Iterator[object]:
    """The image sources a file describes."""
    if posixpath.basename(file.path) in _BAKE:
        yield from _bake(file)
    else:
        yield from dockerfile.read(file, tree)


def _bake(file: SourceFile) -> Iterator[ImageSource]:
    """Targets whose context and tags are literal; what HCL computes is left alone."""
    for target in _TARGET.finditer(file.text):
        fields = dict(_FIELD.findall(target[2]))
        folder = beside(file.path, fields.get("context", "."))
        tags = re.findall(r'"([^"$]+)"', "".join(_TAGS.findall(target[2])))
        if folder is None:
            continue
        named = beside(f"{folder}/x" if folder else "x", fields.get("dockerfile", "Dockerfile"))
        line = file.text.count("\n", 0, target.start()) + 1
        for tag in tags or [target[1]]:
            image = re.sub(r":[^/:]*$", "", tag)
            yield ImageSource(image, folder, (), (), Span(file.path, line, 1, line, 2), named)
