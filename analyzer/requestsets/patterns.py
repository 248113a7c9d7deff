"""Patterns of strings, as policies write them: exact, prefix, suffix, globs, path templates, identities.

Shape: a ``Pattern`` is a kind and a value, hashable and cheap; ``matches`` holds a string against it,
``ways`` writes it out as sequences of items for the automaton in ``classes``.
Source: envoyproxy/envoy source/extensions/path/uri_template_lib (characters of a template's operators), with ``*``
added as measured on Envoy 1.40.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

#: Characters that ``{*}`` takes: everything printable that a normalised path can hold, except brackets and slashes.
TEMPLATE_CHARS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~%!$&'()*+,;:@=")
#: What stands in a hole of an operation's path: an identifier, not somebody's attack.
HOLE_CHARS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_")

#: ``/v1/payments/{id}``: a hole is in braces and takes one segment; ``{rest:path}`` and ``*`` take any number.
HOLE = re.compile(r"\{[^{}/]*\}|\*")


@dataclass(frozen=True, slots=True)
class Glyphs:
    """A set of characters, or everything but them."""

    chars: frozenset[str]
    negated: bool = False

    def __contains__(self, char: str) -> bool:
        return (char in self.chars) is not self.negated


ANY_CHAR = Glyphs(frozenset(), negated=True)


@dataclass(frozen=True, slots=True)
class Item:
    """One character of a set; ``star``: any number of them."""

    glyphs: Glyphs
    star: bool = False


Way = tuple[Item, ...]

ANYTHING: Way = (Item(ANY_CHAR, star=True),)
SOMETHING: Way = (Item(ANY_CHAR), Item(ANY_CHAR, star=True))


@dataclass(frozen=True, slots=True)
class Pattern:
    """Strings by ``kind``: exact, prefix, suffix, any, some, glob, template, holes, account or domain.

    ``ignore_case`` compares in lower case; the value is then lower case already.
    """

    kind: str
    value: str = ""
    ignore_case: bool = False

    def matches(self, text: str) -> bool:
        """Whether the whole text is one of the pattern's strings."""
        if self.ignore_case:
            text = text.lower()
        match self.kind:
            case "exact":
                return text == self.value
            case "prefix":
                return text.startswith(self.value)
            case "suffix":
                return text.endswith(self.value)
            case "any":
                return True
            case _:
                return _compiled(self).fullmatch(text) is not None

    def __str__(self) -> str:
        match self.kind:
            case "prefix":
                return f"{self.value}*"
            case "suffix":
                return f"*{self.value}"
            case "any" | "some":
                return "*"
            case _:
                return self.value


ANY = Pattern("any")
SOME = Pattern("some")


def exact(value: str) -> Pattern:
    """Only this string."""
    return Pattern("exact", value)


def folded(pattern: Pattern) -> Pattern:
    """The same, without regard to case."""
    return Pattern(pattern.kind, pattern.value.lower(), ignore_case=True)


def starred(value: str, present: Pattern = SOME) -> Pattern:
    """Exact, ``pre*``, ``*suf`` or ``*`` (``present``); a leading star is tested first, a star inside is a literal.

    Source: istio/istio pilot/pkg/security/authz/matcher/string.go:100-116.
    """
    if value == "*":
        return present
    if value.startswith("*"):
        return Pattern("suffix", value[1:])
    if value.endswith("*"):
        return Pattern("prefix", value[:-1])
    return Pattern("exact", value)


@lru_cache(maxsize=65536)
def ways(pattern: Pattern) -> tuple[Way, ...]:
    """The pattern as alternatives of item sequences."""
    value = pattern.value
    match pattern.kind:
        case "exact":
            return (_literal(value),)
        case "prefix":
            return (_literal(value) + ANYTHING,)
        case "suffix":
            return (ANYTHING + _literal(value),)
        case "any":
            return (ANYTHING,)
        case "some":
            return (SOMETHING,)
        case "glob":
            return (_joined(value.split("*"), ANYTHING),)
        case "template":
            return (_template(value),)
        case "holes":
            return (_holes(value),)
        case "account":
            return _account(value)
        case "domain":
            label: Way = (Item(Glyphs(frozenset("/"), negated=True), star=True),)
            return (_joined(value.split("*", 1), label) + _literal("/") + ANYTHING,)
        case _:
            raise ValueError(f"no such kind of pattern: {pattern.kind}")


def _literal(text: str) -> Way:
    return tuple(Item(Glyphs(frozenset(c))) for c in text)


def _run(chars: frozenset[str]) -> Way:
    return (Item(Glyphs(chars)), Item(Glyphs(chars), star=True))


def _joined(parts: Iterable[str], between: Way) -> Way:
    found: Way = ()
    for index, part in enumerate(parts):
        found += (between if index else ()) + _literal(part)
    return found


def _holes(value: str) -> Way:
    found: Way = ()
    end = 0
    for hole in HOLE.finditer(value):
        several = hole[0] == "*" or hole[0].endswith(":path}")
        found += _literal(value[end : hole.start()]) + _run(HOLE_CHARS | {"/"} if several else HOLE_CHARS)
        end = hole.end()
    return found + _literal(value[end:])


def _template(value: str) -> Way:
    """``{*}`` is a run of path characters, ``{**}`` any number of them and of slashes; a plain ``*`` beside them too.

    Source: istio/istio pilot/pkg/security/authz/matcher/template.go (braces become stars).
    """
    found: Way = ()
    for part in re.split(r"(\*\*|\*)", value.replace("{*}", "*").replace("{**}", "**")):
        if part == "**":
            found += (Item(Glyphs(TEMPLATE_CHARS | {"/"}), star=True),)
        elif part == "*":
            found += _run(TEMPLATE_CHARS)
        else:
            found += _literal(part)
    return found


def _account(value: str) -> tuple[Way, ...]:
    """Identities of the service account ``ns/sa``, whatever the trust domain and whatever else the identity holds.

    Source: istio/istio pilot/pkg/security/authz/model/generator.go (serviceAccountRegex).
    """
    namespace, _, account = value.partition("/")
    head = SOMETHING + _literal(f"/ns/{namespace}/")
    tail = _literal(f"sa/{account}")
    more: Way = _literal("/") + SOMETHING
    inner: Way = SOMETHING + _literal("/")
    return (head + tail, head + tail + more, head + inner + tail, head + inner + tail + more)


@lru_cache(maxsize=65536)
def _compiled(pattern: Pattern) -> re.Pattern[str]:
    return re.compile("|".join("".join(_item(i) for i in way) for way in ways(pattern)), re.DOTALL)


def _item(item: Item) -> str:
    chars = "".join(re.escape(c) for c in sorted(item.glyphs.chars))
    if item.glyphs.negated:
        text = f"[^{chars}]" if chars else "."
    else:
        text = chars if len(item.glyphs.chars) == 1 else f"[{chars}]"
    return text + ("*" if item.star else "")
