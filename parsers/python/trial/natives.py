"""Calls of the standard library and of other packages, where they matter to counting."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from parsers.python.trial import arithmetic
from parsers.python.trial.names import written
from parsers.python.trial.worth import NONE, Const, Native, Opaque, Partial, Stream, Worth, blend, inputs, number

if TYPE_CHECKING:
    from parsers.python.trial.machine import Machine

CLOCKS = ("time.time", "time.monotonic", "time.perf_counter", "time.process_time", "datetime.", "timeit.")
SLEEPS = frozenset({"time.sleep", "asyncio.sleep", "gevent.sleep", "eventlet.sleep", "trio.sleep", "anyio.sleep"})


def call(machine: Machine, name: str, node: ast.Call, args: list[Worth]) -> Worth:
    """Something of the standard library or of another package."""
    run = machine.run
    if name in SLEEPS or name.endswith(".sleep"):
        seconds = number(args[0]) if args else None
        run.sleep_s += float(seconds) if seconds is not None and not inputs(args[0]) else 0.0
        return NONE
    if name.startswith(CLOCKS):
        return Opaque(clock=True)
    known = arithmetic.builtin(name.rpartition(".")[2], args, run) if name.startswith(("builtins.", "math.")) else None
    if known is None:
        known = _iterator(name, args) or _wrapping(name, args)
    return known if known is not None else blend(*args, source=written(node))


def _iterator(name: str, args: list[Worth]) -> Worth | None:
    """itertools, and copies of iterators."""
    match name:
        case "itertools.count":
            return arithmetic.counting(args)
        case "itertools.chain":
            several = [a.value for a in args if isinstance(a, Const) and isinstance(a.value, tuple)]
            return Const(tuple(i for s in several for i in s)) if len(several) == len(args) else None
        case "itertools.repeat" if len(args) == 2 and number(args[1]) is not None:
            times = min(int(number(args[1]) or 0), arithmetic.MAX_ITEMS)
            return Const((args[0],) * max(0, times), inputs(args[1]))
        case "itertools.repeat" | "itertools.cycle":
            return Stream((), endless=True)
        case "itertools.tee" if args:
            return Const((args[0], args[0]))
        case "copy.copy" | "copy.deepcopy" if args:
            return args[0]
        case "builtins.next" if args and isinstance(args[0], Stream) and args[0].items:
            return args[0].items[0]
        case _:
            return None


def _wrapping(name: str, args: list[Worth]) -> Worth | None:
    """What gives a callable back: partial, wraps, and the like."""
    match name:
        case "functools.partial" if args:
            return Partial(args[0], tuple(args[1:]))
        case "functools.wraps" | "six.wraps":
            return Native("identity")
        case "functools.update_wrapper" | "identity" | "builtins.staticmethod" | "builtins.classmethod" if args:
            return args[0]
        case "asyncio.wait_for" | "asyncio.shield" if args:
            return args[0]
        case _:
            return None
