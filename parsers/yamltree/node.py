"""One value of a YAML document, as dialects read it.

``Node`` is a null object: a missing (or null) key is a falsy node, so that a dialect reads a path without guarding each
step. A node remembers which keys were read; ``problems`` reports the rest, so that no field is ignored by accident.
Errors: none; a value of the wrong type is recorded, and read as its default.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode
from ruamel.yaml.nodes import Node as RawNode

from parsers.diagnostics import Code, Diagnostic
from parsers.facts import Labels
from parsers.source import SourceFile, Span
from parsers.yamltree.composing import Place, Source, compose, is_null, short
from parsers.yamltree.typed import Typed

# ruff: noqa: SLF001 -- a node looks into its children, which are nodes


def documents(
    file: SourceFile, wanted: re.Pattern[str] | None = None, place: Place | None = None
) -> Iterator[Node | Diagnostic]:
    """Yield the root of each document in which ``wanted`` is found, or why it cannot be read.

    ``place`` maps a line and a column of ``file.text`` (from 0) to those of the file as written, where they differ.
    """
    for document in compose(file, wanted, place):
        yield document if isinstance(document, Diagnostic) else Node(document.raw, document.source)


#: What most nodes have: no children asked for, none ignored. Shared, and replaced before anything is put in.
_NONE: dict[str, Node] = {}
_NOTHING: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Way:
    """The step that leads to a value, after those before it. No node knows the one around it: without cycles, what one
    document needed is freed before the next is read.
    """

    before: Way | None
    name: str


_ROOT = Way(None, "$")


class Node(Typed):
    """One value of a document, or the lack of one."""

    __slots__ = ("_children", "_fields", "_key", "_near", "_way")

    def __init__(
        self,
        raw: RawNode | None,
        source: Source,
        way: Way = _ROOT,
        near: RawNode | None = None,
        key: RawNode | None = None,
    ) -> None:
        self._raw = raw
        self._source = source
        self._way = way
        self._near = near if raw is None else raw
        self._key = key
        self._children: dict[str, Node] = _NONE
        self._fields: dict[str, tuple[RawNode, RawNode]] | None = None
        self._ignored: frozenset[str] | None = _NOTHING

    # ------------------------------------------------------------------------------------------------ where it stands

    def __bool__(self) -> bool:
        """True where a value other than null is written."""
        return self._raw is not None

    @property
    def path(self) -> str:
        return self._source.path

    @property
    def route(self) -> str:
        """The way from the root: ``$.spec.http[0].retries``."""
        names: list[str] = []
        way: Way | None = self._way
        while way is not None:
            names.append(way.name)
            way = way.before
        return "".join(reversed(names))

    @property
    def span(self) -> Span:
        """The value's span; where there is none, that of the nearest value around it."""
        return self._source.point(0, 0) if self._near is None else self._span_of(self._near)

    @property
    def key_span(self) -> Span:
        """The span of the key that leads here; of the value where there is no key."""
        return self.span if self._key is None else self._span_of(self._key)

    def _span_of(self, raw: RawNode) -> Span:
        """From its first character to its last: a block's own end mark stands at what follows it."""
        last = raw
        while isinstance(last, (MappingNode, SequenceNode)) and not last.flow_style and last.value:
            tail = last.value[-1]
            tail = tail[1] if isinstance(tail, tuple) else tail
            if tail.start_mark.index <= last.start_mark.index:  # an alias: what it means stands elsewhere
                break
            last = tail
        start, end = raw.start_mark, last.end_mark
        return self._source.span(start.line, start.column, end.line, end.column)

    # ---------------------------------------------------------------------------------------------------- going down

    def at(self, *keys: str) -> Node:
        """The value under ``keys``, one below the other; a falsy node where there is none."""
        node = self
        for key in keys:
            node = node._at(key)
        return node

    def _at(self, key: str) -> Node:
        child = self._children.get(key)
        if child is not None:
            return child
        found = self._mapping().get(key) if self._raw is not None else None
        if found is None:
            return Node(
                None, self._source, Way(self._way, f".{key}"), self._near
            )  # nothing written: nothing to keep account of
        raw = None if is_null(found[1]) else found[1]
        child = Node(raw, self._source, Way(self._way, f".{key}"), self._near, found[0])
        if self._children is _NONE:
            self._children = {}
        self._children[key] = child
        return child

    def items(self) -> Iterator[Node]:
        """Each element of a sequence; nothing for a missing node."""
        if isinstance(self._raw, SequenceNode):
            for i, raw in enumerate(self._raw.value):
                if not self._source.may_visit(lambda: self.span):
                    return
                if self._children is _NONE:
                    self._children = {}
                yield self._children.setdefault(str(i), Node(raw, self._source, Way(self._way, f"[{i}]")))
        elif self._raw is not None:
            self._wrong_type("a sequence")

    def entries(self) -> Iterator[tuple[str, Node]]:
        """Each key of a mapping with its value, in the order written; every one of them counts as read."""
        if self._raw is not None:
            for key in self._mapping():
                if not self._source.may_visit(lambda: self.span):
                    return
                yield key, self._at(key)

    def names(self) -> Iterator[tuple[str, Span]]:
        """Each key of a mapping with its span; none of them counts as read."""
        if isinstance(self._raw, MappingNode):
            for name, (key, _) in self._mapping().items():
                yield name, self._span_of(key)

    def has(self, key: str) -> bool:
        """True where ``key`` is written, be its value null."""
        return isinstance(self._raw, MappingNode) and key in self._mapping()

    @property
    def is_mapping(self) -> bool:
        return isinstance(self._raw, MappingNode)

    @property
    def is_sequence(self) -> bool:
        return isinstance(self._raw, SequenceNode)

    @property
    def is_scalar(self) -> bool:
        return isinstance(self._raw, ScalarNode)

    def ignore(self, *keys: str) -> None:
        """State that ``keys`` cannot change any analysis of ours."""
        if self._ignored is not None:
            self._ignored |= frozenset(keys)

    def ignore_rest(self) -> None:
        """State that nothing else under this node can change any analysis of ours."""
        self._ignored = None

    def alone(self, **lent: Node) -> Node:
        """The same value as the root of a document of its own: an item of a ``List``. ``lent``: keys it leaves out."""
        root = Node(self._raw, self._source.fresh())
        for name, node in lent.items():
            if not self.has(name) and node._raw is not None:
                root._children = {} if root._children is _NONE else root._children
                root._children[name] = Node(node._raw, root._source, Way(root._way, f".{name}"))
        return root

    def replaced(self, text: str) -> Node:
        """The same place with another text."""
        raw = self._raw
        mark = (raw.start_mark, raw.end_mark) if raw is not None else (None, None)
        return Node(ScalarNode("", text, *mark), self._source, self._way, None, self._key)

    def strings(self) -> tuple[str, ...]:
        """A sequence of strings; empty where there is none."""
        return tuple(value for item in self.items() if (value := item.text(None)) is not None)

    def labels(self) -> Labels:
        """A mapping of strings; empty where there is none."""
        return Labels({key: value.text("") for key, value in self.entries()})

    def embedded(self) -> Iterator[Node | Diagnostic]:
        """The documents inside a text (a ConfigMap's ``mesh: |``); spans are exact inside a literal block."""
        value = self._scalar("a text")
        if value is not None and self._raw is not None:
            yield from documents(SourceFile(self.path, value), place=self._inner_place(value))

    def _inner_place(self, value: str) -> Place:
        raw, outer = self._raw, self._source
        assert isinstance(raw, ScalarNode)
        start = raw.start_mark
        if raw.style != "|":
            return lambda _line, _column: outer.place(start.line, start.column)
        lines = outer.text.split("\n", start.line + 2)
        first, written = value.partition("\n")[0], lines[start.line + 1] if len(lines) > start.line + 1 else ""
        indent = max(0, len(written.rstrip("\r")) - len(first))
        return lambda line, column: outer.place(start.line + 1 + line, indent + column)

    # ------------------------------------------------------------------------------------------------------ problems

    def problems(self) -> Iterator[Diagnostic]:
        """Everything met on the way, then every key that nobody read. Reading calls it after the dialects."""
        unread = tuple(self._unread())
        yield from self._source.problems
        yield from unread

    def _unread(self) -> Iterator[Diagnostic]:
        if self._ignored is None:
            return
        if isinstance(self._raw, MappingNode):
            for name, (key, value) in self._mapping().items():
                child = self._children.get(name)
                if child is not None:
                    yield from child._unread()
                elif name not in self._ignored and not is_null(value):
                    yield Diagnostic.at(self._span_of(key), Code.UNKNOWN_FIELD, field=f"{self.route}.{name}")
        else:
            for child in self._children.values():
                yield from child._unread()

    # ------------------------------------------------------------------------------------------------------- inside

    def _mapping(self) -> dict[str, tuple[RawNode, RawNode]]:
        if self._fields is None:
            self._fields = {}
            if isinstance(self._raw, MappingNode):
                self._fields = self._merged(self._raw, ())
            elif self._raw is not None:
                self._wrong_type("a mapping")
        return self._fields

    def _merged(self, raw: MappingNode, within: tuple[int, ...]) -> dict[str, tuple[RawNode, RawNode]]:
        """Keys as written, the last one of equals; then what ``<<`` brings for the others."""
        own: dict[str, tuple[RawNode, RawNode]] = {}
        merges: list[MappingNode] = []
        for key, value in raw.value:
            if not isinstance(key, ScalarNode):
                self._odd_key(key)
            elif key.value == "<<" and not key.style:
                merges += _mappings_of(value)
            else:
                if key.value in own and not within:
                    self._source.report(
                        self._span_of(key), Code.DUPLICATE_KEY, field=f"{self.route}.{short(key.value)}"
                    )
                own[key.value] = (key, value)
        for other in merges:
            if id(other) not in within and len(within) < 8 and self._source.may_visit(lambda: self.span):
                own = {**self._merged(other, (*within, id(raw))), **own}
        return own

    def _odd_key(self, key: RawNode) -> None:
        if self._source.templated:
            self._source.report(
                self._span_of(key), Code.TEMPLATE, detail="{{ }} outside quotes; its value is not known"
            )
        else:
            self._source.report(self._span_of(key), Code.UNKNOWN_FIELD, field=f"{self.route}.?")


def _mappings_of(value: RawNode) -> list[MappingNode]:
    """What a merge key names: one mapping, or several of which the first wins."""
    if isinstance(value, MappingNode):
        return [value]
    return [v for v in value.value if isinstance(v, MappingNode)] if isinstance(value, SequenceNode) else []
