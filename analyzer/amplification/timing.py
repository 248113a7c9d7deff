"""Time along a chain: how long a hanging callee is waited for, and callers that give up before their callee has.

A caller that gives up does not stop its callee (cases ``orphan-*``): the attempts that are still to come are made for
nobody. Waits are the least there can be, so every time here is "at least".
Units: seconds; requests.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, inf

from analyzer.amplification.causes import HANG
from analyzer.amplification.ends import steps
from analyzer.amplification.engine import Engine, engine_of
from analyzer.amplification.numbers import Number, Unbounded, count, largest
from analyzer.amplification.order import order_of
from analyzer.amplification.outcomes import Load
from analyzer.amplification.system import CallFacts, System
from analyzer.amplification.walk import Failing
from analyzer.model import Operation
from parsers.facts.python import Call, Send
from parsers.quantities import Count


@dataclass(frozen=True, slots=True)
class Limit:
    """What ends the caller's wait for one attempt: ``by`` is ``client timeout``, ``perTryTimeout`` or ``timeout``."""

    seconds: float
    by: str


@dataclass(frozen=True, slots=True)
class Inversion:
    """``call`` is given up after ``limit``, but its callee goes on asking ``inner`` for ``needs_s``.

    Of the ``requests`` that the callee then sends for one request, ``wasted`` start when nobody waits any more.
    """

    call: str
    limit: Limit
    inner: str
    needs_s: float
    requests: Count
    wasted: Count


def waits(system: System, entry: Operation, failing: Operation) -> float | None:
    """The longest an entry's answer takes, at least, while ``failing`` hangs; ``None``: nothing ever ends the wait."""
    engine = engine_of(system)
    walk = Failing.of(engine, order_of(engine), failing, HANG)
    summary = walk.summaries.get(entry)
    if summary is None:
        return 0.0
    longest = max((load.time_s for loads in summary.answers.values() for load in loads), default=0.0)
    return None if longest == inf else longest


def inversions(system: System) -> tuple[Inversion, ...]:
    """Every call whose caller gives up before its callee has made all its attempts at something that hangs."""
    engine = engine_of(system)
    found = [one for key in sorted(system.calls) for one in _of(engine, system.calls[key])]
    return tuple(sorted(found, key=lambda i: (i.call, i.inner)))


def _of(engine: Engine, call: CallFacts) -> Iterator[Inversion]:
    limit = limit_of(engine.system, call)
    if limit is None:
        return
    for callee, _ in call.callees:
        for inner in engine.system.outgoing.get(callee, ()):
            load = _hanging(engine, callee, inner)
            if load is None or load.time_s in (0.0, inf) or load.time_s <= limit.seconds:
                continue
            sent = load.worth(lambda a, wanted=inner.id: int(a.call == wanted and not a.shadow))  # type: ignore[misc]  # default binds
            wasted = _after(sent, load.time_s, limit.seconds)
            if wasted != 0:
                yield Inversion(call.id, limit, inner.id, load.time_s, count(sent), count(wasted))


def _hanging(engine: Engine, operation: Operation, inner: CallFacts) -> Load | None:
    """What the operation does when one of its callees hangs: the way that takes longest."""
    summary = engine.summary(operation, {o: ((HANG, inf),) for o, _ in inner.callees})
    loads = [load for ways in summary.answers.values() for load in ways if load.time_s < inf]
    return max(loads, key=lambda load: load.time_s, default=None)


def _after(sent: Number, takes_s: float, limit_s: float) -> Number:
    """Requests that start after the limit, evenly spread over the time they take."""
    if isinstance(sent, Unbounded) or sent == 0:
        return sent
    started = ceil(Fraction(str(round(limit_s / takes_s, 9))) * int(sent))
    return largest((0, int(sent) - started))


def limit_of(system: System, call: CallFacts) -> Limit | None:
    """The first thing that ends the caller's wait for one attempt of a call."""
    found: list[tuple[float, str]] = []
    for layer in call.passage.layers:
        if layer.per_try_timeout_s:
            found.append((layer.per_try_timeout_s, "perTryTimeout"))
        if layer.timeout_s:
            found.append((layer.timeout_s, "timeout"))
    for client in clients_of(system, call):
        if client.timeout_s:
            found.append((client.timeout_s, "client timeout"))
    if not clients_of(system, call) and call.timeout_s:
        found.append((call.timeout_s, "client timeout"))
    return Limit(*min(found)) if found else None


def clients_of(system: System, call: CallFacts) -> list[Call]:
    """The places of the caller's program that make a call."""
    program = system.programs.get(call.caller)
    if program is None:
        return []
    keys = {key for key, wires in program.wires if call.id in wires}
    return [s.call for s in steps(program.handler.body) if isinstance(s, Send) and s.key in keys]
