"""Conditions over a request's attributes, and what is left of them when some attributes are known.

Shape: ``True``/``False``, a ``Match`` (an attribute against patterns), ``Every`` (and) or ``Either`` (or); built by
``every`` and ``either``, which keep them small. Attributes: see ``domains``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from analyzer.requestsets.patterns import Pattern


@dataclass(frozen=True, slots=True)
class Match:
    """The attribute has a value that one of the patterns matches; ``negated``: it has none such."""

    attribute: str
    patterns: tuple[Pattern, ...]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Every:
    """All parts hold."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Either:
    """At least one part holds."""

    parts: tuple[Condition, ...]


Condition = bool | Match | Every | Either

#: What an attribute is known to be: its values (a header may have several; none: it is absent).
Values = tuple[str, ...]


def every(parts: Iterable[Condition]) -> Condition:
    """All of the parts; nothing more than it takes to say so."""
    kept: dict[Condition, None] = {}
    for part in parts:
        if part is False:
            return False
        for piece in part.parts if isinstance(part, Every) else (part,):
            if piece is not True:
                kept[piece] = None
    return next(iter(kept)) if len(kept) == 1 else Every(tuple(kept)) if kept else True


def either(parts: Iterable[Condition]) -> Condition:
    """One of the parts; nothing more than it takes to say so."""
    kept: dict[Condition, None] = {}
    for part in parts:
        if part is True:
            return True
        for piece in part.parts if isinstance(part, Either) else (part,):
            if piece is not False:
                kept[piece] = None
    return next(iter(kept)) if len(kept) == 1 else Either(tuple(kept)) if kept else False


def negation(condition: Condition) -> Condition:
    """The condition that holds exactly where this one does not."""
    match condition:
        case bool():
            return not condition
        case Match():
            return Match(condition.attribute, condition.patterns, not condition.negated)
        case Every():
            return either(negation(p) for p in condition.parts)
        case Either():
            return every(negation(p) for p in condition.parts)


def given(condition: Condition, known: Mapping[str, Values]) -> Condition:
    """What is left of the condition when these attributes are known."""
    match condition:
        case bool():
            return condition
        case Match():
            values = known.get(condition.attribute)
            if values is None:
                return condition
            return any(p.matches(v) for p in condition.patterns for v in values) is not condition.negated
        case Every():
            return every(given(p, known) for p in condition.parts)
        case Either():
            return either(given(p, known) for p in condition.parts)


def of_class(condition: Condition, attribute: str, accepted: frozenset[Pattern]) -> Condition:
    """What is left when the attribute's value is known to match exactly these of the patterns in play."""
    match condition:
        case bool():
            return condition
        case Match():
            if condition.attribute != attribute:
                return condition
            return any(p in accepted for p in condition.patterns) is not condition.negated
        case Every():
            return every(of_class(p, attribute, accepted) for p in condition.parts)
        case Either():
            return either(of_class(p, attribute, accepted) for p in condition.parts)


def matches(condition: Condition) -> Iterator[Match]:
    """Every ``Match`` inside, in order, repeated ones too."""
    match condition:
        case Match():
            yield condition
        case Every() | Either():
            for part in condition.parts:
                yield from matches(part)


@lru_cache(maxsize=4096)
def attributes(condition: Condition) -> tuple[str, ...]:
    """The attributes the condition looks at, in the order they are best asked for."""
    return tuple(sorted({m.attribute for m in matches(condition)}, key=_order))


_FIRST = ("principal", "port", "method", "path", "host")


def _order(attribute: str) -> tuple[int, str]:
    return (_FIRST.index(attribute) if attribute in _FIRST else len(_FIRST), attribute)


def patterns_of(condition: Condition, attribute: str) -> tuple[Pattern, ...]:
    """The patterns that the attribute is held against, each once."""
    found = (p for m in matches(condition) if m.attribute == attribute for p in m.patterns)
    return tuple(dict.fromkeys(found))
