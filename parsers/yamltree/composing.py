"""From a file's text to composed documents: split, screened, bounded, with marks.

Documents are split at column-0 ``---``, which YAML forbids inside any scalar, so that a broken one costs only itself.
The C parser composes nodes with marks; nothing is constructed: tags and anchors are inert.
Errors: none; a document that cannot be read is a diagnostic. Depth, size and what aliases repeat are bounded.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ruamel.yaml import CSafeLoader
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import Node as RawNode
from ruamel.yaml.nodes import ScalarNode
from ruamel.yaml.reader import ReaderError

from parsers.diagnostics import Code, Diagnostic
from parsers.source import SourceFile, Span
from parsers.yamltree.scalars import NULL

#: No manifest is nested deeper; the C parser's own recursion ends the process somewhere above 5,000.
MAX_DEPTH = 200
#: A document of more nodes is not composed: each costs some 600 bytes of memory.
MAX_NODES = 600_000
#: How many nodes may be visited in one document; only aliases inside aliases come near it.
MAX_VISITS = 50_000
_SMALL = 200_000

Place = Callable[[int, int], tuple[int, int]]

_MARKER = re.compile(r"^---(?=[ \t\r\n]|\Z)", re.M)
_STEEP = re.compile(r"^[ \t?:-]{200}", re.M)
_ACTION = re.compile(r"\{\{-?[ \t]*[\w.$(\"`/].*?(?:\}\}|$)|\{%-?.*?(?:%\}|$)", re.M)


class _Loader(CSafeLoader):
    """Composes without resolving tags, which nobody reads: that is a third of ruamel's own time."""

    def resolve(self, _kind: object, _value: object, _implicit: object) -> str:
        return ""

    def descend_resolver(self, _parent: object, _index: object) -> None:
        return None

    def ascend_resolver(self) -> None:
        return None


@dataclass(frozen=True, slots=True)
class Document:
    """One composed document and what its nodes share."""

    raw: RawNode
    source: Source


def compose(file: SourceFile, wanted: re.Pattern[str] | None, place: Place | None) -> Iterator[Document | Diagnostic]:
    """Compose each document of ``file`` in which ``wanted`` is found; ``place`` as in ``documents``."""
    line, start = 0, 0
    for end in _ends(file.text):
        if end > start:
            if wanted is None or wanted.search(file.text, start, end):
                yield from _chunk(file.path, file.text[start:end], _shifted(line, place))
            line += file.text.count("\n", start, end)
        start = end


def _ends(text: str) -> Iterator[int]:
    for marker in _MARKER.finditer(text):
        yield marker.start()
    yield len(text)


def _shifted(first: int, place: Place | None) -> Place:
    if place is None:
        return lambda line, column: (first + line, column)
    return lambda line, column: place(first + line, column)


def _chunk(path: str, text: str, place: Place) -> Iterator[Document | Diagnostic]:
    text = _without_directives(text)
    source = Source(path, text, place)
    refused = _refused(text)
    if refused is not None:
        code, detail = refused
        yield Diagnostic.at(source.point(0, 0), code, limit=detail)
        return
    try:
        loader = _Loader(text)
        while loader.check_node():
            raw = loader.get_node()
            if not is_null(raw):
                yield Document(raw, source.fresh())
    except YAMLError as error:
        yield _template(source) if source.templated else _syntax(source, error)
    except UnicodeEncodeError as error:
        yield Diagnostic.at(source.offset(error.start), Code.SYNTAX, detail="a lone surrogate is not a character")


def _without_directives(text: str) -> str:
    """Blank the ``%`` lines at the end that belong to the next document's marker."""
    if "%" not in text:
        return text
    lines = text.split("\n")
    first = len(lines)
    while first and (not lines[first - 1].strip() or lines[first - 1].lstrip()[0] in "%#"):
        first -= 1
    if first and not lines[first - 1].startswith("..."):
        return text
    return "\n".join([*lines[:first], *[""] * (len(lines) - first)])


