"""Several ways a call may go, as one passage that is at least as bad as each of them.

Shape: at one place (sidecar, gateway, waypoint, inbound) the layers of all ways become one: the most attempts, every
cause, the shortest per-try and the longest whole timeout. Ways on which the proxy answers itself send nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from analyzer.findings import Evidence
from analyzer.model import Layer, Passage, Precision, Shadow
from parsers.quantities import ONCE

PLACES = ("sidecar", "gateway", "waypoint", "inbound")


def worst(ways: Sequence[Passage]) -> Passage:
    """One passage for all of them."""
    different = tuple(dict.fromkeys(ways))
    if len(different) == 1:
        return different[0]
    sending = [w for w in different if w.answered is None] or list(different[:1])
    said = tuple(dict.fromkeys(e for w in different for e in w.evidence))
    note = Evidence(f"{len(different)} ways are possible; the worst of each counts")
    budgets = sending[0].budgets if all(w.budgets == sending[0].budgets for w in sending) else ()
    plain = {w.plaintext for w in sending}
    return Passage(
        layers=_layers(sending),
        callees=_shares(c for w in sending for c in w.callees),
        shadows=_shadows(s for w in sending for s in w.shadows),
        budgets=budgets,
        answered=sending[0].answered,
        plaintext=next(iter(plain)) if len(plain) == 1 else None,
        evidence=(note, *said),
        precision=Precision.UPPER_BOUND,
    )


def _layers(ways: Sequence[Passage]) -> tuple[Layer, ...]:
    ineffective = dict.fromkeys(layer for w in ways for layer in w.layers if not layer.effective)
    found: list[Layer] = []
    for place in PLACES:
        here = [layer for w in ways for layer in w.layers if layer.effective and layer.kind == place]
        if not here:
            continue
        everywhere = all(any(x.effective and x.kind == place for x in w.layers) for w in ways)
        if place == "inbound" and not everywhere:
            continue  # without it a refused connection stays one, which is what more layers repeat
        found.append(joined(list(dict.fromkeys(here))))
    return (*found, *ineffective)


def joined(layers: list[Layer]) -> Layer:
    """One layer at least as bad as each of several that may stand at one place."""
    first = max(layers, key=lambda x: (x.attempts or ONCE, len(x.fires_on)))
    if len(layers) == 1:
        return first
    tries = [x.per_try_timeout_s for x in layers if x.per_try_timeout_s is not None]
    whole = [x.timeout_s for x in layers]
    return replace(
        first,
        fires_on=frozenset().union(*(x.fires_on for x in layers if (x.attempts or ONCE) > ONCE)),
        retries_on=tuple(dict.fromkeys(word for x in layers for word in x.retries_on)),
        becomes=max((x.becomes for x in layers), key=len),
        per_try_timeout_s=min(tries) if tries else None,
        timeout_s=None if None in whole else max(t for t in whole if t is not None),
        counts_arrivals=any(x.counts_arrivals for x in layers),
        note=first.note or f"one of {len(layers)} policies applies; the worst of each counts",
        evidence=tuple(dict.fromkeys(e for x in layers for e in x.evidence)),
    )


def _shares(callees: Iterable[tuple[str, float]]) -> tuple[tuple[str, float], ...]:
    found: dict[str, float] = {}
    for name, share in callees:
        found[name] = max(share, found.get(name, 0.0))
    return tuple(found.items())


def _shadows(shadows: Iterable[Shadow]) -> tuple[Shadow, ...]:
    found: dict[str, Shadow] = {}
    for shadow in shadows:
        known = found.get(shadow.service)
        if known is None or shadow.percent > known.percent:
            found[shadow.service] = shadow
    return tuple(found.values())
