"""Expressions in the order in which Python evaluates them: their calls are followed, then they have a value.

Source: The Python Language Reference, section 6.16 (evaluation order).
"""

from __future__ import annotations

import ast

from parsers.facts.python import NOTHING, Branch, Loop, Step
from parsers.python.conditions import as_test
from parsers.python.flow import calling, concurrency
from parsers.python.flow.context import Activation, block
from parsers.python.flow.joining import Asked, Path, meet
from parsers.python.operators import unpacked
from parsers.python.value import (
    Default,
    Items,
    Known,
    Outcome,
    Pending,
    Reply,
    Table,
    Unknown,
    Value,
    either,
    settled,
    truth,
)
from parsers.quantities import Count

#: Items of a known collection that are followed one by one.
MAX_UNROLLED = 12

_Comprehension = ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp


def run(act: Activation, expr: ast.expr) -> Value:
    """Follow what an expression does, and say what it is worth."""
    if effective(expr):
        _visit(act, expr)
    return act.value(expr)


def effective(expr: ast.AST) -> bool:
    """Whether evaluating the expression may do anything."""
    known = getattr(expr, "meshgain_effective", None)
    if known is None:
        if isinstance(expr, ast.Call | ast.Await | ast.Yield | ast.YieldFrom | ast.NamedExpr | ast.IfExp):
            known = True
        elif isinstance(expr, ast.Lambda | ast.Constant | ast.Name):
            known = False
        else:
            known = any(effective(child) for child in ast.iter_child_nodes(expr))
        expr.meshgain_effective = known  # type: ignore[attr-defined]  # kept on the node: it is asked for again and again
    return bool(known)


def _visit(act: Activation, expr: ast.AST) -> None:
    if not effective(expr) or not act.context.spend():
        return
    match expr:
        case ast.Call():
            _visit_call(act, expr)
        case ast.Await(value=value):
            _visit(act, value)
            act.results[id(expr)] = concurrency.awaited(act, act.value(value), expr)
        case ast.IfExp():
            _conditional(act, expr)
        case ast.BoolOp(values=[first, *rest]):
            _visit(act, first)
            for part in rest:
                with act.captured() as steps:
                    _visit(act, part)
                if steps:
                    act.emit(Branch((block(steps), NOTHING)))
        case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
            _comprehension(act, expr)
        case ast.NamedExpr(target=ast.Name(id=name), value=value):
            _visit(act, value)
            act.env[name] = act.value(value)
            act.results[id(expr)] = act.env[name]
        case ast.Lambda():
            return
        case _:
            for child in ast.iter_child_nodes(expr):
                _visit(act, child)


def _visit_call(act: Activation, expr: ast.Call) -> None:
    if isinstance(expr.func, ast.Attribute):
        _visit(act, expr.func.value)
    else:
        _visit(act, expr.func)
    for arg in expr.args:
        _visit(act, arg)
    for keyword in expr.keywords:
        _visit(act, keyword.value)
    act.results.pop(id(expr), None)
    value = calling.call(act, expr)
    if value is not None:
        act.results[id(expr)] = value


def condition(act: Activation, expr: ast.expr, *, first: bool = True) -> Asked:
    """Follow a condition; steps of operands that may not be evaluated stay with them."""
    match expr:
        case ast.BoolOp(op=op, values=values):
            kind = "and" if isinstance(op, ast.And) else "or"
            parts = [condition(act, v, first=first and i == 0) for i, v in enumerate(values)]
            return Asked(kind, parts, Unknown(kind), [])
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return Asked("not", [condition(act, operand, first=first)], Unknown("not"), [])
    if first:
        return Asked("is", [], run(act, expr), [])
    with act.captured() as steps:
        value = run(act, expr)
    return Asked("is", [], value, steps)


