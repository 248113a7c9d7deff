"""Which files are a chart's templates, and what they render to.

Source: helm.sh/docs/topics/charts (``Chart.yaml``, ``values.yaml``, ``templates/``, ``charts/``; ``global``).
Shape: the release is named like the chart, in namespace ``default``: what an install without options does.
Errors: a template that is not understood renders to nothing here; the caller reads the file as it is.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass

from parsers.diagnostics import Code, Diagnostic
from parsers.helm.functions import UNKNOWN, Value, deep
from parsers.helm.rendering import Renderer
from parsers.helm.syntax import Define, Part, TemplateError, parse
from parsers.source import SourceFile, Span, Tree
from parsers.yamltree import documents
from parsers.yamltree.node import Node

_DEFAULTS = "rendered with the chart's default values"


@dataclass(frozen=True, slots=True)
class Rendered:
    """A manifest made from a template: its text, where each line comes from, and what to know about it."""

    file: SourceFile
    lines: tuple[int, ...]
    notes: tuple[Diagnostic, ...]

    def place(self, line: int, column: int) -> tuple[int, int]:
        """The template's line for a line of the text, both from 0."""
        return self.lines[min(line, len(self.lines) - 1)], column


@dataclass(frozen=True, slots=True)
class _Chart:
    folder: str
    root: Mapping[str, Value]
    defines: Mapping[str, tuple[Part, ...]]


class Charts:
    """The charts of one tree, each read once."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._paths = frozenset(tree.paths())
        self._read: dict[str, _Chart] = {}

    def folder(self, path: str) -> str | None:
        """The folder of the chart that has ``path`` as one of its templates."""
        parts = path.split("/")
        for i in range(len(parts) - 2, -1, -1):
            folder = "/".join(parts[:i])
            if parts[i] == "templates" and posixpath.join(folder, "Chart.yaml") in self._paths:
                return folder
        return None

    def render(self, file: SourceFile) -> Rendered | None:
        """What the template makes; ``None`` where it is not a chart's, or not understood."""
        folder = self.folder(file.path)
        if folder is None or "{{" not in file.text:
            return None
        try:
            chart = self._chart(folder)
            renderer = Renderer(file.text, chart.defines, chart.root)
            text, lines = renderer.render(parse(file.text))
        except (TemplateError, RecursionError):
            return None
        notes = tuple(
            Diagnostic.at(_point(file, note.at), Code.TEMPLATE, detail=f"{_DEFAULTS}; {note.text}")
            for note in renderer.notes
        )
        whole = Diagnostic.at(_point(file, file.text.index("{{")), Code.TEMPLATE, detail=_DEFAULTS)
        return Rendered(SourceFile(file.path, text), lines, (whole, *notes))

    def _chart(self, folder: str) -> _Chart:
        if folder not in self._read:
            about = self._plain(posixpath.join(folder, "Chart.yaml"))
            about = about if isinstance(about, Mapping) else {}
            name = str(about.get("name") or posixpath.basename(folder) or "release")
            root: dict[str, Value] = {
                "Values": self._values(folder, 0),
                "Chart": {f"{key[:1].upper()}{key[1:]}": value for key, value in about.items()},
                "Release": {
                    "Name": name, "Namespace": "default", "Service": "Helm", "IsInstall": True, "IsUpgrade": False,
                    "Revision": 1,
                },
                "Capabilities": UNKNOWN,
                "Files": UNKNOWN,
                "Template": UNKNOWN,
            }  # fmt: skip
            self._read[folder] = _Chart(folder, root, self._defines(folder))
        return self._read[folder]

    def _values(self, folder: str, depth: int) -> Mapping[object, Value]:
        """The chart's defaults, under what a chart around it says of it."""
        own = self._plain(posixpath.join(folder, "values.yaml"))
        own = own if isinstance(own, Mapping) else {}
        around, _, name = folder.rpartition("/charts/")
        if depth < 4 and name and "/" not in name and posixpath.join(around, "Chart.yaml") in self._paths:
            outer = self._values(around, depth + 1)
            for said in ({"global": outer.get("global")}, outer.get(name)):
                if isinstance(said, Mapping):
                    own = deep(own, {k: v for k, v in said.items() if v is not None})
        return own

    def _defines(self, folder: str) -> Mapping[str, tuple[Part, ...]]:
        """Named templates of the chart and of the charts around and in it."""
        top = folder.partition("/charts/")[0]
        found: dict[str, tuple[Part, ...]] = {}
        prefix = f"{top}/" if top else ""
        for path in sorted(p for p in self._paths if p.startswith(prefix) and "/templates/" in f"/{p}"):
            read = self._tree.read(path) if path.endswith((".tpl", ".yaml", ".yml")) else None
            if isinstance(read, SourceFile) and "define" in read.text:
                found |= _defined(read.text)
        return found

    def _plain(self, path: str) -> Value:
        read = self._tree.read(path)
        if isinstance(read, SourceFile):
            for doc in documents(read):
                return plain(doc) if isinstance(doc, Node) else None
        return None


def _defined(text: str) -> dict[str, tuple[Part, ...]]:
    try:
        return {part.name: part.body for part in parse(text) if isinstance(part, Define)}
    except (TemplateError, RecursionError):
        return {}


def plain(node: Node) -> Value:
    """A node as plain values."""
    if node.is_mapping:
        return {key: plain(value) for key, value in node.entries()}
    if node.is_sequence:
        return [plain(item) for item in node.items()]
    return node.value()


def _point(file: SourceFile, at: int) -> Span:
    line = file.text.count("\n", 0, at) + 1
    column = at - file.text.rfind("\n", 0, at)
    return Span(file.path, line, column, line, column + 2)
