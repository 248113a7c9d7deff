"""Functions put in place: arguments bound, decorators around, the body followed, what comes back."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from parsers.facts.python import NOTHING, Answer, Next, Repeat, Retry, Step
from parsers.facts.python import Scope as Placed
from parsers.python.flow import answers, concurrency, statements
from parsers.python.flow.context import MAX_DEPTH, Activation, Context, block
from parsers.python.flow.expressions import run
from parsers.python.flow.tidy import tidy
from parsers.python.module import Scope
from parsers.python.value import (
    NONE,
    Default,
    Items,
    Known,
    Outcome,
    Pending,
    Text,
    Thing,
    Unknown,
    Value,
    settled,
)

Decorated = ast.FunctionDef | ast.AsyncFunctionDef


def enter(act: Activation, thing: Thing, node: ast.Call | None, given: Mapping[str, Value] | None) -> Value:
    """Follow a call of a function of the tree, with the decorators that are still to be applied."""
    scope = thing.name.scope
    if scope is None or scope.is_class:
        return Unknown(thing.name.qualified)
    context = act.context
    bound = dict(given) if given is not None else _arguments(act, thing, node)
    place = (id(scope), thing.layer)
    if place in context.stack:
        return _again(act, scope)
    if len(context.stack) >= MAX_DEPTH:
        context.truncated = True
        return Unknown(scope.name)
    mark = _inert_mark(scope, thing, bound)
    if mark in context.inert or (mark is not None and _cold(act, scope)):
        return context.values.returned(scope, bound, act.frame())
    context.stack.append(place)
    try:
        step, value = _decorated(act, thing, scope, node, bound)
    finally:
        context.stack.pop()
    if step == NOTHING and mark is not None:
        context.inert.add(mark)
    if isinstance(scope.node, ast.AsyncFunctionDef) and not isinstance(value, Pending) and not scope.yields():
        return Pending(step, value)
    act.emit(step)
    return value


def _arguments(act: Activation, thing: Thing, node: ast.Call | None) -> dict[str, Value]:
    values = act.context.values
    return values.arguments(thing, node, act.frame()) if node is not None else values.bind(thing, [], {}, act.frame())


def _again(act: Activation, scope: Scope) -> Value:
    """A function that is being followed already: recursion."""
    if act.context.retries.recursion(scope) is not None and act.scope is scope:
        act.emit(Next())
        act.alive = False
    return Unknown(scope.name)


def _cold(act: Activation, scope: Scope) -> bool:
    """Nothing in the function can send, and what it may raise does not answer a failure."""
    heat = act.context.heat
    return not heat.may_send(scope) and not (
        heat.stops(scope) and (act.catching is not None or act.context.kind != "startup")
    )


def _inert_mark(scope: Scope, thing: Thing, bound: Mapping[str, Value]) -> object:
    """Two calls with the same mark do the same; ``None`` where arguments may make a difference."""
    plain = Known | Text | Unknown | Default
    held = [v for v in bound.values() if not isinstance(v, plain) and not _plain_items(v) and v is not thing.receiver]
    if held or thing.layer:
        return None
    return (id(scope), id(getattr(thing.receiver, "call", None)), thing.receiver is None)


def _plain_items(value: Value) -> bool:
    return isinstance(value, Items) and all(isinstance(i, Known | Text | Unknown) for i in value.items)


def _decorated(
    act: Activation, thing: Thing, scope: Scope, node: ast.Call | None, bound: Mapping[str, Value]
) -> tuple[Step, Value]:
    decorators = scope.node.decorator_list if isinstance(scope.node, Decorated) else []
    layers = act.context.retries.around_function(scope) if decorators or thing.layer else ()
    for number in range(thing.layer, len(decorators)):
        decorator = decorators[number]
        retry = next((r for r in layers if _is_at(r, decorator)), None)
        inner = Thing(thing.name, thing.receiver, thing.args, thing.keywords, thing.closure, number + 1)
        if retry is not None:
            step, value = _decorated(act, inner, scope, node, bound)
            return (Repeat(retry, step), value) if step != NOTHING else (step, value)
        wrapper = _wrapper(act, decorator, inner, scope)
        if wrapper is not None:
            return _wrapped(act, wrapper, inner, node, bound)
    return _plain(act, scope, bound)


def _is_at(retry: Retry, decorator: ast.expr) -> bool:
    return decorator.lineno <= retry.span.line <= (decorator.end_lineno or decorator.lineno)


def _wrapper(act: Activation, decorator: ast.expr, inner: Thing, scope: Scope) -> Thing | None:
    """The function that a decorator of the tree puts in the place of ``inner``; ``None`` for any other decorator."""
    values = act.context.values
    outer = scope.parent or scope
    made = settled(values.evaluate(decorator, outer))
    if not isinstance(made, Thing) or made.name.scope is None or not made.name.scope.is_function:
        return None
    bound = values.bind(made, [inner], {})
    found = settled(values.returned(made.name.scope, bound, act.frame()))
    known = isinstance(found, Thing) and found.name.scope is not None and found.name.scope.is_function
    return found if known and isinstance(found, Thing) and found.name.scope is not scope else None


def _wrapped(
    act: Activation, wrapper: Thing, inner: Thing, node: ast.Call | None, bound: Mapping[str, Value]
) -> tuple[Step, Value]:
    scope = inner.name.scope
    names = [a.arg for a in scope.node.args.args] if scope is not None and isinstance(scope.node, Decorated) else []
    positional = [bound.get(n, Unknown(n)) for n in names]
    seen: list[Value] = []
    with act.captured() as steps:
        taken = act.context.values.bind(wrapper, positional, {}, act.frame())
        value = act.context.enter(act, wrapper, None, taken)
        if isinstance(value, Pending):
            value = concurrency.awaited(act, value, node or ast.Pass())
        seen.append(value)
    return (block(steps) if steps else NOTHING), seen[0]


def _plain(act: Activation, scope: Scope, bound: Mapping[str, Value]) -> tuple[Step, Value]:
    """The function's own body."""
    context = act.context
    context.visited.add(id(scope))
    own = Activation(context, scope, dict(bound), key=context.key())
    if isinstance(scope.node, ast.Lambda):
        value = run(own, scope.node.body)
        act.started += own.started
        return (block(own.steps) if own.steps else NOTHING), value
    assert isinstance(scope.node, Decorated)
    statements.body(own, scope.node.body)
    value, started = concurrency.either_started(own.handed, finish(own, scope.node))
    act.started += started
    span = scope.module.span(scope.node)
    body: Step = block(own.steps) if own.steps else NOTHING
    retry = context.retries.recursion(scope)
    if retry is not None:
        body = Repeat(retry, body)
    several = isinstance(value, Outcome) and value.key == own.key
    placed = Placed(scope.symbol, body, span, own.key if several else None)
    if several:
        return placed, value
    pruned = tidy_enough(placed)
    return pruned, value