def _conditional(act: Activation, expr: ast.IfExp) -> None:
    asked = condition(act, expr.test)
    known = asked.known()
    if known is not None and not asked.effects():
        chosen = expr.body if known else expr.orelse
        act.results[id(expr)] = run(act, chosen)
        return
    paths: list[Path] = []
    before = act.env
    for side in (expr.body, expr.orelse):
        act.env = dict(before)
        with act.captured() as steps:
            act.env["<value>"] = run(act, side)
        paths.append(Path(steps, act.env, alive=True))
    silent = not any(p.steps for p in paths) and not asked.effects()
    if silent and not _depends(asked):
        act.env = before
        act.results.pop(id(expr), None)
        return
    meet(act, paths, expr)
    act.emit(asked.decide(block(paths[0].steps), block(paths[1].steps)))
    act.results[id(expr)] = act.env.pop("<value>")


def _depends(asked: Asked) -> bool:
    """Whether the condition looks at what was sent."""
    return as_test(asked.value) is not None or isinstance(asked.value, Outcome) or any(_depends(p) for p in asked.parts)


def _comprehension(act: Activation, expr: _Comprehension) -> None:
    first = expr.generators[0]
    source = iterated(act, first.iter)
    done = concurrency.loop_over(act, source, first.target)
    wanted = [expr.key, expr.value] if isinstance(expr, ast.DictComp) else [expr.elt]
    inner = [*(i for g in expr.generators for i in g.ifs), *(g.iter for g in expr.generators[1:]), *wanted]
    if not any(effective(e) for e in inner):
        if done is not None:
            act.env.update(unpacked(first.target, done))
        return
    items = known_items(source)
    kept: list[Value] = []
    rows: list[tuple[Value, ...]] = []
    before = dict(act.env)
    if items is None or len(expr.generators) > 1 or any(g.ifs for g in expr.generators):
        act.env.update(unpacked(first.target, done or _any_item(act, source, first.target)))
        with act.captured() as steps:
            for part in inner:
                _visit(act, part)
            kept.append(act.value(wanted[-1]))
        if steps:
            act.emit(Loop(None, block(steps), act.span(expr)))
    else:
        for item in items:
            act.env.update(unpacked(first.target, item))
            for part in wanted:
                _visit(act, part)
            rows.append(tuple(act.value(w) for w in wanted))
            kept.append(rows[-1][-1])
    act.env = before
    complete = items is not None and len(kept) == len(items)
    if not isinstance(expr, ast.DictComp):
        act.results[id(expr)] = Items("list", tuple(kept), complete)
    elif rows:
        act.results[id(expr)] = Table(tuple((row[0], row[1]) for row in rows), complete)


def _any_item(act: Activation, source: Value, target: ast.expr) -> Value:
    items = act.context.values.elements(source)
    if items:
        return either(items)
    inner = settled(source)
    unknown = Unknown(act.scope.module.source(target))
    return Reply(inner.key, "body", inner.client) if isinstance(inner, Reply) else unknown


def iterated(act: Activation, expr: ast.expr) -> Value:
    """What a loop runs over; how often is not known where only a default says it."""
    source = run(act, expr)
    counted = isinstance(expr, ast.Call) and isinstance(expr.func, ast.Name) and expr.func.id == "range"
    if counted and isinstance(expr, ast.Call) and any(isinstance(act.value(a), Default) for a in expr.args):
        inner = settled(source)
        items = inner.items if isinstance(inner, Items) else ()
        return Items("range", items or (Known(0),), complete=False)
    return source


def known_items(source: Value) -> tuple[Value, ...] | None:
    """The items of a collection that is wholly known and small."""
    inner = settled(source)
    if isinstance(inner, Items) and inner.complete and len(inner.items) <= MAX_UNROLLED:
        return inner.items
    return None


def count_of(source: Value) -> Count | None:
    """How many items a loop over the value gives, where that is constant."""
    inner = settled(source)
    if isinstance(inner, Items) and inner.complete:
        return Count(len(inner.items))
    return None


__all__ = ["Pending", "Step", "condition", "count_of", "effective", "known_items", "run", "truth"]
