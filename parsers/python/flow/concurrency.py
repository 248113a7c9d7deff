"""Work that runs beside: coroutines, tasks, futures, threads.

Source: The Python Standard Library, ``asyncio`` (``gather``: all run, the first exception is raised, with
``return_exceptions`` none is), ``concurrent.futures``; anyio, gevent, Starlette's background tasks.
Shape: a coroutine is ``Pending`` until it is awaited; tasks that were started run together where the first is awaited.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable

from parsers.facts.python import NOTHING, Branch, Loop, Parallel, Send, Step
from parsers.python.flow.context import Activation, block
from parsers.python.operators import item
from parsers.python.value import (
    NONE,
    Either,
    Items,
    Known,
    Made,
    Member,
    Outcome,
    Pending,
    Table,
    Thing,
    Unknown,
    Value,
    constant_number,
    either,
    options,
    settled,
)

_WORKERS = (
    "asyncio.",
    "concurrent.futures.",
    "anyio.",
    "trio.",
    "gevent.",
    "multiprocessing.",
    "threading.",
    "fastapi.",
    "starlette.",
    "loguru.",
    "flask_executor.",
    "uvloop.",
)


def awaited(act: Activation, value: Value, node: ast.AST) -> Value:
    """Wait for the value: what was only described happens now; what was started has run with all that was started."""
    value = settled(value)
    if isinstance(value, Either | Outcome):
        return _one_of(act, value, node)
    if isinstance(value, Items) and any(isinstance(i, Pending) for i in value.items):
        for pending in value.items:
            awaited(act, pending, node)
        return Items(value.kind, tuple(i.value if isinstance(i, Pending) else i for i in value.items), value.complete)
    if not isinstance(value, Pending):
        return value
    if value.started:
        _flush(act, value, collects=False)
    else:
        act.emit(value.step)
    return value.value


def _one_of(act: Activation, value: Either | Outcome, node: ast.AST) -> Value:
    several = options(value)
    if not any(isinstance(o, Pending) for o in several):
        return value
    if all(isinstance(o, Pending) and o.started for o in several):
        return either(awaited(act, o, node) for o in several)
    ways: list[Step] = []
    results: list[Value] = []
    for option in several:
        with act.captured() as steps:
            results.append(awaited(act, option, node))
        ways.append(block(steps) if steps else NOTHING)
    act.emit(Branch(tuple(ways)) if len(ways) > 1 else ways[0])
    return either(results)


def _flush(act: Activation, wanted: Pending | None, *, collects: bool) -> None:
    """Everything that was started, together, once."""
    together = [p for p in act.started if p.step != NOTHING]
    if wanted is not None and wanted not in act.started:
        return
    act.started = []
    if together:
        act.emit(Parallel(tuple(p.step for p in together), collects))


def flush(act: Activation) -> None:
    """At the end of a function: what was started and never waited for fails unseen."""
    _flush(act, None, collects=True)


def discarded(act: Activation, value: Value) -> None:
    """An expression statement: a task that nobody keeps runs on its own."""
    if isinstance(value, Pending) and value.started and value in act.started:
        act.started.remove(value)
        act.emit(Parallel((value.step,), collects=True))


def loop_over(act: Activation, source: Value, target: ast.expr) -> Value | None:  # noqa: ARG001 -- names what is bound
    """What a loop over futures binds; ``None`` for any other loop."""
    items = act.context.values.elements(source)
    if items and all(isinstance(i, Pending) for i in items):
        return items[0] if len(items) == 1 else Either(items)
    return None


def handed_on(act: Activation, value: Value) -> list[Pending]:
    """What was started and is returned: the caller may wait for it."""
    inner = options(settled(value))
    kept = [p for o in inner for p in (o.items if isinstance(o, Items) else (o,)) if isinstance(p, Pending)]
    mine = [p for p in act.started if p in kept]
    act.started = [p for p in act.started if p not in kept]
    return mine


def either_started(handed: list[Pending], value: Value) -> tuple[Value, list[Pending]]:
    """What several returns have started is one piece of work: only one of them was taken."""
    several = options(value)
    started = [p for p in several if isinstance(p, Pending) and p.started]
    if len(started) < 2 or len(started) < len(several):
        return value, handed
    one = Pending(Branch(tuple(p.step for p in started)), either(p.value for p in started), started=True)
    return one, [*(p for p in handed if p not in started), one]


def call(act: Activation, node: ast.Call, callee: Value) -> Value | None:
    """A call that starts, waits for or hands over work; ``None`` for any other."""
    name, attr = _named(callee, node)
    if isinstance(callee, Pending):
        return None
    handler = _FUNCTIONS.get(name) or (_METHODS.get(attr) if _may_work(callee, name) else None)
    return handler(act, node) if handler is not None else None


def on_pending(act: Activation, node: ast.Call, base: Value) -> Value | None:
    """``future.result()``, ``task.add_done_callback(f)``."""
    assert isinstance(node.func, ast.Attribute)
    if not any(isinstance(o, Pending) for o in options(base)):
        return None
    if node.func.attr in ("result", "get", "join", "wait"):
        return awaited(act, base, node)
    return Unknown(node.func.attr)


def _named(callee: Value, node: ast.Call) -> tuple[str, str]:
    attr = node.func.attr if isinstance(node.func, ast.Attribute) else ""
    match callee:
        case Thing(name=name) if name.external:
            return name.qualified, attr
        case Member(of=Made(name=name), names=names):
            return ".".join((name.qualified, *names)), attr
        case _:
            return "", attr


def _may_work(callee: Value, name: str) -> bool:
    """Methods are known by name where their object is known to run work, or is not known at all."""
    return name.startswith(_WORKERS) or isinstance(callee, Unknown)


# --------------------------------------------------------------------------------------------------- what they do


def _described(
    act: Activation, callee: ast.expr, node: ast.Call, args: list[Value], keywords: dict[str, Value]
) -> Pending:
    """What calling ``callee`` with these values will do."""
    from parsers.python.flow import calling

    call = ast.Call(func=callee, args=[ast.Constant(None) for _ in args], keywords=[])
    call.keywords = [ast.keyword(arg=name, value=ast.Constant(None)) for name in keywords]
    ast.copy_location(call, node)
    act.context.kept.append(call)
    given = zip([*call.args, *(k.value for k in call.keywords)], [*args, *keywords.values()], strict=True)
    act.results.update((id(place), value) for place, value in given)
    with act.captured() as steps:
        value = calling.call(act, call)
        value = awaited(act, value if value is not None else act.value(call), node)
    return Pending(block(steps) if steps else NOTHING, value)


def _start(act: Activation, pending: Pending) -> Pending:
    started = Pending(pending.step, pending.value, started=True)
    act.started.append(started)
    return started


def _values(act: Activation, nodes: Iterable[ast.expr]) -> list[Value]:
    found: list[Value] = []
    for node in nodes:
        if isinstance(node, ast.Starred):
            inner = settled(act.value(node.value))
            if isinstance(inner, Items):
                found += [_many(i) if not inner.complete else i for i in inner.items]
            elif isinstance(inner, Pending):
                found.append(inner)
        else:
            found.append(act.value(node))
    return found


def _many(value: Value) -> Value:
    """An item that stands for as many as data gives."""
    if isinstance(value, Pending) and value.step != NOTHING:
        return Pending(_repeated(value.step), value.value, value.started)
    return value


def _repeated(step: Step) -> Step:
    span = next((s.call.span for s in _sends(step)), None)
    return Loop(None, step, span) if span is not None and not isinstance(step, Loop) else step


def _sends(step: Step) -> Iterable[Send]:
    from parsers.python.flow.tidy import walk

    return (s for s in walk(step) if isinstance(s, Send))


def _keyword(act: Activation, node: ast.Call, name: str) -> Value | None:
    return next((act.value(k.value) for k in node.keywords if k.arg == name), None)


def _gather(act: Activation, node: ast.Call) -> Value:
    given = _values(act, node.args)
    flat = [i for g in given for i in (g.items if isinstance(g, Items) else (g,))]
    branches = [p.step for p in flat if isinstance(p, Pending) and p.step != NOTHING]
    for pending in flat:
        if isinstance(pending, Pending) and pending in act.started:
            act.started.remove(pending)
    collects = settled(_keyword(act, node, "return_exceptions") or NONE) == Known(value=True)
    results = tuple(p.value if isinstance(p, Pending) else p for p in flat)
    several = any(isinstance(a, ast.Starred) for a in node.args)
    step = Parallel(tuple(branches), collects) if branches else NOTHING
    return Pending(step, Items("list", results, complete=not several))


def _create_task(act: Activation, node: ast.Call) -> Value:
    given = act.value(node.args[0]) if node.args else NONE
    if isinstance(given, Pending):
        return _start(act, given) if not given.started else given
    if isinstance(given, Thing):
        return _submit(act, node)
    return Unknown("task")


def _submit(act: Activation, node: ast.Call) -> Value:
    if not node.args:
        return Unknown("future")
    args = _values(act, node.args[1:])
    keywords = {k.arg: act.value(k.value) for k in node.keywords if k.arg is not None}
    return _start(act, _described(act, node.args[0], node, args, keywords))


def _in_thread(act: Activation, node: ast.Call) -> Value:
    if not node.args:
        return Unknown("result")
    args = _values(act, node.args[1:])
    keywords = {k.arg: act.value(k.value) for k in node.keywords if k.arg is not None}
    return _described(act, node.args[0], node, args, keywords)


def _in_executor(act: Activation, node: ast.Call) -> Value:
    if len(node.args) < 2:
        return Unknown("result")
    return _start(act, _described(act, node.args[1], node, _values(act, node.args[2:]), {}))


def _background(act: Activation, node: ast.Call) -> Value:
    pending = _in_thread(act, node)
    if isinstance(pending, Pending) and pending.step != NOTHING:
        act.emit(Parallel((pending.step,), collects=True))
    return NONE


def _map(act: Activation, node: ast.Call) -> Value:
    from parsers.python.flow.expressions import known_items

    if len(node.args) < 2:
        return Unknown("results")
    callee, source = node.args[0], act.value(node.args[1])
    items = known_items(source)
    rows = [[i] for i in items] if items is not None else [[item(source, 0)]]
    if isinstance(node.func, ast.Attribute) and node.func.attr == "starmap":
        rows = [list(r[0].items) if isinstance(r[0], Items) else r for r in rows]
    pendings = [_described(act, callee, node, row, {}) for row in rows]
    steps = [p.step if items is not None else _repeated(p.step) for p in pendings if p.step != NOTHING]
    if steps:
        act.emit(Parallel(tuple(steps)))
    return Items("generator", tuple(p.value for p in pendings), complete=items is not None)


def _plain_map(act: Activation, node: ast.Call) -> Value | None:
    """``map(f, xs)``: one after the other."""
    if len(node.args) < 2:
        return None
    pending = _described(act, node.args[0], node, [item(act.value(node.args[1]), 0)], {})
    if pending.step == NOTHING:
        return None
    act.emit(_repeated(pending.step))
    return Items("generator", (pending.value,), complete=False)


def _wait_for(act: Activation, node: ast.Call) -> Value:
    from parsers.python.flow.tidy import limited

    given = act.value(node.args[0]) if node.args else NONE
    if not isinstance(given, Pending):
        return given
    limit = _keyword(act, node, "timeout") or (act.value(node.args[1]) if len(node.args) > 1 else NONE)
    seconds = constant_number(settled(limit))
    if seconds is None:
        return given
    cut = Pending(limited(given.step, float(seconds)), given.value)
    if given in act.started:
        act.started.remove(given)
    return cut


def _consume(act: Activation, node: ast.Call) -> Value:
    given = act.value(node.args[0]) if node.args else NONE
    if isinstance(given, Thing):
        given = _in_thread(act, node)
    return awaited(act, given, node)


def _joined(act: Activation, node: ast.Call) -> Value:
    given = act.value(node.args[0]) if node.args else NONE
    flush(act)
    return given


def _same(act: Activation, node: ast.Call) -> Value:
    return act.value(node.args[0]) if node.args else NONE


def _wait(act: Activation, node: ast.Call) -> Value:
    """``asyncio.wait``: the tasks run; their failures stay in them until somebody asks."""
    given = act.value(node.args[0]) if node.args else NONE
    inner = settled(given)
    fresh = inner.items if isinstance(inner, Items) else ()
    for pending in fresh:
        if isinstance(pending, Pending) and not pending.started:
            _start(act, pending)
    return Pending(NOTHING, Items("tuple", (given, Items("set", ()))))


_FUNCTIONS: dict[str, Callable[[Activation, ast.Call], Value | None]] = {
    "asyncio.gather": _gather,
    "asyncio.create_task": _create_task,
    "asyncio.ensure_future": _create_task,
    "asyncio.wait_for": _wait_for,
    "asyncio.wait": _wait,
    "asyncio.shield": _same,
    "asyncio.as_completed": _same,
    "asyncio.run": _consume,
    "asyncio.run_coroutine_threadsafe": _create_task,
    "asyncio.to_thread": _in_thread,
    "anyio.run": _consume,
    "anyio.to_thread.run_sync": _in_thread,
    "anyio.from_thread.run": _consume,
    "trio.run": _consume,
    "uvloop.run": _consume,
    "concurrent.futures.as_completed": _same,
    "concurrent.futures.wait": _wait,
    "fastapi.concurrency.run_in_threadpool": _in_thread,
    "starlette.concurrency.run_in_threadpool": _in_thread,
    "tornado.gen.multi": _gather,
    "gevent.spawn": _submit,
    "gevent.joinall": _joined,
    "gevent.wait": _joined,
    "builtins.map": _plain_map,
}

_METHODS: dict[str, Callable[[Activation, ast.Call], Value | None]] = {
    "submit": _submit,
    "map": _map,
    "starmap": _map,
    "imap": _map,
    "imap_unordered": _map,
    "apply_async": _submit,
    "spawn": _submit,
    "create_task": _create_task,
    "start_soon": _submit,
    "run_in_executor": _in_executor,
    "run_until_complete": _consume,
    "add_task": _background,
    "run_sync": _in_thread,
}


def thread_started(act: Activation, made: Made, node: ast.Call) -> None:
    """``Thread(target=f, args=(x,)).start()``: runs on its own; nobody sees it fail."""
    given = {k.arg: k.value for k in made.call.keywords if k.arg is not None}
    target = given.get("target") or given.get("function")
    if target is None or made.scope is not act.scope:
        return
    arguments = settled(act.value(given["args"])) if "args" in given else NONE
    named = settled(act.value(given["kwargs"])) if "kwargs" in given else NONE
    args = list(arguments.items) if isinstance(arguments, Items) else []
    keywords = {str(k.value): v for k, v in named.pairs if isinstance(k, Known)} if isinstance(named, Table) else {}
    pending = _described(act, target, node, args, keywords)
    if pending.step != NOTHING:
        act.emit(Parallel((pending.step,), collects=True))