def tidy_enough(step: Placed) -> Step:
    """A body that sends nothing and decides nothing is dropped at once, so that it costs nothing later."""
    return step if tidy(step) != NOTHING else NOTHING


def finish(own: Activation, node: ast.AST) -> Value:
    """The end of a function's body, and what it has returned."""
    if own.alive:
        concurrency.flush(own)
        if own.returns:
            own.emit(Answer(f"#{own.returned(NONE)}", None, own.span(node)))
        else:
            own.returned(NONE)
    if own.scope.yields():
        return own.context.values.returned(own.scope, own.env, own.frame())
    if not own.returns:
        return Unknown("never")
    if len(own.returns) == 1:
        return own.returns[0]
    return Outcome(own.key, tuple((f"#{i}", v) for i, v in enumerate(own.returns)))


__all__ = ["Context", "enter", "finish"]


def top(context: Context, thing: Thing, bound: Mapping[str, Value]) -> Step:
    """The body of a way into the program: what it returns is an answer."""
    scope = thing.name.scope
    assert scope is not None
    given = {**context.values.bind(thing, [], {}), **bound}
    context.stack.append((id(scope), 0))
    context.visited.add(id(scope))
    own = Activation(context, scope, given, top=True, key=context.key())
    decorators = scope.node.decorator_list if isinstance(scope.node, Decorated) else []
    layers = context.retries.around_function(scope) if decorators else ()
    wrapper = next(
        (w for d in decorators if (w := _wrapper(own, d, Thing(thing.name, thing.receiver, layer=99), scope))), None
    )
    if wrapper is not None:
        return _wrapped_top(context, wrapper, thing, given)
    if isinstance(scope.node, ast.Lambda):
        value = run(own, scope.node.body)
        own.emit(answers.answer(own, value, scope.node))
    elif isinstance(scope.node, Decorated):
        statements.body(own, scope.node.body)
        if own.alive:
            concurrency.flush(own)
            own.emit(answers.answer(own, NONE, scope.node))
    context.stack.pop()
    body: Step = block(own.steps) if own.steps else NOTHING
    for layer in reversed(layers):
        body = Repeat(layer, body)
    return body


def _wrapped_top(context: Context, wrapper: Thing, thing: Thing, given: Mapping[str, Value]) -> Step:
    """A decorator of the tree around a handler: its function answers, and calls the handler where it does."""
    scope = wrapper.name.scope
    assert scope is not None and isinstance(scope.node, Decorated)
    positional = [v for n, v in given.items() if v is not thing.receiver]
    bound = context.values.bind(wrapper, positional, {})
    own = Activation(context, scope, dict(bound), top=True, key=context.key())
    context.stack[-1] = (id(scope), -1)
    statements.body(own, scope.node.body)
    if own.alive:
        concurrency.flush(own)
        own.emit(answers.answer(own, NONE, scope.node))
    context.stack.pop()
    return block(own.steps) if own.steps else NOTHING
