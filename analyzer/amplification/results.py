"""The numbers of the report: pairs, scenarios, cycles and the gain of each call."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from analyzer.amplification.budgets import UNKNOWN
from analyzer.amplification.cycles import Cycle, cycles
from analyzer.amplification.engine import Engine, engine_of
from analyzer.amplification.gains import gains
from analyzer.amplification.numbers import Number, Unbounded, count, largest
from analyzer.amplification.order import Order, order_of
from analyzer.amplification.spread import Spread
from analyzer.amplification.structure import Structure
from analyzer.amplification.system import System, has_budgets
from analyzer.amplification.walk import Failing
from analyzer.model import Gain, Operation, Precision, weaker
from parsers.quantities import ONCE, ZERO, Count

#: Operations that all walks together may visit (some seconds); what is left then gets the bound of the structure.
WORK = 120_000
#: A target with more than so many operations above it is not walked.
ABOVE = 2_000
#: Whole walks that all those of one target cost together: of most causes only what differs is walked.
COSTS = 5
#: Operations that can be looked at in the time that one visit takes.
LOOKS = 25
LARGEST_FLOAT = 10**300
#: Scenarios that are spread out without being asked for, the worst pairs first.
SCENARIOS = 400


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
    answers: tuple[tuple[Operation, str], ...] = ()  # of those that fail with it, the answer that is worst

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
        """The worst cause of every pair; of a large system, of the largest."""
        largest_first = sorted(self.pairs, key=lambda p: (_descending(p.worst), p.entry, p.target))[:SCENARIOS]
        engine = engine_of(self.system)
        order = order_of(engine)
        found = (_scenario(engine, order, p.entry, p.target, p.cause) for p in largest_first)
        return tuple(sorted(found, key=lambda s: (s.entry, s.failing)))


def amplify(system: System, entries: Iterable[Operation]) -> Amplification:
    """The numbers of every pair of an entry and an operation that its requests can reach."""
    starts = tuple(dict.fromkeys(entries))
    engine = engine_of(system)
    order = order_of(engine)
    pairs = tuple(sorted(_pairs(engine, order, starts), key=lambda p: (p.entry, p.target)))
    return Amplification(system, pairs, cycles(engine, order), gains(engine))


def scenario(system: System, entry: Operation, failing: Operation, cause: str, latency_s: float = 0.0) -> Scenario:
    """What arrives everywhere while ``failing`` fails on every request with ``cause``, ``latency_s`` after it came."""
    engine = engine_of(system)
    return _scenario(engine, order_of(engine), entry, failing, cause, latency_s)


def _scenario(  # the parts of the question
    engine: Engine, order: Order, entry: Operation, failing: Operation, cause: str, latency_s: float = 0.0
) -> Scenario:
    walk = Failing.of(engine, order, failing, cause, latency_s)
    loads = dict(Spread(walk, entry).loads())
    if failing in loads and failing != entry:
        loads[failing] = (walk.worth(entry), loads[failing][1])
    found = tuple(OperationLoad(o, count(n), sure) for o, (n, sure) in sorted(loads.items()))
    return Scenario(entry, failing, cause, found, walk.worst_answers(entry))


def _ratio(value: Number) -> float | None:
    """The number with its fraction, where a float can say it."""
    return float(value) if not isinstance(value, Unbounded) and value < LARGEST_FLOAT else None


def _descending(value: Count) -> tuple[int, int]:
    return (0, 0) if value.value is None else (1, -value.value)


def _pairs(engine: Engine, order: Order, entries: tuple[Operation, ...]) -> Iterator[Pair]:
    """Pairs walked cause by cause, the largest first while it is affordable; for the rest, the structure's bound."""
    structure = Structure.of(engine.system, order)
    most = {e: structure.from_entry(e) for e in entries}
    bounded = Engine(engine.system, UNKNOWN) if has_budgets(engine.system) else None
    work = WORK
    for target in _ranked(most):
        asking = [e for e in entries if target != e and most[e].get(target, 0) != 0]
        most_above = min(ABOVE, work // COSTS)
        above = order.within(target, most_above) if most_above > 0 else None
        if above is None:
            work -= most_above // LOOKS
            yield from (_bound(engine, e, target, most[e][target]) for e in asking)
            continue
        walks = Walks.of(engine, bounded, order, target)
        work -= COSTS * sum(map(len, above))
        yield from (pair for e in asking if (pair := walks.pair(e)) is not None)


def _ranked(most: Mapping[Operation, Mapping[Operation, Number]]) -> list[Operation]:
    """Targets, those that may receive most first."""
    peaks: dict[Operation, Number] = {}
    for weights in most.values():
        for target, n in weights.items():
            peaks[target] = largest((n, peaks.get(target, 0)))
    unbounded = sorted(o for o, n in peaks.items() if isinstance(n, Unbounded))
    finite = ((o, n) for o, n in peaks.items() if not isinstance(n, Unbounded))
    return [*unbounded, *(o for o, _ in sorted(finite, key=lambda pair: (-pair[1], pair[0])))]


def _bound(engine: Engine, entry: Operation, target: Operation, most: Number) -> Pair:
    """A pair that was not walked: what the structure allows."""
    whole = count(most)
    by_cause = tuple((c, whole) for c in engine.causes_for(target))
    return Pair(
        entry, target, whole, whole, whole, by_cause[0][0], by_cause, (), Precision.UPPER_BOUND, whole,
    )  # fmt: skip


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
        always = tuple(_walked(engine, order, target, causes, sometimes=False))
        sometimes = tuple(_walked(engine, order, target, causes, sometimes=True)) if order.asked_twice(target) else ()
        limited = tuple(_walked(bounded, order, target, causes, sometimes=False)) if bounded else ()
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
            ratio=_ratio(sustained),
        )


def _walked(
    engine: Engine, order: Order, target: Operation, causes: Iterable[str], *, sometimes: bool
) -> Iterator[Failing]:
    first: Failing | None = None
    for cause in causes:
        walk = Failing.of(engine, order, target, cause, sometimes=sometimes, like=first)
        first = first or walk
        yield walk


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
