"""Statements in the order in which Python runs them.

Source: The Python Language Reference, sections 7 and 8.
Shape: each statement adds steps to its activation; ``alive`` says whether what follows it can be reached.
"""

from __future__ import annotations

import ast
from collections.abc import Callable

from parsers.facts.python import NOTHING, Answer, Branch, Catch, Guard, Leave, Next, Raise, Send, Step
from parsers.facts.python import Scope as Placed
from parsers.python.conditions import status_test
from parsers.python.flow import answers, concurrency, loops, withs
from parsers.python.flow.context import Activation, block
from parsers.python.flow.expressions import condition, effective, run
from parsers.python.flow.joining import Path, choose, meet
from parsers.python.flow.tidy import fails, walk
from parsers.python.operators import binary, unpacked
from parsers.python.raising import ancestors, classes_of, raised
from parsers.python.value import (
    NONE,
    Failure,
    Items,
    Known,
    Made,
    Outcome,
    Pending,
    Reply,
    Unknown,
    Value,
    options,
    settled,
)


def body(act: Activation, statements: list[ast.stmt]) -> None:
    """Statements one after the other."""
    for number, statement in enumerate(statements):
        if not act.alive or not act.context.spend():
            return
        if isinstance(statement, ast.If) and loops.only_at_last(act, statement, statements[number + 1 :], _then):
            return
        _RUN.get(type(statement), _other)(act, statement)


def _other(act: Activation, node: ast.stmt) -> None:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.expr) and effective(child):
            run(act, child)


def _expression(act: Activation, node: ast.stmt) -> None:
    assert isinstance(node, ast.Expr)
    if not effective(node.value):
        return
    value = run(act, node.value)
    concurrency.discarded(act, value)
    match node.value:
        case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="append" | "add"), args=[added]):
            held = act.env.get(name)
            if isinstance(held, Items):
                act.env[name] = Items(held.kind, (*held.items, act.value(added)), held.complete)
        case ast.Call(func=ast.Attribute(attr=attr), args=[status, *_]) if attr in answers.STATUS_METHODS:
            answers.set_apart(act, act.value(status))


def _assign(act: Activation, node: ast.stmt) -> None:
    targets: list[ast.expr] = []
    if isinstance(node, ast.AnnAssign):
        targets.append(node.target)
    else:
        assert isinstance(node, ast.Assign)
        targets += node.targets
    given = node.value
    if given is None:
        return
    value = run(act, given)
    for target in targets:
        _store(act, target, value)


def _store(act: Activation, target: ast.expr, value: Value) -> None:
    match target:
        case ast.Name(id=name) if name in act.scope.global_names:
            return
        case ast.Name() | ast.Tuple() | ast.List() | ast.Starred():
            act.env.update(unpacked(target, value))
        case ast.Attribute(value=base, attr=attr) if attr in answers.STATUS_ATTRIBUTES:
            held = act.value(base)
            if not isinstance(held, Reply) and not (isinstance(base, ast.Name) and base.id == "self"):
                answers.set_apart(act, value)
        case ast.Attribute() | ast.Subscript():
            if effective(target):
                run(act, target)


def _augment(act: Activation, node: ast.stmt) -> None:
    assert isinstance(node, ast.AugAssign)
    value = run(act, node.value)
    if isinstance(node.target, ast.Name):
        before = act.value(ast.copy_location(ast.Name(id=node.target.id, ctx=ast.Load()), node))
        act.env[node.target.id] = binary(node.op, before, value) or Unknown(node.target.id)


def _if(act: Activation, node: ast.stmt) -> None:
    assert isinstance(node, ast.If)
    asked = condition(act, node.test)
    known = asked.known()
    if known is not None and not asked.effects():
        body(act, node.body if known else node.orelse)
        return
    paths = [_then(act, node.body), _then(act, node.orelse)]
    meet(act, paths, node)
    act.emit(asked.decide(block(paths[0].steps), block(paths[1].steps)))


