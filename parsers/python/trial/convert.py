"""From what the program says (``parsers.python.value``) to what it is worth in a trial run."""

from __future__ import annotations

from parsers.python.module import Scope
from parsers.python.program import Name
from parsers.python.trial.run import Run
from parsers.python.trial.worth import (
    UNKNOWN,
    Closure,
    Const,
    Frame,
    Instance,
    Native,
    Opaque,
    Partial,
    Stream,
    Subject,
    Worth,
)
from parsers.python.value import Default, Either, Items, Known, Made, Thing, Unknown, Value

#: The name under which a callable on trial is handed to ``Values``.
SUBJECT = "meshgain.subject"

_CLOCKS = ("time.time", "time.monotonic", "time.perf_counter", "datetime.", "timeit.")


def from_value(value: Value, run: Run, text: str) -> Worth:
    """What a value is worth; defaults are moved by the run's shift, so that what depends on them shows."""
    match value:
        case Known(value=constant):
            return Const(constant)
        case Default(value=inner, why=why):
            return _default(inner, why, run, text)
        case Items(items=items, complete=complete):
            several = tuple(from_value(i, run, text) for i in items)
            known = frozenset(n for i in several if isinstance(i, Const) for n in i.inputs)
            return Const(several, known) if complete else Stream(several, endless=True)
        case Either(options=options):
            return _either(options, run, text)
        case Thing():
            return _thing(value, run)
        case Made(name=Name(scope=Scope() as scope)) if scope.is_class:
            return Instance(scope)
        case Made(name=name):
            return Opaque(clock=name.qualified.startswith(_CLOCKS), source=text)
        case Unknown():
            return Opaque(source=text)
        case _:
            return Opaque(source=text)


def _default(inner: Value, why: str, run: Run, text: str) -> Worth:
    worth = from_value(inner, run, text)
    if not isinstance(worth, Const):
        return worth
    run.inputs.add(why)
    if isinstance(worth.value, int | float) and not isinstance(worth.value, bool):
        return Const(worth.value + run.shift, worth.inputs | {why})
    if isinstance(worth.value, str) and worth.value.strip().isdigit():
        return Const(int(worth.value) + run.shift, worth.inputs | {why})
    if isinstance(worth.value, bool):
        return Opaque()  # a switch: both ways
    if worth.value is None:
        return Const(None, worth.inputs | {why}) if not run.shift else Opaque(source=text)
    return Const(worth.value, worth.inputs | {why})


def _either(options: tuple[Value, ...], run: Run, text: str) -> Worth:
    """Several values: the largest number, since the worst case is asked for; it may be another one."""
    worths = [from_value(o, run, text) for o in options]
    numbers = [w for w in worths if isinstance(w, Const) and isinstance(w.value, int | float)]
    numbers = [w for w in numbers if not isinstance(w.value, bool)]
    if numbers and all(isinstance(w, Const) for w in worths):
        best = max(numbers, key=lambda w: w.value if isinstance(w.value, int | float) else 0)
        return soft(best, text, run)
    return Opaque(source=text)


def soft(worth: Worth, why: str, run: Run) -> Worth:
    """A value that run time may give differently."""
    if not isinstance(worth, Const):
        return worth
    run.inputs.add(why)
    value = worth.value
    moved = value + run.shift if isinstance(value, int | float) and not isinstance(value, bool) else value
    return Const(moved if not worth.inputs else value, worth.inputs | {why})


def _thing(thing: Thing, run: Run) -> Worth:
    name = thing.name
    if name.qualified == SUBJECT:
        return Subject()
    target: Worth
    if name.scope is not None and not name.rest:
        receiver = thing.receiver
        own = Instance(receiver.name.scope) if isinstance(receiver, Made) and receiver.name.scope else None
        frame = _closure(thing, run) if thing.closure and name.scope.parent is not None else None
        target = Closure(name.scope, frame, own if own is not None else (UNKNOWN if receiver is not None else None))
    elif name.external:
        target = Native(name.qualified)
    else:
        return Opaque(source=name.qualified)
    if not thing.args and not thing.keywords:
        return target
    args = tuple(from_value(a, run, name.qualified) for a in thing.args)
    return Partial(target, args, tuple((k, from_value(v, run, k)) for k, v in thing.keywords))


def _closure(thing: Thing, run: Run) -> Frame | None:
    scope = thing.name.scope
    if scope is None or scope.parent is None:
        return None
    return Frame(scope.parent, None, {n: from_value(v, run, n) for n, v in thing.closure})


__all__ = ["SUBJECT", "from_value", "soft"]
