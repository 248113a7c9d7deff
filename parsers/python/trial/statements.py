"""Executes code on paper: statements."""

from __future__ import annotations

import ast

from parsers.python.trial import arithmetic, exceptions, layers
from parsers.python.trial.focus import LoopNode
from parsers.python.trial.machine import Machine
from parsers.python.trial.run import Broke, Continued, Exhausted, Finished, Raised, Returned
from parsers.python.trial.worth import NONE, UNKNOWN, Closure, Const, Frame, Instance, Opaque, Repeater, Worth


def block(machine: Machine, body: list[ast.stmt], frame: Frame) -> None:
    """Execute statements in order."""
    focus = machine.focus
    for statement in body:
        if frame.scope is focus.scope and focus.skips(statement):
            continue
        execute(machine, statement, frame)
        if id(statement) in focus.way and not focus.tail and not focus.answer:
            raise Finished


def execute(machine: Machine, node: ast.stmt, frame: Frame) -> None:  # noqa: C901, PLR0912 -- one case a statement
    """Execute one statement."""
    machine.run.step()
    match node:
        case ast.Expr(value=value):
            machine.worth(value, frame)
        case ast.Assign(targets=targets, value=value):
            found = machine.worth(value, frame)
            for target in targets:
                machine.assign(target, found, frame)
        case ast.AnnAssign(target=target, value=value) if value is not None:
            machine.assign(target, machine.worth(value, frame), frame)
        case ast.AugAssign(target=target, op=op, value=value):
            before = machine.worth(_loaded(target), frame)
            machine.assign(target, arithmetic.binary(op, before, machine.worth(value, frame), machine.run), frame)
        case ast.If():
            _if(machine, node, frame)
        case ast.For() | ast.AsyncFor() | ast.While():
            _loop(machine, node, frame)
        case ast.Try() | ast.TryStar():
            _try(machine, node, frame)
        case ast.With() | ast.AsyncWith():
            _with(machine, node, 0, frame)
        case ast.Return(value=value):
            raise Returned(machine.worth(value, frame) if value is not None else NONE)
        case ast.Raise():
            exceptions.raise_(machine, node, frame)
        case ast.Break():
            raise Broke
        case ast.Continue():
            raise Continued
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            _define(machine, node, frame)
        case ast.Assert(test=test):
            if not machine.truth(test, frame):
                raise Raised("builtins.AssertionError")
        case ast.Match():
            _match(machine, node, frame)
        case _:
            return


def _loaded(target: ast.expr) -> ast.expr:
    match target:
        case ast.Name(id=name):
            return ast.copy_location(ast.Name(name, ast.Load()), target)
        case ast.Attribute(value=value, attr=attr):
            return ast.copy_location(ast.Attribute(value, attr, ast.Load()), target)
        case _:
            return target


def _define(machine: Machine, node: ast.FunctionDef | ast.AsyncFunctionDef, frame: Frame) -> None:
    scope = frame.scope.module.scopes.get(node)
    if scope is None:
        return
    worth: Worth = Closure(scope, frame)
    for decorator in reversed(node.decorator_list):
        worth = layers.decorate(machine, decorator, worth, frame)
    frame.names[node.name] = worth


def _if(machine: Machine, node: ast.If, frame: Frame) -> None:
    way = machine.focus.way
    if id(node) in way and not machine.run.entered:
        inside = any(id(s) in way for s in node.body)
        block(machine, node.body if inside else node.orelse, frame)
        return
    block(machine, node.body if machine.truth(node.test, frame) else node.orelse, frame)


def _match(machine: Machine, node: ast.Match, frame: Frame) -> None:
    subject = machine.worth(node.subject, frame)
    outcome = isinstance(subject, Opaque) and subject.outcome
    taken = machine.run.choose(id(node), len(node.cases) + 1, outcome=outcome)
    if taken < len(node.cases):
        block(machine, node.cases[taken].body, frame)


# ----------------------------------------------------------------------------------------------------------- loops


def _loop(machine: Machine, node: LoopNode, frame: Frame) -> None:
    focus = machine.focus
    if focus.scope is not frame.scope or focus.loop is node:
        machine.run.entered = machine.run.entered or focus.loop is node
        _repeated(machine, node, frame)
        return
    if isinstance(node, ast.While):
        if id(node) not in focus.way:
            machine.worth(node.test, frame)
    else:
        source = machine.worth(node.iter, frame)
        machine.assign(node.target, Opaque(outcome=isinstance(source, Opaque) and source.outcome), frame)
    try:
        block(machine, node.body, frame)
    except (Broke, Continued):
        if id(node) in focus.way:
            raise Finished from None


