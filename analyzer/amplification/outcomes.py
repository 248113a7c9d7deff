"""Loads and the ways something can end: the small algebra that layers and programs are computed in.

A ``Load`` says how many requests were sent so far, per arrival, and the least time it took. Where something may happen
in several ways, every way is kept, for the largest sum is always reached in one of them: as loads of their own while
they are few, else as choices inside one load, of which each is made anew. Nothing is ever averaged or lost.
Units: seconds; requests.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from math import inf

from analyzer.amplification.numbers import Number, largest
from analyzer.model import Operation

#: Ways kept apart as loads of their own.
WAYS = 6
#: Choices nested deeper than this are made at once: the most of each arrival.
DEEPEST_CHOICE = 40


@dataclass(frozen=True, slots=True, eq=False)
class Arrival:
    """Requests of one call that reach one operation and are answered so. ``shadow``: a mirror's copy.

    One object per arrival (``Arrivals``): identity is equality, which is what makes large systems affordable.
    """

    call: str
    callee: Operation
    answer: str
    shadow: bool
    state: int


class Arrivals:
    """The one object of each arrival, and the number of each state: an operation and what it answers."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, Operation, str, bool], Arrival] = {}
        self._states: dict[tuple[Operation, str], int] = {}

    def state(self, operation: Operation, answer: str) -> int:
        """The number of a state."""
        return self._states.setdefault((operation, answer), len(self._states))

    def __call__(self, call: str, callee: Operation, answer: str, *, shadow: bool = False) -> Arrival:
        """The arrival of these parts."""
        key = (call, callee, answer, shadow)
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = Arrival(call, callee, answer, shadow, self.state(callee, answer))
        return found


@dataclass(frozen=True, slots=True, eq=False)
class Load:
    """Requests per arrival, choices still to be made (so many times one of these ways), and the least seconds.

    Choices may share what they choose from; it is then looked at once.
    """

    sends: Mapping[Arrival, Number]
    time_s: float = 0.0
    choices: tuple[tuple[Number, tuple[Load, ...]], ...] = ()
    depth: int = 0  # of choices inside choices

    @property
    def empty(self) -> bool:
        """Nothing sent, no time gone."""
        return not self.sends and not self.choices and self.time_s == 0

    def plus(self, other: Load) -> Load:
        """One after the other."""
        if other.empty:
            return self
        if self.empty:
            return other
        sends = dict(self.sends)
        for arrival, n in other.sends.items():
            sends[arrival] = sends.get(arrival, 0) + n
        deeper = max(self.depth, other.depth)
        return Load(sends, self.time_s + other.time_s, (*self.choices, *other.choices), deeper)

    def beside(self, other: Load) -> Load:
        """Both at the same time."""
        return self.plus(other).lasting(max(self.time_s, other.time_s))

    def times(self, n: Number, wait_s: float = 0.0) -> Load:
        """Again and again, ``wait_s`` in between."""
        if n == 1:
            return self
        sends = {a: m * n for a, m in self.sends.items()}
        choices = tuple((m * n, ways) for m, ways in self.choices)
        return Load(sends, _long(n, self.time_s) + _long(n - 1, wait_s), choices, self.depth)

    def lasting(self, time_s: float) -> Load:
        """The same requests, taking that long."""
        return self if time_s == self.time_s else Load(self.sends, time_s, self.choices, self.depth)

    def worth(self, of: Callable[[Arrival], Number], known: dict[int, Number] | None = None) -> Number:
        """The largest sum of what its arrivals are worth, each choice made for the best."""
        whole: Number = 0
        for arrival, n in self.sends.items():
            each = of(arrival)
            if each != 0:
                whole = whole + n * each
        if self.choices:
            seen = known if known is not None else {}
            for n, ways in self.choices:
                if id(ways) not in seen:
                    seen[id(ways)] = largest(way.worth(of, seen) for way in ways)
                whole = whole + n * seen[id(ways)]
        return whole

    def arrivals(self, known: dict[int, dict[Arrival, Number]] | None = None) -> Mapping[Arrival, Number]:
        """The most of each arrival, whatever is chosen."""
        if not self.choices:
            return self.sends
        found = dict(self.sends)
        seen = known if known is not None else {}
        for n, ways in self.choices:
            if id(ways) not in seen:
                seen[id(ways)] = most_of_each(ways, seen)
            for arrival, m in seen[id(ways)].items():
                found[arrival] = found.get(arrival, 0) + n * m
        return found

    def picked(self, of: Callable[[Arrival], Number]) -> Mapping[Arrival, Number]:
        """What is sent where each choice is made for the best."""
        if not self.choices:
            return self.sends
        found = dict(self.sends)
        for n, ways in self.choices:
            for arrival, m in max(ways, key=lambda way: way.worth(of)).picked(of).items():
                found[arrival] = found.get(arrival, 0) + n * m
        return found


NO_LOAD = Load({})
Ways = tuple[Load, ...]
NOW: Ways = (NO_LOAD,)


def most_of_each(ways: Iterable[Load], known: dict[int, dict[Arrival, Number]] | None = None) -> dict[Arrival, Number]:
    """The most of each arrival in any of the ways."""
    found: dict[Arrival, Number] = {}
    seen = known if known is not None else {}
    for way in ways:
        for arrival, n in way.arrivals(seen).items():
            if arrival not in found or found[arrival] < n:
                found[arrival] = n
    return found


def _long(n: Number, seconds: float) -> float:
    if seconds == 0 or n == 0:
        return 0.0
    try:
        return float(n) * seconds  # type: ignore[arg-type]  # Unbounded has no float: TypeError below
    except (TypeError, OverflowError):
        return inf


def _no_less(a: Load, b: Load) -> bool:
    """Whether ``a`` makes ``b`` superfluous: as many requests everywhere, in no more time."""
    if a.time_s > b.time_s or a.choices != b.choices:
        return False
    return all(a.sends.get(k, 0) >= n for k, n in b.sends.items())


def ways(loads: Iterable[Load]) -> Ways:
    """Those loads that no other makes superfluous; one load that chooses, where they are too many."""
    several = tuple(loads)
    if len(several) <= 1:
        return several
    kept: list[Load] = []
    for load in several:
        if any(_no_less(k, load) for k in kept):
            continue
        kept = [k for k in kept if not _no_less(load, k)]
        kept.append(load)
    return tuple(kept) if len(kept) <= WAYS else (choice(tuple(kept)),)


def choice(loads: Ways) -> Load:
    """One load that stands for any of the ways; where choices nest too deep, one that is no less than each."""
    if len(loads) == 1:
        return loads[0]
    least, deeper = min(load.time_s for load in loads), max(load.depth for load in loads) + 1
    if deeper > DEEPEST_CHOICE:
        return Load(most_of_each(loads), least)
    return Load({}, least, ((1, loads),), deeper)


def then(first: Ways, second: Ways) -> Ways:
    """Any way of the first followed by any way of the second: two choices, each made on its own."""
    if first == NOW:
        return second
    if second == NOW:
        return first
    return (choice(first).plus(choice(second)),)


def beside(first: Ways, second: Ways) -> Ways:
    """Any way of both at the same time."""
    return (choice(first).beside(choice(second)),)
