"""Whether a text of a request is taken by a match of a route or policy: yes, no, or it depends on what is not known.

Shape: ``True``, ``False``, or ``None``. Holes in a path (``/v1/payments/{id}``) stand for one non-empty segment each,
``*`` for anything; a text ``None`` is not known at all.
Errors: none; an expression of a repository that may take long, or does not compile, leaves the answer open.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable

_QUANTIFIER = re.compile(r"[*+]|\{\d*,\d*\}")
_NESTED = re.compile(r"\)(?:[*+]|\{\d*,)")
_MAX_QUANTIFIERS = 4
_MAX_TEXT = 128
_MAX_OPEN = 1024
_MAX_HOLES = 6
_HOLE = re.compile(r"\{[^{}]*\}|\*")
#: What holes are filled with to try an expression: numbers, words, names with a dash, nothing that ends a segment.
_FILLINGS = ("1", "x", "a-b", "Z9_.~")

Answer = bool | None


def both(answers: Iterable[Answer]) -> Answer:
    """All of them: one no decides, one unknown leaves it open."""
    found = tuple(answers)
    return False if False in found else None if None in found else True


def either(answers: Iterable[Answer]) -> Answer:
    """Any of them."""
    found = tuple(answers)
    return True if True in found else None if None in found else False


def opposite(answer: Answer) -> Answer:
    """Not that one."""
    return None if answer is None else not answer


def taken(kind: str, wanted: str, text: str | None) -> Answer:
    """Whether a text is taken. ``kind``: exact, prefix, segments, suffix, contains, regex (whole text) or present."""
    if text is None:
        return None
    if kind == "segments":
        bare = wanted.rstrip("/")
        return either((taken("exact", bare or "/", text), taken("prefix", f"{bare}/", text)))
    if kind == "present":
        return True
    holes = len(_HOLE.findall(text))
    if holes > _MAX_HOLES or len(text) > _MAX_OPEN:
        return None
    if holes == 0:
        return _plain(kind, wanted, text)
    return _open(kind, wanted, text)


def _plain(kind: str, wanted: str, text: str) -> Answer:
    match kind:
        case "exact":
            return text == wanted
        case "prefix":
            return text.startswith(wanted)
        case "suffix":
            return text.endswith(wanted)
        case "contains":
            return wanted in text
        case _:
            return _regex(wanted, text)


def _open(kind: str, wanted: str, text: str) -> Answer:
    """A text with holes: what is before the first and after the last one decides, or every filling agrees."""
    head, tail = _HOLE.split(text)[0], _HOLE.split(text)[-1]
    if kind == "exact":
        return None if re.fullmatch(_filled(text), wanted) else False
    if kind == "prefix":
        if head.startswith(wanted):
            return True
        return None if wanted.startswith(head) and _may_begin(text, wanted) else False
    if kind == "suffix":
        return True if tail.endswith(wanted) else None
    if kind == "contains":
        return True if any(wanted in part for part in _HOLE.split(text)) else None
    if wanted in (".*", "/.*") and text.startswith("/"):
        return True
    answers = {_regex(wanted, _HOLE.sub(filling, text)) for filling in _FILLINGS}
    if answers == {True} and "*" not in text:
        return True
    literal = re.split(r"[\\.\[\](){}*+?|^$]", wanted.removeprefix("^"), maxsplit=1)[0]
    return None if literal.startswith(head) or head.startswith(literal[:-1]) else False


def _filled(text: str) -> str:
    """A text with holes as an expression: a hole is a segment, a ``*`` anything."""
    parts = re.split(r"(\{[^{}]*\}|\*)", text)
    return "".join(".*" if p == "*" else "[^/]+" if p.startswith("{") else re.escape(p) for p in parts)


def _may_begin(text: str, prefix: str) -> bool:
    """Whether some filling of the text begins with the prefix: the places in it up to which the text can lead."""
    places = {0}
    for part in re.split(r"(\{[^{}]*\}|\*)", text):
        if len(prefix) in places or (part == "*" and places):
            return True
        if part.startswith("{"):
            places = {end for place in places for end in _ends(prefix, place)}
            continue
        if any(part.startswith(prefix[place:]) for place in places):
            return True
        places = {place + len(part) for place in places if prefix.startswith(part, place)}
    return len(prefix) in places


def _ends(text: str, start: int) -> range:
    """Where a segment that begins at a place may end: it is not empty and holds no slash."""
    slash = text.find("/", start)
    return range(start + 1, (slash if slash >= 0 else len(text)) + 1)


def _regex(pattern: str, text: str) -> Answer:
    """RE2 on the whole text."""
    if len(text) > _MAX_TEXT or _NESTED.search(pattern) or len(_QUANTIFIER.findall(pattern)) > _MAX_QUANTIFIERS:
        return None
    try:
        with warnings.catch_warnings(action="ignore"):
            return re.fullmatch(pattern, text) is not None
    except (re.error, RecursionError, OverflowError):
        return None
