"""Operators and builtins on worths."""

from __future__ import annotations

import ast
import itertools
import operator
from collections.abc import Callable, Iterator

from parsers.python.trial.run import Run
from parsers.python.trial.worth import NO_INPUTS, Const, Native, Opaque, Stream, Worth, blend, inputs, number

#: Items of a literal, a range or a generator that are looked at one by one.
MAX_ITEMS = 4096
#: Digits and exponents beyond this are not a count of anything.
MAX_NUMBER = 10**12

_BINARY: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: lambda a, b: a**b if abs(a) <= 64 and 0 <= b <= 64 else float("inf"),
}
_COMPARE: dict[type[ast.cmpop], Callable[[float, float], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}


def sampled(worth: Worth, run: Run) -> Worth:
    """An input taken as a number, since it is used as one."""
    if isinstance(worth, Opaque) and worth.source and not worth.outcome and not worth.clock:
        run.sampled.add(worth.source)
        run.inputs.add(worth.source)
        return Const(run.sample, frozenset({worth.source}))
    if isinstance(worth, Native):  # a setting of another package's object
        run.sampled.add(worth.name)
        run.inputs.add(worth.name)
        return Const(run.sample, frozenset({worth.name}))
    return worth


def _pair(left: Worth, right: Worth, run: Run) -> tuple[Worth, Worth]:
    if number(left) is not None:
        return left, sampled(right, run)
    if number(right) is not None:
        return sampled(left, run), right
    return left, right


def binary(op: ast.operator, left: Worth, right: Worth, run: Run) -> Worth:
    """``left op right``."""
    left, right = _pair(left, right, run)
    a, b = number(left), number(right)
    how = _BINARY.get(type(op))
    if a is None or b is None or how is None or not abs(a) < MAX_NUMBER or not abs(b) < MAX_NUMBER:
        return _joined(op, left, right) or blend(left, right)
    if isinstance(op, ast.Div | ast.FloorDiv | ast.Mod) and b == 0:
        return blend(left, right)
    value = how(a, b)
    return Const(value, inputs(left, right)) if abs(value) < MAX_NUMBER else blend(left, right)


def _joined(op: ast.operator, left: Worth, right: Worth) -> Worth | None:
    a = left.value if isinstance(left, Const) else None
    b = right.value if isinstance(right, Const) else None
    if isinstance(op, ast.Add) and isinstance(a, tuple) and isinstance(b, tuple) and len(a) + len(b) < MAX_ITEMS:
        return Const(a + b, inputs(left, right))
    if isinstance(op, ast.Mult) and isinstance(a, tuple) and isinstance(b, int) and 0 <= len(a) * b < MAX_ITEMS:
        return Const(a * b, inputs(left, right))
    return None


def compare(op: ast.cmpop, left: Worth, right: Worth, run: Run) -> Worth:
    """``left op right`` as a truth value."""
    if isinstance(op, ast.Is | ast.IsNot):
        return _identity(op, left, right)
    left, right = _pair(left, right, run)
    a, b = number(left), number(right)
    how = _COMPARE.get(type(op))
    if how is not None and a is not None and b is not None:
        if _strangers(left, right, run):
            run.judged = True
            return blend(left, right)
        return Const(how(a, b), inputs(left, right))
    if isinstance(op, ast.In | ast.NotIn) and isinstance(left, Const) and isinstance(right, Const):
        return _membership(op, left, right) or blend(left, right)
    if isinstance(op, ast.Eq | ast.NotEq) and isinstance(left, Const) and isinstance(right, Const):
        return Const((left.value == right.value) is isinstance(op, ast.Eq), inputs(left, right))
    return blend(left, right)


def _strangers(left: Worth, right: Worth, run: Run) -> bool:
    """Two samples of different inputs say nothing about each other."""
    a, b = inputs(left) & run.sampled, inputs(right) & run.sampled
    return bool(a) and bool(b) and not a & b


def _identity(op: ast.cmpop, left: Worth, right: Worth) -> Worth:
    positive = isinstance(op, ast.Is)
    if isinstance(left, Const) and isinstance(right, Const):
        same = left.value is right.value or (left.value == right.value and type(left.value) is type(right.value))
        return Const(same is positive, inputs(left, right))
    other = left if isinstance(right, Const) else right
    if isinstance(other, Opaque) and (other.outcome or other.source is None):
        return blend(left, right)
    return Const(not positive)  # an input that is given, or an object, is not None


def _membership(op: ast.cmpop, left: Const, right: Const) -> Worth | None:
    if not isinstance(right.value, tuple | range):
        return None
    items = right.value if isinstance(right.value, range) else tuple(i for i in right.value if isinstance(i, Const))
    if not isinstance(right.value, range) and len(items) != len(right.value):
        return None
    values = items if isinstance(items, range) else [i.value for i in items]
    return Const((left.value in values) is isinstance(op, ast.In), inputs(left, right))


def items(worth: Worth, run: Run) -> tuple[Iterator[Worth], int | None] | None:
    """What a ``for`` over the worth gives, and how many where that is known; ``None`` where it is data."""
    match worth:
        case Const(value=range() as numbers, inputs=known):
            return (Const(n, known) for n in numbers), len(numbers) if len(numbers) < MAX_ITEMS * 16 else None
        case Const(value=tuple() as several):
            return iter(several), len(several)
        case Stream(items=several, endless=True):
            rest = several[-1] if several else Opaque()
            return itertools.chain(several, itertools.repeat(rest)), None
        case Stream(items=several):
            return iter(several), len(several)
        case Native(name=source) | Opaque(source=str() as source, outcome=False, clock=False):
            run.sampled.add(source)
            run.inputs.add(source)
            return (Opaque() for _ in range(run.sample)), run.sample
        case _:
            return None


def range_of(arguments: list[Worth], run: Run) -> Worth:
    """``range(...)``."""
    given = [sampled(a, run) for a in arguments]
    numbers = [int(n) for n in map(number, given) if n is not None and abs(n) < MAX_NUMBER]
    if len(numbers) != len(given) or not 1 <= len(numbers) <= 3 or (len(numbers) == 3 and numbers[2] == 0):
        return blend(*arguments)
    if len(given) > 1 and _strangers(given[0], given[1], run):
        return Opaque(source="range")
    return Const(range(*numbers), inputs(*given))


def counting(arguments: list[Worth]) -> Worth:
    """``itertools.count(start, step)``."""
    start = number(arguments[0]) if arguments else 0
    step = number(arguments[1]) if len(arguments) > 1 else 1
    if start is None or step is None or not abs(start) < MAX_NUMBER or not abs(step) < MAX_NUMBER:
        return Stream((), endless=True)
    return Const(range(int(start), int(start) + MAX_ITEMS * 16 * max(1, int(step)), max(1, int(step))))


def builtin(name: str, arguments: list[Worth], run: Run) -> Worth | None:
    """What a builtin function gives, where it matters to counting."""
    first = arguments[0] if arguments else Const(None)
    match name:
        case "range" | "xrange":
            return range_of(arguments, run)
        case "int" | "float" | "round" | "abs" | "ceil" if arguments:
            value = number(first)
            if value is not None and not abs(value) < MAX_NUMBER:
                return blend(first)
            return Const(int(value) if name != "float" else value, inputs(first)) if value is not None else first
        case "min" | "max" if len(arguments) > 1:
            return _extreme(name, arguments, run)
        case "len":
            return _length(first)
        case "bool" if isinstance(first, Const):
            return Const(bool(first.value), first.inputs)
        case "enumerate" | "reversed" | "list" | "tuple" | "iter" | "sorted" | "zip":
            return _rearranged(name, arguments, run)
        case _:
            return None


def _extreme(name: str, arguments: list[Worth], run: Run) -> Worth:
    known = [sampled(a, run) for a in arguments]
    numbers = [n for n in map(number, known) if n is not None]
    if len(numbers) != len(known):
        return blend(*arguments)
    return Const(min(numbers) if name == "min" else max(numbers), inputs(*known))


def _length(worth: Worth) -> Worth | None:
    if isinstance(worth, Const) and isinstance(worth.value, tuple | str | range):
        return Const(len(worth.value), worth.inputs)
    if isinstance(worth, Stream) and not worth.endless:
        return Const(len(worth.items), worth.inputs)
    return blend(worth, source=f"len({worth.source})") if isinstance(worth, Opaque) and worth.source else None


def _rearranged(name: str, arguments: list[Worth], run: Run) -> Worth | None:
    first = arguments[0] if arguments else Const(())
    if name == "reversed" and isinstance(first, Const) and isinstance(first.value, range):
        return Const(tuple(Const(n, first.inputs) for n in reversed(first.value[:MAX_ITEMS])), first.inputs)
    if name in ("list", "tuple", "iter", "sorted") and isinstance(first, Const | Stream):
        return first
    found = [items(a, run) for a in arguments[: 1 if name != "zip" else 4]]
    if any(f is None for f in found) or not found:
        return None
    sources = [f for f in found if f is not None]
    lengths = [n for _, n in sources if n is not None]
    size = min([*lengths, MAX_ITEMS])
    known = inputs(*arguments) | (run.sampled & {a.source for a in arguments if isinstance(a, Opaque) and a.source})
    rows = [tuple(itertools.islice(s, size)) for s, _ in sources]
    if name == "enumerate":
        start = number(arguments[1]) if len(arguments) > 1 else 0
        first_number = int(start) if start is not None and abs(start) < MAX_NUMBER else 0
        pairs = tuple(Const((Const(i + first_number, known), w)) for i, w in enumerate(rows[0]))
        return Const(pairs, known) if lengths else Stream(pairs, endless=True, inputs=known)
    if name == "zip":
        return Const(tuple(Const(tuple(row)) for row in zip(*rows, strict=False)), known)
    return Const(tuple(reversed(rows[0])), known) if name == "reversed" else Const(rows[0], known)


__all__ = ["MAX_ITEMS", "NO_INPUTS", "binary", "builtin", "compare", "counting", "items", "range_of", "sampled"]
