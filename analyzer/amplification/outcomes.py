"""Loads and the ways something can end: the small algebra that layers and programs are computed in.

A ``Load`` says how many requests were sent so far, per arrival, and the least time it took. Where something may happen
in several ways, every way is kept as a load of its own, for the largest sum is always reached in one of them; beyond
``WAYS`` they are joined into one that is at least as large everywhere, which stays a bound.
Units: seconds; requests.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import inf

from analyzer.amplification.numbers import Number
from analyzer.model import Operation

#: Ways kept apart before they are joined.
WAYS = 6


@dataclass(frozen=True, slots=True)
class Arrival:
    """Requests of one call that reach one operation and are answered so. ``shadow``: a mirror's copy."""

    call: str
    callee: Operation
    answer: str
    shadow: bool = False


@dataclass(frozen=True, slots=True)
class Load:
    """Requests per arrival and the least seconds they take."""

    sends: Mapping[Arrival, Number]
    time_s: float = 0.0

    def plus(self, other: Load) -> Load:
        """One after the other."""
        if not other.sends:
            return self if not other.time_s else Load(self.sends, self.time_s + other.time_s)
        if not self.sends:
            return other if not self.time_s else Load(other.sends, self.time_s + other.time_s)
        sends = dict(self.sends)
        for arrival, n in other.sends.items():
            sends[arrival] = sends.get(arrival, 0) + n
        return Load(sends, self.time_s + other.time_s)

    def beside(self, other: Load) -> Load:
        """Both at the same time."""
        both = self.plus(other)
        return Load(both.sends, max(self.time_s, other.time_s))

    def times(self, n: Number, wait_s: float = 0.0) -> Load:
        """Again and again, ``wait_s`` in between."""
        if n == 1:
            return self
        return Load({a: m * n for a, m in self.sends.items()}, _long(n, self.time_s) + _long(n - 1, wait_s))

    def lasting(self, time_s: float) -> Load:
        """The same requests, taking that long."""
        return Load(self.sends, time_s)


NO_LOAD = Load({})
Ways = tuple[Load, ...]
NOW: Ways = (NO_LOAD,)


def _long(n: Number, seconds: float) -> float:
    if seconds == 0 or n == 0:
        return 0.0
    try:
        return float(n) * seconds  # type: ignore[arg-type]  # Unbounded has no float: TypeError below
    except (TypeError, OverflowError):
        return inf


def _no_less(a: Load, b: Load) -> bool:
    """Whether ``a`` makes ``b`` superfluous: as many requests everywhere, in no more time."""
    return a.time_s <= b.time_s and all(a.sends.get(k, 0) >= n for k, n in b.sends.items())


def ways(loads: Iterable[Load]) -> Ways:
    """Those loads that no other makes superfluous, joined beyond ``WAYS``."""
    kept: list[Load] = []
    for load in loads:
        if any(_no_less(k, load) for k in kept):
            continue
        kept = [k for k in kept if not _no_less(load, k)]
        kept.append(load)
    return tuple(kept) if len(kept) <= WAYS else (join(kept),)


def join(loads: Sequence[Load]) -> Load:
    """One load at least as large as each, taking no longer than the quickest."""
    if len(loads) == 1:
        return loads[0]
    sends: dict[Arrival, Number] = {}
    for load in loads:
        for arrival, n in load.sends.items():
            if arrival not in sends or sends[arrival] < n:
                sends[arrival] = n
    return Load(sends, min(load.time_s for load in loads))


def then(first: Ways, second: Ways) -> Ways:
    """Every way of the first followed by every way of the second."""
    if first == NOW:
        return second
    if second == NOW:
        return first
    if len(first) == 1 and len(second) == 1:
        return (first[0].plus(second[0]),)
    return ways(a.plus(b) for a in first for b in second)
