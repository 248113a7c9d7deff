"""A template tree evaluated with values; what is unknown is left standing, and noted.

Shape: text, and for each of its lines the line of the template that it comes from.
Errors: ``TemplateError`` where a bound is passed; nothing is ever executed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from parsers.helm.functions import FUNCTIONS, MAX_TEXT, UNKNOWN, Value, shown, truth
from parsers.helm.syntax import (
    Access,
    Apply,
    Choice,
    Define,
    Expression,
    Literal,
    Output,
    Part,
    Range,
    TemplateError,
    Text,
    parse,
)

MAX_STEPS = 200_000
MAX_OUTPUT = 3_000_000
MAX_INCLUDES = 40

#: Resources that say who may talk to whom and how: read even where the default values leave them out, and reported,
#: because nobody writes a policy into a chart for it to stay off.
_POLICY = re.compile(
    r"^kind:\s*(?:AuthorizationPolicy|NetworkPolicy|PeerAuthentication|RequestAuthentication|VirtualService"
    r"|DestinationRule|Sidecar|ServiceEntry|CiliumNetworkPolicy|Server|ServerAuthorization|HTTPRoute|GRPCRoute)\s*$",
    re.M,
)
_OBJECT = re.compile(r"^kind:\s*\S", re.M)
_LEFT = "{{ unknown }}"


@dataclass(frozen=True, slots=True)
class Note:
    """Something about the rendering that the reader of the result must know, at an offset of the template."""

    at: int
    text: str


@dataclass(slots=True)
class Renderer:
    """Evaluates one file's template; local to one rendering."""

    text: str
    defines: Mapping[str, tuple[Part, ...]]
    root: Mapping[str, Value]
    notes: list[Note] = field(default_factory=list)
    _steps: int = 0
    _depth: int = 0
    _size: int = 0

    def render(self, parts: tuple[Part, ...]) -> tuple[str, tuple[int, ...]]:
        """The text, and the template's line (from 0) of each of its lines."""
        starts = [0, *(m.end() for m in re.finditer("\n", self.text))]
        lines = _Lines(starts)
        for at, piece, literal in self._parts(parts, self.root, {"$": self.root}):
            lines.add(at, piece, literal=literal)
        return lines.result()

    def _parts(self, parts: tuple[Part, ...], dot: Value, names: dict[str, Value]) -> Iterator[tuple[int, str, bool]]:
        for part in parts:
            self._count()
            match part:
                case Text(at, text):
                    yield at, self._sized(text), True
                case Output(at, expression, variable):
                    yield from self._output(at, expression, variable, dot, names)
                case Choice():
                    yield from self._choice(part, dot, names)
                case Range():
                    yield from self._range(part, dot, names)
                case Define():
                    pass

    def _output(
        self, at: int, expression: Expression, variable: str | None, dot: Value, names: dict[str, Value]
    ) -> Iterator[tuple[int, str, bool]]:
        value = self._value(expression, dot, names)
        if variable is not None:
            names[variable] = value
            return
        written = UNKNOWN if value is UNKNOWN else shown(value)
        if written is UNKNOWN:
            self.notes.append(Note(at, "a value that only an installation decides"))
        yield at, _LEFT if not isinstance(written, str) else self._sized(written), False

    def _choice(self, part: Choice, dot: Value, names: dict[str, Value]) -> Iterator[tuple[int, str, bool]]:
        value = self._value(part.condition, dot, names)
        inner = dict(names) if part.variable is None else {**names, part.variable: value}
        holds = truth(value)
        if value is UNKNOWN:
            self.notes.append(Note(part.at, "a condition that only an installation decides, taken to hold"))
        elif not holds and _only_policies(part):
            self.notes.append(Note(part.at, "a policy that these leave out is read as if it were switched on"))
            holds, value = True, dot
        inside = value if part.word == "with" and holds else dot
        yield from self._parts(part.then if holds else part.orelse, inside, inner)
        for name in names:
            names[name] = inner[name]

    def _range(self, part: Range, dot: Value, names: dict[str, Value]) -> Iterator[tuple[int, str, bool]]:
        over = self._value(part.over, dot, names)
        if over is UNKNOWN:
            self.notes.append(Note(part.at, "a list that only an installation decides, taken as empty"))
        pairs = (
            sorted(over.items(), key=lambda pair: str(pair[0])) if isinstance(over, Mapping)
            else list(enumerate(over)) if isinstance(over, list)
            else []
        )  # fmt: skip
        for key, value in pairs:
            bound = dict(zip(part.variables, (key, value) if len(part.variables) > 1 else (value,), strict=False))
            yield from self._parts(part.body, value, {**names, **bound})
        if not pairs:
            yield from self._parts(part.orelse, dot, dict(names))

    def _value(self, expression: Expression, dot: Value, names: dict[str, Value]) -> Value:
        self._count()
        match expression:
            case Literal(value):
                return value
            case Access(base, fields):
                if base is None or isinstance(base, str):
                    return _fields(dot if base is None else names.get(base), fields)
                return _fields(self._value(base, dot, names), fields)
            case Apply(function, arguments):
                return self._apply(function, arguments, dot, names)

    def _apply(self, function: str, arguments: tuple[Expression, ...], dot: Value, names: dict[str, Value]) -> Value:
        values = [self._value(a, dot, names) for a in arguments]
        match function:
            case "and" | "or":
                return _logic(values, stop=function == "or")
            case "default" if len(values) == 2:
                return UNKNOWN if values[1] is UNKNOWN else values[1] if truth(values[1]) else values[0]
            case "coalesce":
                return next((v for v in values if v is UNKNOWN or truth(v)), None)
            case "include" if len(values) >= 1:
                return self._included(self.defines.get(str(values[0])), values[1] if len(values) > 1 else None)
            case "tpl" if len(values) == 2:
                return self._templated(values[0], values[1])
        known = FUNCTIONS.get(function)
        if known is None or any(v is UNKNOWN for v in values):
            return UNKNOWN
        try:
            found = known(*values)
        except (TypeError, ValueError, RecursionError):
            return UNKNOWN
        return UNKNOWN if isinstance(found, str) and len(found) > MAX_TEXT else found

    def _templated(self, text: Value, dot: Value) -> Value:
        if not isinstance(text, str) or "{{" not in text:
            return text
        try:
            return self._included(parse(text), dot)
        except TemplateError:
            return UNKNOWN

    def _included(self, body: tuple[Part, ...] | None, dot: Value) -> Value:
        if body is None or self._depth >= MAX_INCLUDES:
            return UNKNOWN
        self._depth += 1
        before = len(self.notes)
        try:
            text = "".join(piece for _, piece, _ in self._parts(body, dot, {"$": dot}))
        finally:
            self._depth -= 1
        unknown = len(self.notes) > before
        del self.notes[before:]  # they stand in another file; the place that includes it is reported instead
        return UNKNOWN if unknown else text

    def _count(self) -> None:
        self._steps += 1
        if self._steps > MAX_STEPS:
            raise TemplateError("too many steps")

    def _sized(self, text: str) -> str:
        self._size += len(text)
        if self._size > MAX_OUTPUT:
            raise TemplateError("too much output")
        return text


