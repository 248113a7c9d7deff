"""The numbers of the report: pairs, scenarios, cycles and the gain of each call."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from analyzer.amplification.budgets import UNKNOWN
from analyzer.amplification.cycles import Cycle, cycles
from analyzer.amplification.engine import Engine
from analyzer.amplification.gains import gains
from analyzer.amplification.numbers import Unbounded, count, largest
from analyzer.amplification.spread import Spread
from analyzer.amplification.system import System, has_budgets
from analyzer.amplification.walk import Failing, Order
from analyzer.model import Gain, Operation, Precision, weaker
from parsers.quantities import ONCE, ZERO, Count


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
    ``intermittent`` is ``worst`` where the target may also answer well now and then, so that a handler which stops at
    the first failure gets to its later calls.
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
    intermittent: Count = ONCE
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


def scenario(system: System, entry: Operation, failing: Operation, cause: str, latency_s: float = 0.0) -> Scenario:
    """What arrives everywhere while ``failing`` fails on every request with ``cause``, ``latency_s`` after it came."""
    engine = Engine(system)
    walk = Failing.of(engine, Order(engine), failing, cause, latency_s)
    loads = dict(Spread(walk, entry).loads())
    if failing in loads and failing != entry:
        loads[failing] = (walk.worth(entry), loads[failing][1])
    found = tuple(OperationLoad(o, count(n), sure) for o, (n, sure) in sorted(loads.items()))
    return Scenario(entry, failing, cause, found)


def _pairs(engine: Engine, order: Order, entries: tuple[Operation, ...]) -> Iterator[Pair]:
    wanted = {e: order.below(e) for e in entries}
    targets = sorted(set().union(*wanted.values())) if wanted else []
    bounded = Engine(engine.system, UNKNOWN) if has_budgets(engine.system) else None
    for target in targets:
        walks = Walks.of(engine, bounded, order, target)
        for entry in entries:
            if target in wanted[entry] and (found := walks.pair(entry)) is not None:
                yield found


@dataclass(frozen=True, slots=True)
class Walks:
    """Everything walked for one failing operation: always, now and then, and with budgets."""

    target: Operation
    always: tuple[Failing, ...]
    sometimes: tuple[Failing, ...]
    bounded: tuple[Failing, ...]

    @classmethod
    def of(cls, engine: Engine, bounded: Engine | None, order: Order, target: Operation) -> Walks:
        """Walk for every cause worth asking about."""
        causes = engine.causes_for(target)
        always = tuple(Failing.of(engine, order, target, c) for c in causes)
        twice = order.asked_twice(target)
        sometimes = tuple(Failing.of(engine, order, target, c, sometimes=True) for c in causes) if twice else ()
        limited = tuple(Failing.of(bounded, order, target, c) for c in causes) if bounded else ()
        return cls(target, always, sometimes, limited)

    def pair(self, entry: Operation) -> Pair | None:
        """The numbers from one entry; ``None`` where nothing of it ever arrives."""
        values = [(w, w.worth(entry)) for w in self.always]
        worst = largest(n for _, n in values)
        if worst == 0:
            return None
        walk = next(w for w, n in values if n == worst)
        start = walk.worst_state(entry)
        sustained = largest(w.worth(entry) for w in self.bounded) if self.bounded else worst
        return Pair(
            entry=entry,
            target=self.target,
            single=count(largest(w.single[s][0] for w in self.always if (s := w.worst_state(entry)))),
            worst=count(worst),
            sustained=count(sustained),
            cause=walk.cause,
            by_cause=tuple((w.cause, count(n)) for w, n in values),
            chain=tuple(a.call for a in walk.chain(start)) if start else (),
            precision=_precision(walk, entry),
            intermittent=count(largest((worst, *(w.worth(entry) for w in self.sometimes)))),
            ratio=None if isinstance(sustained, Unbounded) else float(sustained),
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
