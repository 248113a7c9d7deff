"""The functions that charts commonly use, on plain values; whatever depends on something unknown is unknown.

Source: Go text/template; sprig; Helm (``toYaml``, ``required``).
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Mapping

#: A plain value: what YAML holds, or ``UNKNOWN``.
Value = object

MAX_TEXT = 200_000


class _Unknown:
    """What only an installation decides."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN = _Unknown()

_PLAIN = re.compile(r"[A-Za-z_/][\w./-]*(?: [\w./-]+)*")
_WORDS = frozenset(["y", "n", "yes", "no", "on", "off", "true", "false", "null"])


def truth(value: Value) -> bool:
    """What counts as true: anything but false, nil, zero and what is empty."""
    return bool(value)


def shown(value: Value) -> Value:
    """What is written for a value; a mapping or a list is nothing that belongs into a manifest."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value) if isinstance(value, (str, int, float)) else UNKNOWN


def to_yaml(value: Value, indent: int = 0) -> str:
    """Block YAML of a plain value; text is quoted unless it can only be text."""
    pad = " " * indent
    if isinstance(value, Mapping) and value:
        return "\n".join(f"{pad}{_key(k)}:{_nested(v, indent + 2)}" for k, v in value.items())
    if isinstance(value, list) and value:
        return "\n".join(f"{pad}- {to_yaml(v, indent + 2).lstrip(' ')}" for v in value)
    return pad + _scalar(value)


def _nested(value: Value, indent: int) -> str:
    return "\n" + to_yaml(value, indent) if isinstance(value, (Mapping, list)) and value else " " + _scalar(value)


def _key(value: Value) -> str:
    return _scalar(str(value))


def _scalar(value: Value) -> str:
    if isinstance(value, str) and _PLAIN.fullmatch(value) and value.lower() not in _WORDS:
        return value
    return json.dumps(value, default=str)


def _quote(*values: Value) -> Value:
    texts = [shown(v) for v in values if v is not None]
    return " ".join(json.dumps(t, ensure_ascii=False) for t in texts) if UNKNOWN not in texts else UNKNOWN


def _single(*values: Value) -> Value:
    texts = [str(shown(v)).replace("'", "''") for v in values if v is not None]
    return " ".join(f"'{t}'" for t in texts)


def _indent(count: Value, text: Value) -> Value:
    if not isinstance(count, int) or not 0 <= count <= 200:
        return UNKNOWN
    return "\n".join(" " * count + line for line in str(text).split("\n"))


def _nindent(count: Value, text: Value) -> Value:
    found = _indent(count, text)
    return found if found is UNKNOWN else f"\n{found}"


def _printf(pattern: Value, *values: Value) -> Value:
    words = iter(values)

    def one(found: re.Match[str]) -> str:
        return "%" if found[0] == "%%" else str(shown(next(words, "")))

    verbs = re.findall(r"%[^%sdvtq]", str(pattern))
    return UNKNOWN if verbs else re.sub(r"%[%sdvt]", one, str(pattern).replace("%q", '"%s"'))


def _index(value: Value, *keys: Value) -> Value:
    for key in keys:
        if isinstance(value, Mapping):
            value = value.get(key)
        elif isinstance(value, list) and isinstance(key, int) and 0 <= key < len(value):
            value = value[key]
        else:
            return None
    return value


def _dictionary(*pairs: Value) -> Value:
    return {str(k): v for k, v in zip(pairs[::2], pairs[1::2], strict=False)}


def _merge(*maps: Value) -> Value:
    found: dict[object, Value] = {}
    for each in reversed(maps):
        if isinstance(each, Mapping):
            found = deep(found, each)
    return found


def deep(base: Mapping[object, Value], over: Mapping[object, Value]) -> dict[object, Value]:
    """``over`` laid over ``base``, mapping into mapping."""
    found = dict(base)
    for key, value in over.items():
        below = found.get(key)
        found[key] = deep(below, value) if isinstance(below, Mapping) and isinstance(value, Mapping) else value
    return found


def _integer(value: Value) -> int:
    try:
        return int(float(str(value)))
    except (ValueError, OverflowError):
        return 0


def _equal(value: Value, *others: Value) -> Value:
    """Go refuses to compare what is not set with what is."""
    if any((value is None) is not (other is None) for other in others):
        return UNKNOWN
    return any(value == other for other in others)


def _ordered(compare: Callable[[float, float], bool]) -> Callable[..., Value]:
    def function(a: Value, b: Value) -> Value:
        return compare(a, b) if isinstance(a, (int, float)) and isinstance(b, (int, float)) else UNKNOWN

    return function


def _trunc(size: Value, text: Value) -> Value:
    if not isinstance(size, int):
        return UNKNOWN
    return str(text)[:size] if size >= 0 else str(text)[size:]


def _without(value: Value, *keys: Value) -> Value:
    return {k: v for k, v in value.items() if k not in keys} if isinstance(value, Mapping) else UNKNOWN


def _only(value: Value, *keys: Value) -> Value:
    return {k: v for k, v in value.items() if k in keys} if isinstance(value, Mapping) else UNKNOWN


def _kind_is(kind: Value, value: Value) -> Value:
    kinds: dict[object, object] = {
        "string": str, "map": Mapping, "slice": list, "bool": bool, "float64": (int, float), "int": int,
    }  # fmt: skip
    wanted = kinds.get(kind)
    return isinstance(value, wanted) if isinstance(wanted, (type, tuple)) else value is None and kind == "invalid"


def _first(value: Value) -> Value:
    return value[0] if isinstance(value, list) and value else None


def _last(value: Value) -> Value:
    return value[-1] if isinstance(value, list) and value else None


def _join(between: Value, value: Value) -> Value:
    return str(between).join(str(shown(v)) for v in value) if isinstance(value, list) else shown(value)


FUNCTIONS: Mapping[str, Callable[..., Value]] = {
    "add": lambda *v: sum(_integer(x) for x in v),
    "b64enc": lambda v: base64.b64encode(str(v).encode()).decode(),
    "concat": lambda *v: [x for each in v if isinstance(each, list) for x in each],
    "contains": lambda part, text: str(part) in str(text),
    "deepCopy": lambda v: v,
    "dict": _dictionary,
    "empty": lambda v: not truth(v),
    "eq": _equal,
    "first": _first,
    "ge": _ordered(lambda a, b: a >= b),
    "get": lambda v, key: _index(v, key) if _index(v, key) is not None else "",
    "gt": _ordered(lambda a, b: a > b),
    "hasKey": lambda v, key: isinstance(v, Mapping) and key in v,
    "hasPrefix": lambda part, text: str(text).startswith(str(part)),
    "hasSuffix": lambda part, text: str(text).endswith(str(part)),
    "indent": _indent,
    "index": _index,
    "int": _integer,
    "int64": _integer,
    "join": _join,
    "keys": lambda v: list(v) if isinstance(v, Mapping) else UNKNOWN,
    "kindIs": _kind_is,
    "last": _last,
    "le": _ordered(lambda a, b: a <= b),
    "len": lambda v: len(v) if isinstance(v, (str, list, Mapping)) else UNKNOWN,
    "list": lambda *v: list(v),
    "lower": lambda v: str(v).lower(),
    "lt": _ordered(lambda a, b: a < b),
    "merge": _merge,
    "mergeOverwrite": lambda *v: _merge(*reversed(v)),
    "ne": lambda a, b: UNKNOWN if _equal(a, b) is UNKNOWN else a != b,
    "nindent": _nindent,
    "not": lambda v: not truth(v),
    "omit": _without,
    "pick": _only,
    "print": lambda *v: "".join(str(shown(x)) for x in v),
    "printf": _printf,
    "quote": _quote,
    "replace": lambda old, new, text: str(text).replace(str(old), str(new)),
    "required": lambda _message, v: v,
    "squote": _single,
    "splitList": lambda by, text: str(text).split(str(by)) if by else UNKNOWN,
    "ternary": lambda yes, no, condition: yes if truth(condition) else no,
    "title": lambda v: str(v).title(),
    "toJson": lambda v: json.dumps(v, default=str),
    "toString": shown,
    "toYaml": to_yaml,
    "trim": lambda v: str(v).strip(),
    "trimAll": lambda chars, v: str(v).strip(str(chars)),
    "trimPrefix": lambda part, v: str(v).removeprefix(str(part)),
    "trimSuffix": lambda part, v: str(v).removesuffix(str(part)),
    "trunc": _trunc,
    "typeIs": _kind_is,
    "uniq": lambda v: list(dict.fromkeys(v)) if isinstance(v, list) else UNKNOWN,
    "upper": lambda v: str(v).upper(),
}