def _refused(text: str) -> tuple[Code, str] | None:
    """Why a document is not given to the C composer, which recurses without a limit and builds every node."""
    openers = text.count("[") + text.count("{")
    if len(text) > _SMALL and openers + sum(map(text.count, "\n,-?:")) > MAX_NODES:
        return Code.TOO_LARGE, f"{MAX_NODES} nodes"
    if (openers > MAX_DEPTH or _STEEP.search(text)) and _depth_exceeds(text, MAX_DEPTH):
        return Code.TOO_DEEP, ""
    return None


def _depth_exceeds(text: str, limit: int) -> bool:
    """Count by events, which do not recurse; a syntax error on the way is the composer's to report."""
    depth = 0
    try:
        loader = _Loader(text)
        while depth <= limit and loader.check_event():
            name = type(loader.get_event()).__name__
            depth += name in ("SequenceStartEvent", "MappingStartEvent")
            depth -= name in ("SequenceEndEvent", "MappingEndEvent")
    except (YAMLError, UnicodeEncodeError):
        return False
    return depth > limit


def _syntax(source: Source, error: YAMLError) -> Diagnostic:
    if isinstance(error, MarkedYAMLError):
        mark = error.problem_mark or error.context_mark
        at = source.point(mark.line, mark.column) if mark else source.point(0, 0)
        return Diagnostic.at(at, Code.SYNTAX, detail=_one_line(error.problem or "not YAML"))
    if isinstance(error, ReaderError):
        return Diagnostic.at(source.offset(error.position), Code.SYNTAX, detail=_one_line(error.reason))
    return Diagnostic.at(source.point(0, 0), Code.SYNTAX, detail="not YAML")


def _one_line(text: object) -> str:
    return " ".join(str(text).split())


def _template(source: Source) -> Diagnostic:
    found = _ACTION.search(source.text)
    start = found.start() if found else 0
    action = short(found.group() if found else "{{ }}")
    return Diagnostic.at(source.offset(start), Code.TEMPLATE, detail=f"{action}; render it to have it analysed")


def is_template(value: str) -> bool:
    """True for a short value with a template action in it; a dashboard or a script only happens to hold braces."""
    return len(value) < 300 and _ACTION.search(value) is not None


def short(text: str) -> str:
    """One line of at most 60 characters, for a message."""
    text = _one_line(text)
    return text if len(text) <= 60 else text[:57] + "..."


def is_null(raw: RawNode) -> bool:
    """True for a plain ``null``, ``~`` or nothing."""
    return isinstance(raw, ScalarNode) and not raw.style and raw.value in NULL


class Source:
    """What the nodes of one document share: where it stands, what was met, how much was visited."""

    __slots__ = ("path", "place", "problems", "templated", "text", "visits")

    def __init__(self, path: str, text: str, place: Place) -> None:
        self.path = path
        self.text = text
        self.place = place
        self.templated = "{{" in text or "{%" in text
        self.problems: dict[Diagnostic, None] = {}
        self.visits = 0

    def fresh(self) -> Source:
        return Source(self.path, self.text, self.place)

    def span(self, line: int, column: int, end_line: int, end_column: int) -> Span:
        (first, left), (last, right) = self.place(line, column), self.place(end_line, end_column)
        return Span(self.path, first + 1, left + 1, last + 1, right + 1)

    def point(self, line: int, column: int) -> Span:
        return self.span(line, column, line, column + 1)

    def offset(self, position: int) -> Span:
        line = self.text.count("\n", 0, position)
        return self.point(line, position - (self.text.rfind("\n", 0, position) + 1))

    def report(self, span: Span, code: Code, **details: object) -> None:
        self.problems[Diagnostic.at(span, code, **details)] = None

    def may_visit(self, span: Callable[[], Span]) -> bool:
        self.visits += 1
        if self.visits == MAX_VISITS:
            self.report(span(), Code.TRUNCATED, detail="aliases that repeat each other")
        return self.visits < MAX_VISITS
