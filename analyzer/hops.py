"""A chain taken apart: what each call's caller is shown while the end fails, and what each layer makes of it.

The engine walks with every layer in place; here layers are put on one by one from the innermost, and a layer's factor
is what it multiplies the requests by. A deadline that cuts attempts shows as the smaller factor of the layer it cuts.
"""

from __future__ import annotations

from dataclasses import replace
from math import inf

from analyzer.amplification.causes import HANG
from analyzer.amplification.engine import Engine, engine_of
from analyzer.amplification.numbers import Number, count, largest
from analyzer.amplification.order import order_of
from analyzer.amplification.outcomes import Arrival
from analyzer.amplification.results import Pair
from analyzer.amplification.system import CallFacts, System
from analyzer.amplification.walk import Failing
from analyzer.model import Operation
from analyzer.report import Hop
from parsers.quantities import ONCE, Count


class Hops:
    """Chains of one system."""

    def __init__(self, system: System) -> None:
        self._system = system
        self._engine = engine_of(system)
        self._order = order_of(self._engine)

    def of(self, pair: Pair) -> tuple[Hop, ...]:
        """The hops of a pair's chain; empty where the chain cannot be walked again."""
        walk = Failing.of(self._engine, self._order, pair.target, pair.cause)
        start = walk.worst_state(pair.entry)
        arrivals = walk.chain(start) if start else ()
        found: list[Hop] = []
        sent = ONCE
        for arrival in arrivals:
            hop = self._hop(arrival)
            for factor in hop.factors:
                sent = sent * factor
            found.append(replace(hop, requests=sent))
        return tuple(found)

    def _hop(self, arrival: Arrival) -> Hop:
        facts = self._system.calls[arrival.call]
        return Hop(arrival.call, arrival.answer, factors(facts, arrival.callee, arrival.answer), ONCE)


def factors(facts: CallFacts, callee: Operation, cause: str) -> tuple[Count, ...]:
    """What each layer multiplies by, outermost first, when the callee fails so."""
    if facts.assumed is not None:
        return ()
    own, mesh = len(facts.layers), len(facts.passage.layers)
    found: list[Count] = []
    before: Number = 1
    for kept in range(1, own + mesh + 1):
        sent = _sent(_innermost(facts, kept), callee, cause)
        found.append(_ratio(sent, before))
        before = sent
    return tuple(reversed(found))


def _innermost(facts: CallFacts, kept: int) -> CallFacts:
    """The call with only its innermost layers."""
    mesh = facts.passage.layers
    inside = replace(facts.passage, layers=mesh[max(len(mesh) - kept, 0) :])
    own = max(kept - len(mesh), 0)
    return replace(facts, passage=inside, layers=facts.layers[len(facts.layers) - own :])


def _sent(facts: CallFacts, callee: Operation, cause: str) -> Number:
    way = Engine(System({}, {facts.id: facts})).way(facts, None)
    ends = way.ended({callee: ((cause, inf if cause == HANG else 0.0),)})
    return largest((0, *(load.worth(lambda a: int(not a.shadow)) for loads in ends.values() for load in loads)))


def _ratio(sent: Number, before: Number) -> Count:
    """Rounded up, so that the product is never too small."""
    whole, inner = count(sent), count(before)
    if whole.value is None:
        return whole if inner.value is not None else ONCE
    if not inner.value:
        return ONCE
    return Count(-(-whole.value // inner.value))
