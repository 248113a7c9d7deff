"""From a tree of files to facts: the package's entry point.

Errors: none. Whatever is wrong with a file becomes a diagnostic; a bug in a dialect costs that document, not the run.
Shape: facts in the order of (path, line), diagnostics sorted; what is written twice is told once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, partial

import parsers.mesh
from parsers import screen
from parsers.diagnostics import Code, Diagnostic
from parsers.helm import Charts
from parsers.mesh import Dialect
from parsers.plugins import collect
from parsers.source import SourceFile, Span, Tree
from parsers.yamltree import Node, documents

_MAX_LISTS = 3


@dataclass(frozen=True, slots=True)
class Scope:
    """What is read. ``everything`` takes tests and examples too: for debugging and for measuring extraction."""

    everything: bool = False
    python: bool = True
    only_retries: bool = False  # of Python, and nothing else


WHOLE = Scope()


@dataclass(frozen=True, slots=True)
class Reading:
    """What was understood, and what was not; both in source order."""

    facts: tuple[object, ...]
    diagnostics: tuple[Diagnostic, ...]


@dataclass(frozen=True, slots=True)
class _Dialects:
    """The dialects there are, by what they claim."""

    by_kind: Mapping[tuple[str, str], tuple[Dialect, ...]]
    groups: frozenset[str]
    by_name: tuple[Dialect, ...]
    wanted: re.Pattern[str]


@dataclass(slots=True)
class _Collected:
    """Facts and diagnostics as they come; local to one ``read``."""

    facts: list[object] = field(default_factory=list)
    diagnostics: dict[Diagnostic, None] = field(default_factory=dict)

    def take(self, items: Iterable[object]) -> None:
        for item in items:
            if isinstance(item, Diagnostic):
                self.diagnostics[item] = None
            else:
                self.facts.append(item)


def read(tree: Tree, scope: Scope = WHOLE) -> Reading:
    """Read every file of ``tree`` with whatever claims it."""
    collected = _Collected()
    collected.take(tree.problems())
    paths = [path for path in sorted(tree.paths()) if scope.everything or not screen.is_test(path)]
    charts = Charts(tree)
    for path in paths if not scope.only_retries else ():
        collected.take(_contained(partial(_file, tree, path, charts), path))
    if scope.python:
        sources = tuple(p for p in paths if p.endswith(".py"))
        collected.take(_contained(partial(_python, tree, sources, only_retries=scope.only_retries), "."))
    facts = sorted(collected.facts, key=_order)
    return Reading(tuple(_once(facts)), tuple(sorted(collected.diagnostics, key=lambda d: d.sort_key)))


def _python(tree: Tree, paths: tuple[str, ...], *, only_retries: bool) -> Iterator[object]:
    if paths:
        from parsers.python.reading import read_python

        yield from read_python(tree, paths, only_retries=only_retries)


def _order(fact: object) -> tuple[Span, str]:
    span = getattr(fact, "span", None)
    return (span if isinstance(span, Span) else Span("", 0, 0, 0, 0), type(fact).__name__)


def _once(facts: Iterable[object]) -> Iterator[object]:
    """Drop a fact that is told again; equal ones stand side by side."""
    last: object = None
    for fact in facts:
        if type(fact) is not type(last) or fact != last:
            yield fact
        last = fact


def _contained(items: Callable[[], Iterator[object]], path: str) -> Iterator[object]:
    """The one place that catches everything: a bug of ours costs one file, and says so."""
    try:
        yield from items()
    except Exception as error:  # noqa: BLE001 -- see the docstring
        yield Diagnostic.at(Span(path, 1, 1, 1, 1), Code.INTERNAL, detail=type(error).__name__)


def _file(tree: Tree, path: str, charts: Charts) -> Iterator[object]:
    dialects = _dialects()
    claimants = [d for d in dialects.by_name if d.claims(path)]
    manifest = path.endswith((".yaml", ".yml", ".json"))
    if not claimants and not manifest:
        return
    if path.endswith(".json") and not claimants and not screen.yaml_matters(tree.raw(path)):
        return
    file = tree.read(path)
    if isinstance(file, Diagnostic):
        yield file
    elif file is not None:
        for dialect in claimants:
            yield from dialect.parse_file(file, tree)
        if manifest:
            yield from _resources(file, dialects, charts)


def _resources(file: SourceFile, dialects: _Dialects, charts: Charts) -> Iterator[object]:
    rendered = charts.render(file) if dialects.wanted.search(file.text) else None
    if rendered:
        yield from rendered.notes
        docs = documents(rendered.file, dialects.wanted, rendered.place)
    else:
        docs = documents(file, dialects.wanted)
    for doc in docs:
        if isinstance(doc, Diagnostic):
            unreadable = rendered is not None and doc.code is Code.SYNTAX
            detail = f"what it renders to by default is not YAML ({doc.message})"
            yield Diagnostic.at(doc.span, Code.TEMPLATE, detail=detail) if unreadable else doc
        else:
            yield from _resource(doc, _group_and_kind(doc), dialects, 0)


def _resource(doc: Node, named: tuple[str, str], dialects: _Dialects, depth: int) -> Iterator[object]:
    group, kind = named
    claimants = dialects.by_kind.get(named, ())
    if claimants and doc.at("$patch").written() == "delete":
        return  # a kustomize patch that takes the object away
    if claimants:
        doc.ignore("apiVersion", "kind", "status")
        for dialect in claimants:
            yield from _contained(partial(dialect.parse, doc), doc.path)
        yield from doc.problems()
    elif kind.endswith("List") and depth < _MAX_LISTS and doc.at("items").is_sequence:
        one = doc.at("kind").replaced(kind.removesuffix("List"))
        for item in doc.at("items").items():
            root = item.alone(apiVersion=doc.at("apiVersion"), kind=one)
            yield from _resource(root, _group_and_kind(root), dialects, depth + 1)
    elif group in dialects.groups:
        yield Diagnostic.at(doc.at("kind").span, Code.UNKNOWN_KIND, kind=f"{kind} ({group})")


def _group_and_kind(doc: Node) -> tuple[str, str]:
    if not doc.is_mapping:
        return "", ""
    return doc.at("apiVersion").written().rpartition("/")[0], doc.at("kind").written()


@cache
def _dialects() -> _Dialects:
    """Collected once; a bad plugin is a bug of ours and raises here."""
    found = collect(parsers.mesh, Dialect)
    by_kind: dict[tuple[str, str], tuple[Dialect, ...]] = {}
    for dialect in found:
        for key in sorted(dialect.kinds):
            by_kind[key] = (*by_kind.get(key, ()), dialect)
    groups = frozenset().union(*(d.groups for d in found))
    return _Dialects(by_kind, groups, found, _wanted({kind for _, kind in by_kind}, groups))


def _wanted(kinds: set[str], groups: frozenset[str]) -> re.Pattern[str]:
    """Finds what a document must hold to matter; never anchored, as a mapping may be indented or in flow style."""
    words = "|".join(map(re.escape, sorted(kinds)))
    pattern = rf"""\bkind["']?\s*:\s*["']?(?:(?:{words})\b|\w*List\b)"""
    if groups:
        pattern += rf"""|\bapiVersion["']?\s*:\s*["']?(?:{"|".join(map(re.escape, sorted(groups)))})/"""
    return re.compile(pattern)
