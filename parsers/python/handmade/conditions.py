"""What a hand-written retry repeats on: what its handlers catch, and which statuses make it go on."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from parsers.facts.python import RetryCondition
from parsers.python.handmade import shape
from parsers.python.trial.focus import LoopNode

_OPS: dict[type[ast.cmpop], tuple[str, str]] = {
    ast.Eq: ("", "!="),
    ast.NotEq: ("!=", ""),
    ast.GtE: (">=", "<"),
    ast.Gt: (">", "<="),
    ast.Lt: ("<", ">="),
    ast.LtE: ("<=", ">"),
}


def of_answers(loop: LoopNode, exceptions: tuple[str, ...]) -> RetryCondition:
    """Statuses on which the loop goes on, added to the exceptions; ``result`` where the test is not understood."""
    statuses: list[str] = []
    tested = False
    for node in shape.own_statements(loop):
        if isinstance(node, ast.If):
            tested = True
            statuses += _of_test(node)
    found = tuple(dict.fromkeys(statuses))
    return RetryCondition(exceptions=exceptions, statuses=found, result=tested and not found and not exceptions)


def _of_test(node: ast.If) -> Iterator[str]:
    """The statuses of one ``if`` that let the loop go on."""
    for compare in [n for n in ast.walk(node.test) if isinstance(n, ast.Compare) and len(n.ops) == 1]:
        numbers = list(_statuses(compare.comparators[0]))
        if not numbers:
            continue
        stops = shape.leaves(node.body)
        goes_on = not stops and any(isinstance(s, ast.Continue) for s in node.body)
        op = compare.ops[0]
        negated = isinstance(node.test, ast.UnaryOp) and isinstance(node.test.op, ast.Not)
        if _raises(node.body) and not isinstance(op, ast.Eq):
            stops, goes_on = False, True  # raised to be caught by the loop itself
        if stops or goes_on:
            yield from _patterns(op, numbers, wanted=goes_on is not negated)


def _raises(body: list[ast.stmt]) -> bool:
    return bool(body) and isinstance(body[-1], ast.Raise)


def _statuses(expr: ast.expr) -> Iterator[int]:
    several = expr.elts if isinstance(expr, ast.Tuple | ast.List | ast.Set) else [expr]
    for item in several:
        if isinstance(item, ast.Constant) and type(item.value) is int and 100 <= item.value <= 599:
            yield item.value


def _patterns(op: ast.cmpop, numbers: list[int], *, wanted: bool) -> Iterator[str]:
    """Patterns for "the comparison holds" (``wanted``) or does not."""
    if isinstance(op, ast.In | ast.NotIn):
        holds = isinstance(op, ast.In) is wanted
        if holds:
            yield from (str(n) for n in numbers)
        elif len(numbers) == 1:
            yield f"!={numbers[0]}"
        return
    signs = _OPS.get(type(op))
    if signs is not None:
        yield f"{signs[0] if wanted else signs[1]}{numbers[0]}"
