"""What a plain scalar means.

Source: YAML 1.1 as sigs.k8s.io/yaml reads it: ``yes`` and ``on`` are booleans, ``1_000`` and ``0x1f`` are numbers,
``22:30`` is a string.
"""

from __future__ import annotations

import math
import re

TRUE = frozenset(("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"))
FALSE = frozenset(("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"))
NULL = frozenset(("", "~", "null", "Null", "NULL"))
_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+|[-+]?0b[01_]+|[-+]?0o?[0-7_]+")
_NUMBER = re.compile(r"[-+]?(?:[0-9][0-9_]*\.?[0-9_]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")


def plain_type(value: str) -> str:
    """The type of a scalar without quotes, in words."""
    if value in NULL:
        return "null"
    if value in TRUE or value in FALSE:
        return "a boolean"
    return "a number" if _INTEGER.fullmatch(value) or _NUMBER.fullmatch(value) else "a string"


def whole(value: str) -> int | None:
    """The integer a scalar stands for: decimal, ``0x``, ``0o``, octal with a leading zero, or ``3.0``."""
    if len(value) > 40:
        return None
    if _INTEGER.fullmatch(value):
        return _integer(value.replace("_", ""))
    number = real(value)
    return int(number) if number is not None and number.is_integer() and abs(number) < 2**63 else None


def _integer(digits: str) -> int | None:
    try:
        return int(digits, 8 if re.fullmatch(r"[-+]?0[0-7]+", digits) else 0)
    except ValueError:
        return None


def real(value: str) -> float | None:
    """The finite number a scalar stands for."""
    if len(value) > 60 or not _NUMBER.fullmatch(value):
        return None
    number = float(value.replace("_", ""))
    return number if math.isfinite(number) else None