def _then(act: Activation, statements: list[ast.stmt]) -> Path:
    """One way, from here: followed aside."""
    before, alive = act.env, act.alive
    act.env = dict(before)
    act.alive = True
    with act.captured() as steps:
        body(act, statements)
    path = Path(steps, act.env, act.alive)
    act.env, act.alive = before, alive
    return path


def _match(act: Activation, node: ast.stmt) -> None:
    assert isinstance(node, ast.Match)
    subject = run(act, node.subject)
    paths: list[Path] = []
    tests: list[Value | None] = []
    for case in node.cases:
        tests.append(_case_test(act, subject, case))
        paths.append(_then(act, case.body))
    if not any(t == Known(value=True) for t in tests):
        paths.append(Path([], dict(act.env), alive=True))
    meet(act, paths, node)
    steps = [block(p.steps) for p in paths]
    result = steps.pop() if len(steps) > len(tests) else NOTHING
    for test, step in zip(reversed(tests), reversed(steps), strict=True):
        result = choose(test, step, result) if test is not None else Branch((step, result))
    act.emit(result)


def _case_test(act: Activation, subject: Value, case: ast.match_case) -> Value | None:
    if case.guard is not None:
        return None
    match case.pattern:
        case ast.MatchAs(pattern=None):
            return Known(value=True)
        case ast.MatchValue(value=value) if isinstance(subject, Reply):
            return status_test(ast.Eq(), subject, act.value(value))
        case ast.MatchValue(value=value) if isinstance(settled(subject), Known):
            return Known(settled(subject) == act.value(value))
        case _:
            return None


def _return(act: Activation, node: ast.stmt) -> None:
    assert isinstance(node, ast.Return)
    value = run(act, node.value) if node.value is not None else NONE
    if act.top and isinstance(value, Pending):
        value = concurrency.awaited(act, value, node)
    act.handed += concurrency.handed_on(act, value)
    concurrency.flush(act)
    if act.top:
        act.emit(answers.answer(act, value, node))
        act.returned(value)
    else:
        act.emit(Answer(f"#{act.returned(value)}", None, act.span(node)))
    act.alive = False


def _raise(act: Activation, node: ast.stmt) -> None:
    assert isinstance(node, ast.Raise)
    span = act.span(node)
    act.alive = False
    if node.exc is None:
        act.emit(Raise((), None, span))
        return
    value = run(act, node.exc)
    if isinstance(value, Failure) and act.catching is not None:
        act.emit(Raise((), None, span))
        return
    if isinstance(value, Outcome) and not any(isinstance(o, Failure) for o in options(value)):
        value = options(value)[0]
    found = raised(act.context.values, value, act.frame())
    if isinstance(value, Made):
        number = act.context.raised(value)
        act.emit(act.mark(act.context.raise_key, number, node))
    act.emit(Raise(found.classes, found.status, span, found.key))


def _try(act: Activation, node: ast.stmt) -> None:
    assert isinstance(node, ast.Try | ast.TryStar)
    before = act.env
    tried = _then(act, node.body)
    inner: Step = block(tried.steps)
    steps_before_orelse = list(tried.steps)
    paths = [tried]
    if tried.alive and node.orelse:
        act_env = act.env
        act.env = tried.env
        after = _then(act, node.orelse)
        act.env = act_env
        paths = [after]
    else:
        after = None
    keys = tuple(s.key for s in walk(inner) if isinstance(s, Send))
    clauses = [(h, _caught_by(act, h)) for h in node.handlers]
    for handler, classes in clauses:
        failure = failed(act, inner, classes, keys)
        paths.append(_handle(act, handler, failure, before, tried.env))
    meet(act, paths, node)
    if not fails(inner):
        _quiet(act, tried, after, [p for p in paths if p is not tried and p is not after], node)
        return
    catches = tuple(Catch(c, block(p.steps)) for (_, c), p in zip(clauses, paths[1:], strict=True))
    orelse = block(after.steps) if after is not None else NOTHING
    if after is None and tried.steps[len(steps_before_orelse) :]:
        orelse = block(tried.steps[len(steps_before_orelse) :])  # the mark of the way without failure
        inner = block(steps_before_orelse)
    alive = act.alive
    act.alive = True
    with act.captured() as final:
        body(act, node.finalbody)
    act.alive = alive and act.alive
    act.emit(Guard(inner, catches, orelse, block(final)))


