"""Edits in the text of a YAML file: only the lines in question change, everything else stays as it is, byte by byte.

The tree of nodes says where a value stands, its text is cut there; nothing is dumped again, because no dumper keeps
the quotes, line breaks and indentation of a file it did not write.
Shape: a ``Way`` is a document's number, then keys and indexes. Lines and columns count from 1, offsets from 0.
Errors: ``None`` where a place is not found or cannot be edited safely (anchors, JSON, a template).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from parsers.source import SourceFile, Span
from parsers.yamltree import Node, documents

Way = tuple[str | int, ...]

#: One place would be edited and others would change with it, or the text is not what is applied.
_SHARED = re.compile(r"(?:^|[\s\[{,])(?:&\w|\*\w|<<\s*:)|\{\{|\{%", re.M)
_MARKER = re.compile(r"^---(?=[ \t\r\n]|\Z)", re.M)
_BLANK = re.compile(r"[ \t]*")


@dataclass(frozen=True, slots=True)
class Splice:
    """Put ``text`` where ``start`` up to ``end`` stands."""

    start: int
    end: int
    text: str


def spliced(text: str, splices: tuple[Splice, ...]) -> str:
    """The text with all of them done."""
    for one in sorted(splices, key=lambda s: (s.start, s.end), reverse=True):
        text = text[: one.start] + one.text + text[one.end :]
    return text


@dataclass(frozen=True)
class Page:
    """One YAML file that may be edited."""

    path: str
    text: str

    @classmethod
    def of(cls, path: str, text: str | None) -> Page | None:
        """The file, unless nothing in it may be edited."""
        if text is None or not path.endswith((".yaml", ".yml")) or text.lstrip()[:1] in ("{", "["):
            return None
        return cls(path, text)

    @cached_property
    def roots(self) -> tuple[Node, ...]:
        return tuple(d for d in documents(SourceFile(self.path, self.text)) if isinstance(d, Node))

    @cached_property
    def _starts(self) -> list[int]:
        return [0, *(m.end() for m in re.finditer("\n", self.text))]

    @property
    def newline(self) -> str:
        return "\r\n" if "\r\n" in self.text else "\n"

    @property
    def lines(self) -> int:
        return len(self._starts)

    def offset(self, line: int, column: int) -> int:
        """Where a line and a column are in the text."""
        return min(self._starts[min(line, len(self._starts)) - 1] + column - 1, len(self.text))

    def line_start(self, line: int) -> int:
        """Where a line begins; the end of the text for one past the last."""
        return self._starts[line - 1] if line <= len(self._starts) else len(self.text)

    def column(self, offset: int) -> int:
        return offset - (self.text.rfind("\n", 0, offset) + 1)

    def node(self, way: Way) -> Node | None:
        """The value at the end of a way."""
        found: Node | None = self.roots[int(way[0])]
        for step in way[1:]:
            if found is None or not found:
                return None
            if isinstance(step, int):
                found = dict(enumerate(found.items())).get(step) if found.is_sequence else None
            else:
                found = found.at(step) if found.is_mapping and found.has(step) else None
        return found

    def find(self, span: Span) -> Way | None:
        """The outermost value that stands exactly there, if its document can be edited."""
        for number, root in enumerate(self.roots):
            for way, node in _walk(root, (number,)):
                if node.span == span:
                    return None if self._shared(root) else way
        return None

    def _shared(self, root: Node) -> bool:
        """Whether an edit in the document might change something else as well."""
        start, end = 0, len(self.text)
        at = self.offset(root.span.line, root.span.column)
        for marker in _MARKER.finditer(self.text):
            start, end = (marker.end(), end) if marker.start() <= at else (start, min(end, marker.start()))
        return _SHARED.search(self.text, start, end) is not None

    # ------------------------------------------------------------------------------------------------------ looking

    def written(self, node: Node) -> str:
        """The value's text."""
        return self.text[slice(*self._ends(node))]

    def _ends(self, node: Node) -> tuple[int, int]:
        s = node.span
        return self.offset(s.line, s.column), self.offset(s.end_line, s.end_column)

    def _flow(self, node: Node) -> bool:
        return self.text[self._ends(node)[0] :][:1] in ("{", "[")

    def _after(self, node: Node) -> int:
        """Past the last line of a block value."""
        s = node.span
        end = self.offset(s.end_line, s.end_column)
        if s.end_column == 1 and s.end_line > s.line:  # a block scalar ends where the next line begins
            return end
        line_end = self.text.find("\n", end)
        return len(self.text) if line_end < 0 else line_end + 1

    # ------------------------------------------------------------------------------------------------------ editing

    def replace(self, way: Way, text: str) -> tuple[Splice, ...] | None:
        """Another text for a value on one line, or a flow value."""
        node = self.node(way)
        if not node or (node.span.line != node.span.end_line and not self._flow(node)):
            return None
        return (Splice(*self._ends(node), text),)

    def rename(self, way: Way, name: str) -> tuple[Splice, ...] | None:
        """Another key for the same value."""
        node = self.node(way)
        if node is None or node.key_span.line != node.key_span.end_line:
            return None
        s = node.key_span
        start, end = self.offset(s.line, s.column), self.offset(s.end_line, s.end_column)
        old = self.text[start:end]
        if old.strip("'\"") != way[-1]:
            return None
        return (Splice(start, end, old.replace(str(way[-1]), name)),)

    def block(self, way: Way) -> tuple[str, ...] | None:
        """The lines of a key and its value, as far left as they go; a flow value's are one line.

        Comments on lines of their own are not among them: ``remove`` leaves them where they are.
        """
        node = self.node(way)
        if node is None or not node:
            return None
        key = self.offset(node.key_span.line, node.key_span.column)
        indent = self.column(key)
        if self._in_flow(way) or self._flow(node):
            return (f"{way[-1]}: {' '.join(self.written(node).split())}",)
        raw = [x for x in self.text[key - indent : self._after(node)].splitlines() if not x.lstrip().startswith("#")]
        first = " " * indent + raw[0][indent:]
        return tuple(line[indent:] if not line[:indent].strip() else line.lstrip() for line in (first, *raw[1:]))

    def _in_flow(self, way: Way) -> bool:
        parent = self.node(way[:-1])
        return parent is not None and self._flow(parent)

    def remove(self, way: Way) -> tuple[Splice, ...] | None:
        """A key with its value; the mapping too where nothing else is in it. Comments on lines of their own stay."""
        parent, node = self.node(way[:-1]), self.node(way)
        if len(way) < 3 or parent is None or node is None or not parent.is_mapping:
            return None
        names = [name for name, _ in parent.names()]
        if len(names) == 1:
            return self.remove(way[:-1]) if isinstance(way[-2], str) else None
        if self._flow(parent):
            return self._remove_flow(parent, node, names.index(str(way[-1])))
        key = self.offset(node.key_span.line, node.key_span.column)
        start = key - self.column(key)
        end = self._after(node if node else parent) if node else self.line_start(node.key_span.line + 1)
        kept = self._comments(start, end, key - start)
        if self.text[start:key].strip():  # after a dash: the next key takes its place
            following = self._key_after(parent, str(way[-1]))
            return None if following is None else (Splice(start, start, kept), Splice(key, following, ""))
        return (Splice(start, end, kept),)

    def _comments(self, start: int, end: int, indent: int) -> str:
        """Comments on lines of their own, so far to the left that no text above them takes them for its own."""
        lines = (x.lstrip() for x in self.text[start:end].splitlines(keepends=True))
        return "".join(" " * indent + x for x in lines if x.startswith("#"))

    def _key_after(self, parent: Node, name: str) -> int | None:
        spans = [s for _, s in sorted(parent.names(), key=lambda pair: pair[1])]
        own = parent.at(name).key_span
        later = next((s for s in spans if s > own), None)
        return None if later is None else self.offset(later.line, later.column)

    def _remove_flow(self, parent: Node, node: Node, index: int) -> tuple[Splice, ...] | None:
        key = self.offset(node.key_span.line, node.key_span.column)
        end = self._ends(node)[1] if node else None
        if end is None:
            return None
        if index:
            comma = self.text.rfind(",", 0, key)
            return (Splice(comma, end, ""),) if comma > self._ends(parent)[0] else None
        following = re.compile(r"\s*,\s*").match(self.text, end)
        return (Splice(key, following.end(), ""),) if following else None

    def emptied(self, way: Way, key: str, value: str) -> tuple[Splice, ...] | None:
        """A mapping that holds nothing but ``key: value``. Comments on lines of their own stay."""
        node = self.node(way)
        if not node or not node.is_mapping:
            return None
        if self._flow(node):
            return (Splice(*self._ends(node), f"{{{key}: {value}}}"),)
        start, end = self.offset(node.span.line, node.span.column), self._after(node)
        indent = " " * self.column(start)
        if self.text[start - len(indent) : start].strip():
            return None
        rest = self.text[start:end].splitlines(keepends=True)[1:]
        kept = "".join(x for x in rest if x.lstrip().startswith("#"))
        return (Splice(start, end, f"{key}: {value}{self.newline}{kept}"),)

    def add(self, way: Way, lines: tuple[str, ...], flow: str) -> tuple[Splice, ...] | None:
        """Another entry at the end of a mapping: ``lines`` in a block, ``flow`` between braces."""
        node = self.node(way)
        if not node or not node.is_mapping:
            return None
        names = list(node.names())
        if self._flow(node):
            end = self._ends(node)[1] - 1
            return (Splice(end, end, f", {flow}" if names else flow),)
        if not names:
            return None
        first = min(span for _, span in names)
        indent = self.column(self.offset(first.line, first.column))
        at = self._after(node)
        return (Splice(at, at, self._joined(lines, indent, at)),)

    def _joined(self, lines: tuple[str, ...], indent: int, at: int) -> str:
        body = self.newline.join(" " * indent + line if line.strip() else "" for line in lines)
        before = at and not self.text[:at].endswith("\n")
        return f"{self.newline}{body}" if before else f"{body}{self.newline}"

    def append(self, lines: tuple[str, ...]) -> tuple[Splice, ...]:
        """One more document at the end."""
        end = len(self.text)
        before = "" if not self.text or self.text.endswith("\n") else self.newline
        body = self.newline.join(("---", *lines))
        return (Splice(end, end, f"{before}{body}{self.newline}"),)

    def nested_sequences(self) -> bool:
        """Whether the file indents a list below its key (as most do) or not."""
        for match in re.finditer(r"^([ ]*)[\w.\"'-]+:[ \t]*\r?\n([ ]*)- ", self.text, re.M):
            return len(match[2]) > len(match[1])
        return True


def _walk(node: Node, way: Way) -> Iterator[tuple[Way, Node]]:
    stack = [(way, node)]
    while stack:
        here, found = stack.pop()
        yield here, found
        children: list[tuple[Way, Node]] = []
        if found and found.is_mapping:
            children = [((*here, key), child) for key, child in found.entries() if child]
        elif found and found.is_sequence:
            children = [((*here, i), child) for i, child in enumerate(found.items())]
        stack.extend(reversed(children))
