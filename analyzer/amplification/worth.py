"""Ways made ready to be counted many times over: what reaches the failing operation, each choice made for the worst.

Shape: states are numbers (``Arrivals.state``); a choice that several loads share is looked at once per count.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import count as numbers_from

from analyzer.amplification.numbers import Number
from analyzer.amplification.outcomes import Arrival, Load, most_of_each

Values = Mapping[int, Number]
_turns = numbers_from(1)


class _Choice:
    """One of several loads; keeps what it came to in the count that is going on."""

    __slots__ = ("came_to", "options", "turn")

    def __init__(self, options: tuple[_Ready, ...]) -> None:
        self.options = options
        self.turn = 0
        self.came_to: Number = 0


class _Ready:
    """One load: plain states and shadows with their numbers, and choices."""

    __slots__ = ("choices", "plain")

    def __init__(self, plain: tuple[tuple[int, Number], ...], choices: tuple[tuple[Number, _Choice], ...]) -> None:
        self.plain = plain
        self.choices = choices

    def worth(self, values: Values, turn: int) -> Number:
        """What its arrivals are worth."""
        whole: Number = 0
        for state, n in self.plain:
            each = values.get(state)
            if each:
                whole = whole + n * each
        for n, choice in self.choices:
            if choice.turn != turn:
                most: Number = 0
                for option in choice.options:
                    one = option.worth(values, turn)
                    most = max(most, one)
                choice.turn, choice.came_to = turn, most
            if choice.came_to:
                whole = whole + n * choice.came_to
        return whole


class Counted:
    """The ways of one answer, ready to be counted. ``peaks``: the most of each arrival in any of them."""

    __slots__ = ("_ready", "peaks")

    def __init__(self, ways: Iterable[Load]) -> None:
        loads = tuple(ways)
        known: dict[int, _Choice] = {}
        self._ready = tuple(_ready(load, known) for load in loads)
        self.peaks: tuple[tuple[Arrival, Number], ...] = tuple(most_of_each(loads).items())

    def worth(self, values: Values) -> Number:
        """The largest of the ways."""
        turn = next(_turns)
        most: Number = 0
        for one in self._ready:
            came_to = one.worth(values, turn)
            most = max(most, came_to)
        return most


def _ready(load: Load, known: dict[int, _Choice]) -> _Ready:
    choices = []
    for n, options in load.choices:
        if id(options) not in known:
            known[id(options)] = _Choice(tuple(_ready(o, known) for o in options))
        choices.append((n, known[id(options)]))
    return _Ready(tuple((a.state, n) for a, n in load.sends.items()), tuple(choices))