def _fields(value: Value, fields: tuple[str, ...]) -> Value:
    for name in fields:
        if value is UNKNOWN:
            return UNKNOWN
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _logic(values: list[Value], *, stop: bool) -> Value:
    """``or`` stops at the first true value, ``and`` at the first false one; one that is known decides."""
    for value in values:
        if value is not UNKNOWN and truth(value) is stop:
            return value
    return UNKNOWN if any(v is UNKNOWN for v in values) else values[-1] if values else None


def _only_policies(part: Choice) -> bool:
    """True for a switch around whole policies and nothing else."""
    body = "".join(_texts(part.then))
    return not part.orelse and bool(_POLICY.search(body)) and len(_OBJECT.findall(body)) == len(_POLICY.findall(body))


def _texts(parts: tuple[Part, ...]) -> Iterator[str]:
    for part in parts:
        match part:
            case Text(_, text):
                yield text
            case Output():
                yield "x"
            case Choice(_, _, _, _, then, orelse):
                yield from _texts((*then, *orelse))
            case Range(_, _, _, body, _):
                yield from _texts(body)


class _Lines:
    """Output put together, remembering where each line comes from; local to one rendering."""

    def __init__(self, starts: list[int]) -> None:
        self._starts = starts
        self._texts: list[str] = [""]
        self._from: list[int | None] = [None]

    def add(self, at: int, piece: str, *, literal: bool) -> None:
        line = _line(self._starts, at)
        if piece == _LEFT:
            piece = self._left()
        for i, fragment in enumerate(piece.split("\n")):
            if i:
                self._texts.append("")
                self._from.append(None)
            if fragment and self._from[-1] is None:
                self._from[-1] = line + i if literal else line
            self._texts[-1] += fragment

    def _left(self) -> str:
        """How something unknown is written: nothing on a line of its own, in quotes as a value, as it is in a text."""
        before = self._texts[-1].strip()
        return "" if not before else f"'{_LEFT}'" if before.endswith((":", "-")) else _LEFT

    def result(self) -> tuple[str, tuple[int, ...]]:
        lines: list[int] = []
        for found in self._from:
            lines.append(found if found is not None else lines[-1] if lines else 0)
        return "\n".join(self._texts), tuple(lines)


def _line(starts: list[int], at: int) -> int:
    low, high = 0, len(starts)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if starts[middle] <= at else (low, middle)
    return low
