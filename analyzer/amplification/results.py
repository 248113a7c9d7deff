"""The numbers of the report: pairs, scenarios, cycles and the gain of each call."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from analyzer.amplification.cycles import Cycle, cycles
from analyzer.amplification.engine import Engine
from analyzer.amplification.gains import gains
from analyzer.amplification.numbers import Number, count, largest
from analyzer.amplification.system import System
from analyzer.amplification.walk import Failing, Order, Spread
from analyzer.model import Gain, Operation, Precision, weaker
from parsers.quantities import ZERO, Count


@dataclass(frozen=True, slots=True)
class OperationLoad:
    """Requests that arrive at one operation."""

    operation: Operation
    requests: Count
    precision: Precision


@dataclass(frozen=True, slots=True)
class Scenario:
    """What arrives everywhere for one request at ``entry`` while ``failing`` fails on every request."""

    entry: Operation
    failing: Operation
    cause: str
    load: tuple[OperationLoad, ...]

    def at(self, operation: Operation) -> Count:
        """What arrives at one operation."""
        return next((o.requests for o in self.load if o.operation == operation), ZERO)


@dataclass(frozen=True, slots=True)
class Pair:
    """What one request at ``entry`` can become at ``target``.

    ``sustained`` is ``worst`` with retries as budgets bound them in the long run, rounded up; ``ratio`` the same not.
    ``chain`` names the calls of the largest single product, for ``cause``.
    """

    entry: Operation
    target: Operation
    single: Count
    worst: Count
    sustained: Count
    cause: str
    by_cause: tuple[tuple[str, Count], ...]
    chain: tuple[str, ...]
    precision: Precision
    ratio: float | None = None


@dataclass(frozen=True)
class Amplification:
    """Everything the engine computed."""

    system: System
    pairs: tuple[Pair, ...] = ()
    cycles: tuple[Cycle, ...] = ()
    gains: Mapping[str, Gain] = field(default_factory=dict)

    @cached_property
    def scenarios(self) -> tuple[Scenario, ...]:
        """The worst cause of every pair."""
        return tuple(scenario(self.system, p.entry, p.target, p.cause) for p in self.pairs)


def amplify(system: System, entries: Iterable[Operation]) -> Amplification:
    """The numbers of every pair of an entry and an operation that its requests can reach."""
    starts = tuple(dict.fromkeys(entries))
    engine = Engine(system)
    order = Order(engine)
    pairs = tuple(sorted(_pairs(engine, order, starts), key=lambda p: (p.entry, p.target)))
    return Amplification(system, pairs, cycles(engine, order), gains(engine))


def scenario(system: System, entry: Operation, failing: Operation, cause: str) -> Scenario:
    """What arrives everywhere while ``failing`` fails on every request with ``cause``."""
    engine = Engine(system)
    walk = Failing.of(engine, Order(engine), failing, cause)
    start = walk.worst_state(entry)
    if start is None:
        start = (entry, next(iter(walk.answers.get(entry, {"ok": 0.0}))))
    loads = dict(Spread(walk, start).loads())
    if failing in loads and (failing, cause) in walk.value and start in walk.value:
        loads[failing] = (walk.value[start], loads[failing][1])
    found = tuple(OperationLoad(o, count(n), sure) for o, (n, sure) in sorted(loads.items()))
    return Scenario(entry, failing, cause, found)


def _pairs(engine: Engine, order: Order, entries: tuple[Operation, ...]) -> Iterator[Pair]:
    wanted = {e: _below(order, e) for e in entries}
    targets = sorted(set().union(*wanted.values())) if wanted else []
    for target in targets:
        asking = [e for e in entries if target in wanted[e]]
        walks = [Failing.of(engine, order, target, cause) for cause in engine.causes_for(target)]
        for entry in asking:
            found = _pair(walks, entry, target)
            if found is not None:
                yield found


def _below(order: Order, entry: Operation) -> set[Operation]:
    seen, queue = {entry}, [entry]
    while queue:
        for callee in order.callees.get(queue.pop(), ()):
            if callee not in seen:
                seen.add(callee)
                queue.append(callee)
    return seen - {entry}


def _pair(walks: list[Failing], entry: Operation, target: Operation) -> Pair | None:
    by_cause: list[tuple[str, Number]] = []
    best: tuple[Number, Failing] | None = None
    for walk in walks:
        state = walk.worst_state(entry)
        value: Number = walk.value[state] if state else 0
        by_cause.append((walk.cause, value))
        if best is None or value > best[0]:
            best = (value, walk)
    if best is None or best[0] == 0:
        return None
    worst, walk = best
    start = walk.worst_state(entry)
    assert start is not None
    singles = [w.single[s][0] for w in walks if (s := w.worst_state(entry))]
    single = largest(singles)
    return Pair(
        entry=entry,
        target=target,
        single=count(single),
        worst=count(worst),
        sustained=count(worst),
        cause=walk.cause,
        by_cause=tuple((c, count(n)) for c, n in by_cause),
        chain=tuple(a.call for a in walk.chain(start)),
        precision=_precision(walk, start[0]),
    )


def _precision(walk: Failing, entry: Operation) -> Precision:
    """The weakest of everything that lies between."""
    found = Precision.EXACT
    reach = [entry]
    seen = {entry}
    while reach:
        operation = reach.pop()
        if operation == walk.target or operation not in walk.summaries:
            continue
        found = weaker(found, walk.engine.precision(operation))
        if not walk.summaries[operation].exact:
            found = weaker(found, Precision.UPPER_BOUND)
        for callee in walk.order.callees[operation]:
            if callee in walk.summaries and callee not in seen:
                seen.add(callee)
                reach.append(callee)
    return found
