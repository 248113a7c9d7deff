"""Retries of libraries inside the code on trial: what is inside of one counts as often as it repeats."""

from __future__ import annotations

import ast

from parsers.facts.python import Retry
from parsers.python.trial.machine import Machine
from parsers.python.trial.names import bound, dotted
from parsers.python.trial.run import Way
from parsers.python.trial.worth import UNKNOWN, Frame, Layered, Opaque, Repeater, Worth
from parsers.quantities import ONCE


def decorate(machine: Machine, decorator: ast.expr, worth: Worth, frame: Frame) -> Worth:
    """``@decorator`` on a function that is being defined."""
    retry = machine.library(decorator, frame.scope, bound(frame))
    if retry is not None:
        return Layered(retry, worth)
    text = dotted(decorator.func if isinstance(decorator, ast.Call) else decorator) or ""
    if text.rpartition(".")[2] in ("wraps", "staticmethod", "classmethod", "asynccontextmanager", "contextmanager"):
        return worth
    applied = machine.parts_of.follow(machine, machine.worth(decorator, frame), [worth], {}, complete=True)
    return applied if applied is not None and not isinstance(applied, Opaque) else worth


def repeat(machine: Machine, retry: Retry, args: list[Worth], keywords: dict[str, Worth]) -> Worth | None:
    """A retry object called: with a function to repeat it, or as a decorator; which one shows when it is called."""
    if not args:
        return None
    if len(args) == 1 and not keywords and retry.idiom.partition(":")[0] not in CALLERS:
        return Layered(retry, args[0])
    return layered(machine, retry, args[0], args[1:], keywords)


#: Objects that repeat at once what they are called with.
CALLERS = frozenset({"tenacity.Retrying", "tenacity.AsyncRetrying", "retry.api.retry_call"})


def layered(machine: Machine, retry: Retry, inner: Worth, args: list[Worth], keywords: dict[str, Worth]) -> Worth:
    """Call something that a library repeats: what happens inside counts as often."""
    run = machine.run
    before = run.weight
    times = retry.attempts if retry.attempts is not None else retry.default
    run.dynamic = run.dynamic or retry.attempts is None
    run.layers.append(retry)
    if run.way is not Way.SUCCEEDS:
        run.weight = run.weight * (times if times is not None else ONCE)
    try:
        found = machine.parts_of.follow(machine, inner, args, keywords, complete=True)
        return found if found is not None else UNKNOWN
    finally:
        run.weight = before


def iterate(machine: Machine, source: Repeater, node: ast.For | ast.AsyncFor, frame: Frame) -> None:
    """``for attempt in Retrying(...)``: what stands in ``with attempt:`` is repeated."""
    machine.assign(node.target, UNKNOWN, frame)
    run = machine.run
    before = run.weight
    times = source.retry.attempts if source.retry.attempts is not None else source.retry.default
    run.dynamic = run.dynamic or source.retry.attempts is None
    run.layers.append(source.retry)
    if run.way is not Way.SUCCEEDS and any(isinstance(s, ast.With | ast.AsyncWith) for s in node.body):
        run.weight = run.weight * (times if times is not None else ONCE)
    try:
        machine.parts_of.block(machine, node.body, frame)
    finally:
        run.weight = before
