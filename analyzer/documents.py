"""Texts that rules search as texts: decision records, and manifests of what watches or limits the mesh.

Shape: path -> text. Chosen by name and by words in their bytes, so that hardly any file is decoded for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from parsers.source import SourceFile, Tree

_PROSE = (".md", ".rst", ".adoc", ".txt")
_MANIFESTS = (".yaml", ".yml")
_RECORD = re.compile(r"(^|/)(adrs?|decisions?|decision-records|architecture-decisions?)/", re.IGNORECASE)
_KINDS = re.compile(
    rb"^kind:\s*[\"']?(ServiceMonitor|PodMonitor|PrometheusRule|EnvoyFilter|BackendTrafficPolicy|HTTPLocalRateLimitPolicy"
    rb"|WasmPlugin)\b",
    re.MULTILINE,
)
#: Longer texts are data, not documents.
_MOST_BYTES = 500_000


def documents(tree: Tree) -> Mapping[str, str]:
    """Every document of the tree, by path."""
    return dict(_documents(tree))


def _documents(tree: Tree) -> Iterator[tuple[str, str]]:
    for path in tree.paths():
        if _wanted(tree, path):
            file = tree.read(path)
            if isinstance(file, SourceFile):
                yield path, file.text


def _wanted(tree: Tree, path: str) -> bool:
    if path.endswith(_PROSE):
        return bool(_RECORD.search(path)) and len(tree.raw(path)) <= _MOST_BYTES
    if path.endswith(_MANIFESTS):
        content = tree.raw(path)
        return len(content) <= _MOST_BYTES and bool(_KINDS.search(content))
    return False
