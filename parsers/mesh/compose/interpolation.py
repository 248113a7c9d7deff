"""``${VAR:-default}`` in compose files.

Source: compose-spec, "Interpolation": ``$$`` is a dollar; ``:`` also takes an empty value for unset.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_VARIABLE = re.compile(r"\$(?:(\$)|\{([A-Za-z_]\w*)(?:(:?[-?+])((?:[^{}$]|\$\{[^{}]*\}|\$)*))?\}|([A-Za-z_]\w*))")
_MAX_DEPTH = 4


class UnsetError(Exception):
    """A variable has neither a value nor a default."""


def interpolate(text: str, known: Mapping[str, str], depth: int = 0) -> str:
    """Replace each variable; ``UnsetError`` where one has no value."""
    return _VARIABLE.sub(lambda found: _value(found, known, depth), text) if "$" in text else text


def _value(found: re.Match[str], known: Mapping[str, str], depth: int) -> str:
    if found[1]:
        return "$"
    name, operator, word = found[2] or found[5], found[3] or "", found[4] or ""
    value = known.get(name)
    is_set = bool(value) if operator.startswith(":") else value is not None
    if operator.endswith("+"):
        return _word(word, known, depth) if is_set else ""
    if is_set:
        return value or ""
    if operator.endswith("-"):
        return _word(word, known, depth)
    raise UnsetError(name)


def _word(word: str, known: Mapping[str, str], depth: int) -> str:
    return interpolate(word, known, depth + 1) if depth < _MAX_DEPTH else word
