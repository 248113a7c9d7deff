"""Loops: retries by hand, constant counts, loops over data; ``break``, ``else``, and the end of the last attempt."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence

from parsers.facts.python import NOTHING, Check, Leave, Loop, Raise, Repeat, Retry, Step
from parsers.python.flow import concurrency
from parsers.python.flow.context import Activation, LoopState, block
from parsers.python.flow.expressions import condition, count_of, effective, iterated, known_items, run
from parsers.python.flow.joining import Path, meet
from parsers.python.flow.tidy import sends, walk
from parsers.python.operators import unpacked
from parsers.python.value import NONE, Either, Items, Known, Pending, Reply, Unknown, Value, either, settled, truth
from parsers.quantities import ONCE

Loops = ast.For | ast.AsyncFor | ast.While
Body = Callable[[Activation, list[ast.stmt]], None]


def loop(act: Activation, node: ast.stmt, body: Body) -> None:
    """Follow a loop."""
    assert isinstance(node, Loops)
    source = iterated(act, node.iter) if isinstance(node, ast.For | ast.AsyncFor) else NONE
    retry = act.context.retries.around_loop(node, act.scope)
    state = LoopState(act.context.key(), retry is not None, frozenset(_counters(node)))
    before = act.env
    act.env = dict(before)
    _forget(act, node)
    if retry is None and isinstance(node, ast.For | ast.AsyncFor) and _unrolled(act, node, source, body):
        return
    _bind(act, node, source, state)
    with act.captured() as steps:
        _asked(act, node)
        act.loops.append(state)
        body(act, node.body)
        act.loops.pop()
    ended = act.env if act.alive else None
    act.alive = True
    inner: Step = block(steps) if steps else NOTHING
    _emit(act, node, (retry, inner, _count(act, node, source)), state)
    ends = [e for e in (ended, *state.nexts) if e is not None]
    if not ends or not _runs(act, node, source, state):
        ends.insert(0, before)
    _after(act, node, state, ends, body)


def _runs(act: Activation, node: Loops, source: Value, state: LoopState) -> bool:
    """Whether the body runs at least once."""
    if isinstance(node, ast.While):
        return state.retry or truth(act.value(node.test)) is True
    items = settled(source)
    return state.retry or (isinstance(items, Items) and bool(items.items))


def _emit(act: Activation, node: Loops, made: tuple[Retry | None, Step, Loop], state: LoopState) -> None:
    retry, inner, plain = made
    if state.breaks:
        act.emit(act.mark(state.key, 0, node))
    if retry is not None and sends(inner):
        act.emit(Repeat(retry, inner))
    elif inner != NOTHING:
        act.emit(Loop(plain.count, inner, act.span(node)))


def _count(act: Activation, node: Loops, source: Value) -> Loop:
    span_less = Loop(None, NOTHING, None)  # type: ignore[arg-type]  # only its count is looked at
    if isinstance(node, ast.While):
        return span_less
    if any(isinstance(i, Pending) for i in act.context.values.elements(source)):
        return Loop(ONCE, NOTHING, None)  # type: ignore[arg-type]  # only its count is looked at
    return Loop(count_of(source), NOTHING, None)  # type: ignore[arg-type]  # only its count is looked at


def _after(act: Activation, node: Loops, state: LoopState, ends: list[dict[str, Value]], body: Body) -> None:
    """What follows: when the loop was used up (``else``, the last attempt's own end), and after each ``break``."""
    act.env = _merged(ends)
    endless = isinstance(node, ast.While) and truth(act.value(node.test)) is True
    with act.captured() as used_up:
        if state.last is not None:
            act.emit(state.last)
            act.alive = False
        elif endless and state.retry:
            act.emit(Raise((), None, act.span(node)))
        if endless:
            act.alive = False
        body(act, node.orelse)
    exhausted = Path(used_up, act.env, act.alive)
    broken = [Path([], env, alive=True) for env in state.breaks]
    if not broken:
        act.alive = exhausted.alive
        for step in used_up:
            act.emit(step)
        return
    meet(act, [exhausted, *broken], node)
    marks = tuple(f"#{i + 1}" for i in range(len(broken)))
    steps = [block(p.steps) if p.steps else NOTHING for p in (exhausted, *broken)]
    result = steps[0]
    for number, step in reversed(list(enumerate(steps[1:]))):
        result = Check(state.key, (marks[number],), step, result) if step != result else result
    act.emit(result)


def left(act: Activation, node: ast.stmt) -> None:
    """A ``break``: which one it was is remembered."""
    if act.loops:
        state = act.loops[-1]
        state.breaks.append(act.env)
        act.emit(act.mark(state.key, len(state.breaks), node))


def _merged(ends: list[dict[str, Value]]) -> dict[str, Value]:
    """Names after a loop that was used up: what was before it, or what its body left."""
    merged: dict[str, Value] = {}
    for name in dict.fromkeys(n for e in ends for n in e):
        found = [e[name] for e in ends if name in e]
        known = [f for f in found if not isinstance(f, Unknown)]
        merged[name] = _grown(known) or either(known or found)
    return merged


def _grown(found: Sequence[Value]) -> Value | None:
    """A list that a loop adds to: as many items as data gives."""
    lists = [f for f in found if isinstance(f, Items)]
    if len(lists) != len(found) or len({len(i.items) for i in lists}) < 2:
        return None
    longest = max(lists, key=lambda i: len(i.items))
    return Items(longest.kind, longest.items, complete=False)


# ---------------------------------------------------------------------------------------------------- names in a loop


def _assigned(node: Loops) -> Iterator[tuple[str, bool]]:
    """Names that the body binds, and whether they count."""
    for inner in _own(node):
        match inner:
            case ast.AugAssign(target=ast.Name(id=name)):
                yield name, True
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    for name in _names(target):
                        yield name, any(isinstance(n, ast.Name) and n.id == name for n in ast.walk(value))


def _names(target: ast.expr) -> Iterator[str]:
    return (n.id for n in ast.walk(target) if isinstance(n, ast.Name))


def _own(node: ast.AST) -> Iterator[ast.AST]:
    stack: list[ast.AST] = list(ast.iter_child_nodes(node))
    while stack:
        inner = stack.pop()
        yield inner
        if not isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            stack.extend(ast.iter_child_nodes(inner))


def _counters(node: Loops) -> Iterator[str]:
    yield from (name for name, counts in _assigned(node) if counts)
    if isinstance(node, ast.For | ast.AsyncFor):
        yield from _names(node.target)


def _forget(act: Activation, node: Loops) -> None:
    """What the body changes is not known at its start, except for what is still unset."""
    for name, counts in _assigned(node):
        if name in act.env and (counts or act.env[name] != NONE):
            act.env[name] = Unknown(name)


def _bind(act: Activation, node: Loops, source: Value, state: LoopState) -> None:
    if not isinstance(node, ast.For | ast.AsyncFor):
        return
    future = concurrency.loop_over(act, source, node.target)
    items = act.context.values.elements(source)
    inner = settled(source)
    if future is not None:
        value = future
    elif isinstance(inner, Reply):
        value = Reply(inner.key, "body", inner.client)
    else:
        value = either(items) if items else Unknown(act.scope.module.source(node.target))
    act.env.update(unpacked(node.target, value))
    if items and isinstance(inner, Items) and inner.complete and isinstance(node.target, ast.Name):
        state.first_value, state.last_value, state.target = items[0], items[-1], node.target.id


def _asked(act: Activation, node: Loops) -> None:
    if isinstance(node, ast.While) and effective(node.test):
        run(act, node.test)


def _unrolled(act: Activation, node: ast.For | ast.AsyncFor, source: Value, body: Body) -> bool:
    """A loop over a known collection whose requests depend on the item: one iteration after the other."""
    items = known_items(source)
    if items is None or all(isinstance(i, Known) and isinstance(i.value, int) for i in items) or node.orelse:
        return False
    if any(isinstance(n, ast.Break) for n in _own(node)) or any(isinstance(i, Pending) for i in items):
        return False
    saved = (dict(act.env), act.context.work, act.context.next_key)
    start = len(act.steps)
    for item in items:
        act.env.update(unpacked(node.target, item))
        with act.captured() as steps:
            act.loops.append(LoopState(act.context.key(), retry=False, counters=frozenset()))
            body(act, node.body)
            act.loops.pop()
        if steps:
            act.emit(Loop(ONCE, block(steps), act.span(node)))
        act.alive = True
    if not any(sends(s) for s in act.steps[start:]):
        del act.steps[start:]
        act.env = saved[0]
        return False
    return True


# --------------------------------------------------------------------------------------------------- the last attempt


def only_at_last(
    act: Activation, node: ast.If, rest: list[ast.stmt], then: Callable[[Activation, list[ast.stmt]], Path]
) -> bool:
    """``if attempt == last: raise`` in a retry: that way is taken when the attempts are used up, and only then.

    True where the statement and what follows it have been dealt with.
    """
    state = act.loops[-1] if act.loops else None
    if state is None or not state.retry or not _counts(node.test, state) or effective_beyond_names(node.test):
        return False
    ends, goes_on = _sides(node, rest)
    if ends is None or not _fits(act, node, state, ends is node.body):
        return False
    final = then(act, ends)
    if final.alive or any(isinstance(s, Leave) for s in walk(block(final.steps))):
        return False
    raises = act.catching
    state.last = _outside(block(final.steps), raises)
    path = then(act, goes_on)
    for step in path.steps:
        act.emit(step)
    act.env, act.alive = path.env, path.alive
    return True


def effective_beyond_names(test: ast.expr) -> bool:
    """Whether the test may do something, apart from ``len``."""
    calls = [n for n in ast.walk(test) if isinstance(n, ast.Call | ast.Await)]
    return any(not (isinstance(c, ast.Call) and isinstance(c.func, ast.Name) and c.func.id == "len") for c in calls)


def _counts(test: ast.expr, state: LoopState) -> bool:
    return any(isinstance(n, ast.Name) and n.id in state.counters for n in ast.walk(test))


def _sides(node: ast.If, rest: list[ast.stmt]) -> tuple[list[ast.stmt] | None, list[ast.stmt]]:
    """The statements that end the loop for good, and those that go on."""
    if _leaves(node.body):
        return node.body, [*node.orelse, *rest]
    if node.orelse and _leaves(node.orelse):
        return node.orelse, [*node.body, *rest]
    if _continues(node.body) and rest and _leaves(rest):
        return rest, node.body
    if not node.orelse and rest and _leaves(rest[-1:]) and _continues(node.body):
        return rest, node.body
    return None, []


def _leaves(statements: list[ast.stmt]) -> bool:
    return bool(statements) and isinstance(statements[-1], ast.Raise | ast.Return)


def _continues(statements: list[ast.stmt]) -> bool:
    return bool(statements) and isinstance(statements[-1], ast.Continue)


def _fits(act: Activation, node: ast.If, state: LoopState, then_ends: bool) -> bool:  # noqa: FBT001 -- which side ends
    """Whether the test can only hold at the last attempt, as far as that can be told."""
    if state.target is None or state.last_value is None or state.first_value is None:
        return True
    saved = act.env
    answers: list[bool | None] = []
    for value in (state.first_value, state.last_value):
        act.env = {**saved, state.target: value}
        answers.append(truth(act.value(node.test)))
    act.env = saved
    early, late = answers
    return (early is None or early is not then_ends) and (late is None or late is then_ends)


def _outside(step: Step, classes: tuple[str, ...] | None) -> Step:
    """The end of the last attempt, put after the loop: what is raised again there is what was caught."""
    from dataclasses import replace

    from parsers.facts.python import Block

    if isinstance(step, Raise) and not step.classes and classes:
        return replace(step, classes=classes)
    if isinstance(step, Block):
        return Block(tuple(_outside(s, classes) for s in step.steps))
    return step


__all__ = ["Either", "condition", "left", "loop", "meet", "only_at_last"]