def _repeated(machine: Machine, node: LoopNode, frame: Frame) -> None:
    """A loop executed for real."""
    try:
        if isinstance(node, ast.While):
            _while(machine, node, frame)
        else:
            _for(machine, node, frame)
    except Broke:
        _note(machine, node, "break")
        return
    except Returned:
        _note(machine, node, "return")
        raise
    except Raised:
        _note(machine, node, "raise")
        raise
    _note(machine, node, "end")
    block(machine, node.orelse, frame)


def _note(machine: Machine, node: LoopNode, how: str) -> None:
    if machine.focus.loop is node:
        machine.run.left = how


def _while(machine: Machine, node: ast.While, frame: Frame) -> None:
    while machine.truth(node.test, frame):
        machine.run.step()
        try:
            block(machine, node.body, frame)
        except Continued:
            continue


def _for(machine: Machine, node: ast.For | ast.AsyncFor, frame: Frame) -> None:
    source = machine.asked(node.iter, frame)
    if isinstance(source, Repeater):
        layers.iterate(machine, source, node, frame)
        return
    if isinstance(source, Instance):  # an iterator of the tree's own: how often is its business
        source = Opaque(source=source.scope.name)
    found = arithmetic.items(source, machine.run)
    if found is None:  # data: one item stands for all
        machine.assign(node.target, source if isinstance(source, Opaque) else UNKNOWN, frame)
        _once(machine, node, frame)
        return
    items, length = found
    before = machine.run.hits
    try:
        for item in items:
            machine.run.step()
            machine.assign(node.target, item, frame)
            _once(machine, node, frame)
    except Exhausted:
        if machine.run.endless and length is not None and before.value == 0 and machine.focus.loop is node:
            machine.run.left = f"length {length}"
        raise


def _once(machine: Machine, node: ast.For | ast.AsyncFor, frame: Frame) -> None:
    try:
        block(machine, node.body, frame)
    except Continued:
        return


# ------------------------------------------------------------------------------------------------------- exceptions


def _try(machine: Machine, node: ast.Try | ast.TryStar, frame: Frame) -> None:
    try:
        _guarded(machine, node, frame)
    except (Raised, Returned, Broke, Continued):
        block(machine, node.finalbody, frame)
        raise
    block(machine, node.finalbody, frame)


def _guarded(machine: Machine, node: ast.Try | ast.TryStar, frame: Frame) -> None:
    try:
        block(machine, node.body, frame)
    except Raised as failure:
        handler = exceptions.catching(machine, node, failure)
        if handler is None:
            raise
        _handle(machine, handler, failure, frame)
        return
    block(machine, node.orelse, frame)


def _handle(machine: Machine, handler: ast.ExceptHandler, failure: Raised, frame: Frame) -> None:
    if failure.name is None:
        machine.run.caught[handler] = exceptions.caught(machine, handler, frame)
    if handler.name is not None:
        frame.names[handler.name] = Opaque(outcome=True)
    machine.current.append(failure)
    machine.in_handler += 1
    try:
        block(machine, handler.body, frame)
    finally:
        machine.in_handler -= 1
        machine.current.pop()


def _with(machine: Machine, node: ast.With | ast.AsyncWith, at: int, frame: Frame) -> None:
    if at == len(node.items):
        block(machine, node.body, frame)
        return
    item = node.items[at]
    manager = item.context_expr
    worth = machine.worth(manager, frame)
    if item.optional_vars is not None:
        machine.assign(item.optional_vars, worth, frame)
    if exceptions.reraising(manager):
        _reraise(machine, node, at, frame)
    elif (suppressed := exceptions.suppressed(machine, manager, frame)) is not None:
        try:
            _with(machine, node, at + 1, frame)
        except Raised as failure:
            if not exceptions.matches_any(suppressed, failure):
                raise
    else:
        _with(machine, node, at + 1, frame)


def _reraise(machine: Machine, node: ast.With | ast.AsyncWith, at: int, frame: Frame) -> None:
    """oslo's ``save_and_reraise_exception``: raises at the end unless ``reraise`` was set false."""
    item = node.items[at]
    name = item.optional_vars.id if isinstance(item.optional_vars, ast.Name) else "with"
    machine.fields[f"{name}.reraise"] = exceptions.reraise_flag(item.context_expr)
    _with(machine, node, at + 1, frame)
    again = machine.fields.get(f"{name}.reraise", Const(value=True))
    if machine.current and not (isinstance(again, Const) and not again.value):
        failure = machine.current[-1]
        raise failure if isinstance(failure, Raised) else Raised(None)


__all__ = ["block", "execute"]
