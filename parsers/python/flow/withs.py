"""``with``: responses, sessions, task groups, suppressed exceptions; anything else is its body."""

from __future__ import annotations

import ast
from collections.abc import Callable

from parsers.facts.python import NOTHING, Catch, Guard, Parallel
from parsers.python import instances
from parsers.python.flow import concurrency
from parsers.python.flow.context import Activation, block
from parsers.python.flow.expressions import run
from parsers.python.flow.tidy import fails
from parsers.python.operators import unpacked
from parsers.python.raising import classes_of
from parsers.python.value import Items, Made, Pending, Value, settled

_GROUPS = ("asyncio.TaskGroup", "asyncio.taskgroups.TaskGroup", "anyio.create_task_group", "trio.open_nursery")


def entered(act: Activation, node: ast.stmt, body: Callable[[Activation, list[ast.stmt]], None]) -> None:
    """Follow a ``with`` statement."""
    assert isinstance(node, ast.With | ast.AsyncWith)
    suppressed: list[str] = []
    group = False
    for item in node.items:
        value = run(act, item.context_expr)
        if isinstance(value, Pending):
            value = concurrency.awaited(act, value, node)
        inner = settled(value)
        if isinstance(inner, Made):
            group = group or inner.name.qualified in _GROUPS
            if inner.name.qualified == "contextlib.suppress":
                given = Items("tuple", tuple(act.value(a) for a in inner.call.args))
                suppressed += classes_of(act.context.values, given)
        if item.optional_vars is not None:
            act.env.update(unpacked(item.optional_vars, _bound(act, value)))
    if suppressed:
        _suppressing(act, node, tuple(suppressed), body)
        return
    waiting = list(act.started)
    body(act, node.body)
    if group:
        _joined(act, waiting)


def _bound(act: Activation, value: Value) -> Value:
    return instances.entered(act.context.values, value, act.frame())


def _suppressing(
    act: Activation,
    node: ast.With | ast.AsyncWith,
    classes: tuple[str, ...],
    body: Callable[[Activation, list[ast.stmt]], None],
) -> None:
    with act.captured() as steps:
        body(act, node.body)
    act.alive = True
    inner = block(steps) if steps else NOTHING
    act.emit(Guard(inner, (Catch(classes, NOTHING),), NOTHING, NOTHING) if fails(inner) else inner)


def _joined(act: Activation, waiting: list[Pending]) -> None:
    """A task group waits for its tasks; the first failure is raised."""
    mine = [p for p in act.started if p not in waiting and p.step != NOTHING]
    act.started = [p for p in act.started if p in waiting]
    if mine:
        act.emit(Parallel(tuple(p.step for p in mine)))
