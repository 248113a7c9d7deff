"""Operators on values: arithmetic, texts, comparisons, items of collections.

Source: The Python Language Reference, section 6.
Shape: pure functions of values; ``None`` where the result is not known.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from typing import TypeGuard

from parsers.facts.python import EnvVar
from parsers.python import conditions
from parsers.python.conditions import as_test
from parsers.python.value import (
    MAX_OPTIONS,
    NONE,
    Default,
    Either,
    Failure,
    Items,
    Known,
    Made,
    Outcome,
    Reply,
    Table,
    Test,
    Text,
    Thing,
    Unknown,
    Value,
    concatenate,
    constant_text,
    each,
    either,
    options,
    text,
    truth,
)

#: The largest number and the longest text that arithmetic may give.
MAX_MAGNITUDE = 10**18
MAX_TEXT = 1 << 26

_ARITHMETIC: dict[type[ast.operator], Callable[..., object]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.BitOr: operator.or_,
    ast.BitAnd: operator.and_,
}

_COMPARISON: dict[type[ast.cmpop], Callable[..., object]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}


def _present(value: Value) -> bool:
    """Whether the value is certainly not ``None``: what an external function gives may be."""
    if isinstance(value, Made):
        return value.name.scope is not None or value.name.qualified.rpartition(".")[2][:1].isupper()
    return isinstance(value, Known | Items | Table | Thing | Reply | Failure)


def binary(op: ast.operator, left: Value, right: Value) -> Value | None:
    """``left op right``."""
    if isinstance(left, Outcome) and not isinstance(right, Outcome):
        return each(left, lambda v: binary(op, v, right) or Unknown("operation"))
    if isinstance(right, Outcome) and not isinstance(left, Outcome):
        return each(right, lambda v: binary(op, left, v) or Unknown("operation"))
    if isinstance(op, ast.FloorDiv) and isinstance(left, Reply) and right == Known(100):
        return Reply(left.key, "class", left.client)
    if isinstance(left, Either | Outcome) or isinstance(right, Either | Outcome):
        found = [binary(op, a, b) for a in options(left)[:4] for b in options(right)[:4]]
        known = [f for f in found if f is not None]
        return either(known) if known else None
    if isinstance(op, ast.Add) and (_textual(left) or _textual(right)):
        return concatenate((left, right))
    if isinstance(op, ast.Mod) and isinstance(left, Known | Text) and _textual(left):
        return percent(left, right)
    if isinstance(op, ast.Div) and _is_url(left):
        return join_path(left, right)
    if isinstance(left, Default) or isinstance(right, Default):
        return _on_defaults(op, left, right)
    if isinstance(left, Known) and isinstance(right, Known):
        return _constants(op, left, right)
    return _collections(op, left, right)


def _on_defaults(op: ast.operator, left: Value, right: Value) -> Value | None:
    why = next(v.why for v in (left, right) if isinstance(v, Default))
    inner = binary(op, *(v.value if isinstance(v, Default) else v for v in (left, right)))
    return None if inner is None or isinstance(inner, Unknown) else Default(inner, why)


def _textual(value: Value) -> bool:
    if isinstance(value, Default):
        return _textual(value.value)
    return isinstance(value, Text) or (isinstance(value, Known) and isinstance(value.value, str))


def _is_url(value: Value) -> bool:
    text_of = constant_text(value)
    return isinstance(value, Text) or (text_of is not None and "://" in text_of)


def _constants(op: ast.operator, left: Known, right: Known) -> Value | None:
    a, b = left.value, right.value
    function = _ARITHMETIC.get(type(op))
    if isinstance(op, ast.Pow) and isinstance(a, int | float) and isinstance(b, int) and 0 <= b <= 64 and abs(a) < 4096:
        return Known(a**b)
    if isinstance(op, ast.LShift) and isinstance(a, int) and isinstance(b, int) and 0 <= b <= 48 and 0 <= a < 1 << 14:
        return Known(a << b)
    if function is None or _too_large(op, a, b):
        return None
    try:
        result = function(a, b)
    except (TypeError, ValueError, ZeroDivisionError, OverflowError, KeyError):
        return None
    return Known(result) if isinstance(result, str | int | float | bytes) else None


def _too_large(op: ast.operator, a: object, b: object) -> bool:
    sized = [len(v) for v in (a, b) if isinstance(v, str | bytes)]
    numbers = [abs(v) for v in (a, b) if isinstance(v, int | float)]
    if isinstance(op, ast.Mult) and sized and numbers:
        return sized[0] * numbers[0] > MAX_TEXT
    return any(n > MAX_MAGNITUDE for n in numbers)


def _collections(op: ast.operator, left: Value, right: Value) -> Value | None:
    if isinstance(op, ast.Add) and isinstance(left, Items) and isinstance(right, Items):
        return Items(left.kind, left.items + right.items, left.complete and right.complete)
    if isinstance(op, ast.Mult) and isinstance(left, Items) and isinstance(right, Known):
        times = right.value if isinstance(right.value, int) else 0
        return Items(left.kind, left.items * times, left.complete) if 0 <= times * len(left.items) <= 256 else None
    if isinstance(op, ast.BitOr) and isinstance(left, Table) and isinstance(right, Table):
        return Table(left.pairs + right.pairs, left.complete and right.complete)
    return None


def unary(op: ast.unaryop, value: Value) -> Value | None:
    """``-x``, ``not x``."""
    if isinstance(op, ast.Not):
        if isinstance(value, Outcome):
            return each(value, lambda v: unary(op, v) or Unknown("not"))
        asked = as_test(value)
        if asked is not None:
            return Test(asked.key, asked.statuses, not asked.holds)
        known = truth(value)
        return None if known is None else Known(not known)
    if isinstance(value, Known) and isinstance(value.value, int | float):
        return Known(-value.value if isinstance(op, ast.USub) else value.value)
    return None


def boolean(op: ast.boolop, values: list[Value]) -> Value:
    """``a or b``: what the environment does not set is replaced by what follows; ``a and b`` alike."""
    result = values[0]
    for value in values[1:]:
        if isinstance(result, Outcome) and len(values) == 2:
            return each(result, lambda v: boolean(op, [v, values[1]]))
        known = truth(result)
        if isinstance(op, ast.Or):
            replaced = _with_default(result, value)
            if replaced is not None:
                result = replaced
            elif known is not True:
                result = value if known is False else either((result, value))
        elif known is not False:
            result = value if known is True else either((value, result))
    return result


def _with_default(value: Value, default: Value) -> Value | None:
    """``os.environ.get("X") or "y"`` is one text that the environment may replace."""
    match value:
        case Text(parts=(EnvVar(default=None) as var,)) | Default(value=Known(value=None), text=(EnvVar() as var,)):
            known = default.value if isinstance(default, Default) else default
            if isinstance(known, Known) and isinstance(known.value, str):
                return Text((EnvVar(var.name, (known.value,), var.span),))
            if isinstance(known, Text):
                return Text((EnvVar(var.name, known.parts, var.span),))
            return None if not isinstance(known, Known) or known == NONE else Default(known, f"environment {var.name}")
        case Default(value=inner, why=why) if truth(inner) is False:
            return Default(default, why)
        case _:
            return None


def compare(expr: ast.Compare, values: list[Value]) -> Value:
    """A comparison of constants or of a status; anything else is unknown."""
    if len(values) == 3:
        return conditions.range_test(expr.ops, values) or Unknown("comparison")
    if len(values) != 2:
        return Unknown("comparison")
    left, right = values
    op = expr.ops[0]
    if isinstance(left, Outcome) and not isinstance(right, Outcome):
        return each(left, lambda v: compare(expr, [v, right]))
    if isinstance(right, Outcome):
        return each(right, lambda v: compare(expr, [left, v]))
    asked = conditions.status_test(op, left, right)
    if asked is not None:
        return asked
    if isinstance(op, ast.Is | ast.IsNot) and right == NONE:
        same = True if left == NONE else (False if _present(left) else None)
        return Unknown("comparison") if same is None else Known(same == isinstance(op, ast.Is))
    if isinstance(op, ast.In | ast.NotIn) and isinstance(left, Known) and _all_known(right):
        return Known((left in right.items) == isinstance(op, ast.In))
    function = _COMPARISON.get(type(op))
    if function is None or not isinstance(left, Known) or not isinstance(right, Known):
        return Unknown("comparison")
    try:
        return Known(bool(function(left.value, right.value)))
    except TypeError:
        return Unknown("comparison")


def _all_known(value: Value) -> TypeGuard[Items]:
    return isinstance(value, Items) and value.complete and all(isinstance(i, Known) for i in value.items)


def percent(left: Value, right: Value) -> Value:
    """``"http://%s/%d" % (host, n)`` and ``"%(host)s" % table``."""
    pattern = constant_text(left)
    if pattern is None:
        return concatenate((left,))
    table = right if isinstance(right, Table) else None
    given = list(right.items) if isinstance(right, Items) else [right]
    pieces: list[Value] = []
    for literal, key in _conversions(pattern):
        pieces.append(Known(literal))
        if key is None:
            continue
        found = table.get(key) if key and table is not None else (given.pop(0) if given else None)
        pieces.append(found if found is not None else Unknown(key or "argument"))
    return concatenate(pieces)


def _conversions(pattern: str) -> list[tuple[str, str | None]]:
    found: list[tuple[str, str | None]] = []
    literal = ""
    i = 0
    while i < len(pattern):
        if pattern[i] != "%":
            literal, i = literal + pattern[i], i + 1
            continue
        if pattern[i : i + 2] == "%%":
            literal, i = literal + "%", i + 2
            continue
        i += 1
        key = ""
        if i < len(pattern) and pattern[i] == "(":
            end = pattern.find(")", i)
            key, i = (pattern[i + 1 : end], end + 1) if end > 0 else ("", len(pattern))
        while i < len(pattern) and pattern[i] in "#0- +.123456789lhL":
            i += 1
        i += 1
        found.append((literal, key))
        literal = ""
    return [*found, (literal, None)]


def formatted(value: Value, spec: Value) -> Value:
    """``f"{value:spec}"`` of constants; an unknown format keeps the plain text."""
    wanted = constant_text(spec)
    if isinstance(value, Known) and wanted is not None and len(wanted) < 16:
        try:
            return Known(format(value.value, wanted))
        except (ValueError, TypeError):
            return value
    return value


def join_path(left: Value, right: Value) -> Value:
    """``yarl``'s ``URL / "part"``: one slash between the two."""
    return either(concatenate((stripped(a, "/"), Known("/"), b)) for a in options(left)[:4] for b in options(right)[:4])