def _quiet(act: Activation, tried: Path, after: Path | None, others: list[Path], node: ast.Try | ast.TryStar) -> None:
    """Nothing is sent in here: whether a handler runs does not depend on a request."""
    well = block([*tried.steps, *(after.steps if after is not None else ())])
    ways = [well, *(block(p.steps) for p in others)]
    act.emit(ways[0] if len(ways) == 1 else Branch(tuple(ways)))
    alive = act.alive
    act.alive = True
    body(act, node.finalbody)
    act.alive = alive and act.alive


def _caught_by(act: Activation, handler: ast.ExceptHandler) -> tuple[str, ...]:
    if handler.type is None:
        return ("BaseException",)
    return classes_of(act.context.values, act.value(handler.type)) or ("Exception",)


def failed(act: Activation, inner: Step, classes: tuple[str, ...], keys: tuple[int, ...]) -> Failure:
    """What an ``except`` clause binds: the failure of a request, or one of the exceptions that the body raises."""
    context = act.context
    client = context.clients_of.get(keys[0], "") if keys else ""
    marks = {
        s.body.status
        for s in walk(inner)
        if isinstance(s, Placed) and s.key == context.raise_key and context.raise_key and isinstance(s.body, Answer)
    }
    own = [
        (f"#{i}", value) for i, value in enumerate(context.raises) if f"#{i}" in marks and _is_one(act, value, classes)
    ]
    return Failure(keys[-4:], classes, client, tuple(own), context.raise_key)


def _is_one(act: Activation, value: Value, classes: tuple[str, ...]) -> bool:
    """Whether an exception is of one of the classes, and not only by being an exception at all."""
    if not isinstance(value, Made):
        return False
    return bool(set(ancestors(act.context.values, value.name)) & set(classes) - {"Exception", "BaseException"})


def _handle(
    act: Activation,
    handler: ast.ExceptHandler,
    failure: Failure,
    before: dict[str, Value],
    tried: dict[str, Value],
) -> Path:
    """An ``except`` clause: names of the ``try`` may or may not have their new values."""
    env = {**tried, **before}
    for name, value in tried.items():
        if name in before and before[name] != value:
            env[name] = value if before[name] == NONE and isinstance(value, Reply) else before[name]
    catching, current = act.catching, act.env
    act.env, act.catching = env, failure.classes
    if handler.name is not None:
        act.env = {**env, handler.name: failure}
    path = _then(act, handler.body)
    act.env, act.catching = current, catching
    return path


def _break(act: Activation, node: ast.stmt) -> None:
    loops.left(act, node)
    act.emit(Leave())
    act.alive = False


def _continue(act: Activation, node: ast.stmt) -> None:  # noqa: ARG001 -- one shape for all statements
    if act.loops:
        act.loops[-1].nexts.append(act.env)
    act.emit(Next())
    act.alive = False


def _defined(act: Activation, node: ast.stmt) -> None:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        act.env.pop(node.name, None)


def _loop(act: Activation, node: ast.stmt) -> None:
    loops.loop(act, node, body)


def _with(act: Activation, node: ast.stmt) -> None:
    withs.entered(act, node, body)


_RUN: dict[type[ast.stmt], Callable[[Activation, ast.stmt], None]] = {
    ast.Expr: _expression,
    ast.Assign: _assign,
    ast.AnnAssign: _assign,
    ast.AugAssign: _augment,
    ast.If: _if,
    ast.Match: _match,
    ast.Return: _return,
    ast.Raise: _raise,
    ast.Try: _try,
    ast.TryStar: _try,
    ast.For: _loop,
    ast.AsyncFor: _loop,
    ast.While: _loop,
    ast.With: _with,
    ast.AsyncWith: _with,
    ast.Break: _break,
    ast.Continue: _continue,
    ast.FunctionDef: _defined,
    ast.AsyncFunctionDef: _defined,
    ast.ClassDef: _defined,
}
