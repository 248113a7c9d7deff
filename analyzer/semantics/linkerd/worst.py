"""Several ways a call may go as one: of each part the worst.

Shape: the passage of one way is itself; of several it is an upper bound. A way on which nothing is sent is left out
where there is another.
"""

from __future__ import annotations

from dataclasses import replace

from analyzer.model import Layer, Passage, Precision
from parsers.quantities import ONCE


def worst(ways: list[Passage]) -> Passage:
    """The worst of each part of the ways."""
    sending = [w for w in ways if w.answered is None] or ways[:1]
    if len(ways) == 1:
        return ways[0]
    first = sending[0]
    evidence = tuple(dict.fromkeys(e for w in ways for e in w.evidence))
    layers = tuple(_joined([w.layers[i] for w in sending if len(w.layers) > i]) for i in range(len(first.layers)))
    budgets = first.budgets if all(w.budgets == first.budgets for w in sending) else ()
    callees: dict[str, float] = {}
    for way in sending:
        for service, share in way.callees:
            callees[service] = max(share, callees.get(service, 0.0))
    return replace(
        first,
        layers=layers,
        callees=tuple(callees.items()),
        budgets=budgets,
        evidence=evidence,
        precision=Precision.UPPER_BOUND,
    )


def _joined(layers: list[Layer]) -> Layer:
    """The layer that repeats most, firing wherever one of them does, for as long as the slowest may take."""
    most = max(layers, key=lambda x: x.attempts or ONCE)
    totals = [x.timeout_s for x in layers]
    known = [t for t in totals if t is not None]
    return replace(
        most,
        fires_on=frozenset().union(*(x.fires_on for x in layers)),
        timeout_s=max(known) if len(known) == len(totals) else None,
    )