def stripped(value: Value, characters: str | None, ends: str = "r") -> Value:
    """``.rstrip``, ``.lstrip`` and ``.strip`` on what is known of a text."""
    if isinstance(value, Default):
        return value if value.text is not None else Default(stripped(value.value, characters, ends), value.why)
    if isinstance(value, Either):
        return either(stripped(o, characters, ends) for o in value.options)
    parts: list[object] = [value.value] if isinstance(value, Known) else list(getattr(value, "parts", ()))
    if not parts or (isinstance(value, Known) and not isinstance(value.value, str)):
        return value
    if "r" in ends and isinstance(parts[-1], str):
        parts[-1] = parts[-1].rstrip(characters)
    if "l" in ends and isinstance(parts[0], str):
        parts[0] = parts[0].lstrip(characters)
    return text(parts)  # type: ignore[arg-type]  # the parts of a Text, with constants shortened


def lookup(base: Value, index: Value) -> Value | None:
    """``base[index]``; an unknown key of a table means any of its values."""
    if isinstance(base, Outcome):
        return each(base, lambda v: lookup(v, index) or Unknown("item"))
    if isinstance(base, Reply):
        return Reply(base.key, "body", base.client)
    if isinstance(index, Default):
        index = index.value
    if isinstance(index, Either):
        found = [lookup(base, i) for i in index.options]
        known = [f for f in found if f is not None]
        return either(known) if known else None
    match base:
        case Table(pairs=pairs):
            if isinstance(index, Known):
                return next((v for k, v in reversed(pairs) if k == index), None)
            return either(v for _, v in pairs[:MAX_OPTIONS]) if pairs else None
        case Items(items=items):
            if isinstance(index, Known):
                whole = index.value
                fits = isinstance(whole, int) and -len(items) <= whole < len(items)
                return items[whole] if fits and isinstance(whole, int) else None
            return either(items[:MAX_OPTIONS]) if items else None
        case Default(value=value):
            return lookup(value, index)
        case _:
            return None


def item(value: Value, index: int) -> Value:
    """The item at ``index`` of what is unpacked."""
    if isinstance(value, Outcome):
        return each(value, lambda v: item(v, index))
    return each(value, lambda v: lookup(v, Known(index)) or Unknown(f"item {index}"))


def unpacked(target: ast.expr, value: Value) -> dict[str, Value]:
    """Names of an assignment target with what they get."""
    match target:
        case ast.Name(id=name):
            return {name: value}
        case ast.Tuple(elts=elements) | ast.List(elts=elements):
            found: dict[str, Value] = {}
            for i, element in enumerate(elements):
                found.update(unpacked(element, item(value, i)))
            return found
        case ast.Starred(value=inner):
            return unpacked(inner, Unknown("rest"))
        case _:
            return {}
