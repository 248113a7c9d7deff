"""Classes of strings that no pattern in play can tell apart, each with a string that stands for it.

All patterns run side by side as one automaton whose states are built as they are met, so the classes are exact.
Shape: a class is the set of patterns that match, and a witness: the shortest, then the first in reading order.
Errors: ``TooManyError`` where the patterns need more states than are worth building.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush

from analyzer.requestsets.patterns import Glyphs, Pattern, Way, ways

#: A place in a pattern: (pattern's number, way, index).
_Position = tuple[int, int, int]
#: The positions that the automaton can be in together.
State = frozenset[_Position]

#: More positions than this, over all states, are not built; real policies need a few thousand.
MOST_POSITIONS = 100_000
#: More strings than this are not waiting to be lengthened.
MOST_WAITING = 200_000
#: Which character stands for a set of them, best first.
_READABLE = "xyzabcdefghijklmnopqrstuvwABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:~!$&'()+,;=@%*[]\"<>^`{|}\\#?"


class TooManyError(Exception):
    """The patterns need too many states to be told apart."""


@dataclass(frozen=True, slots=True)
class StringClass:
    """The patterns that match, and a string that only these match; ``witness`` ``None``: the attribute is absent."""

    accepted: frozenset[Pattern]
    witness: str | None


#: A witness that is not ``possible`` is passed over for the next; a class with none of the first so many is empty.
MOST_WITNESSES = 64


def classes(
    patterns: Iterable[Pattern], domain: Sequence[Way], possible: Callable[[str], bool] = lambda _: True
) -> tuple[StringClass, ...]:
    """Every class of the strings in ``domain`` that are ``possible``.

    Exact patterns are added one by one, so that thousands stay cheap.
    """
    distinct = sorted(set(patterns), key=lambda p: (p.kind, p.value, p.ignore_case))
    exacts = [p for p in distinct if p.kind == "exact"]
    machine = _Machine([p for p in distinct if p.kind != "exact"], domain, "".join(p.value for p in exacts))
    taken = {p.value for p in exacts}
    found = []
    for pattern in exacts:
        if machine.inside(pattern.value) and possible(pattern.value):
            accepted = frozenset(p for p in distinct if p.matches(pattern.value))
            found.append(StringClass(accepted, pattern.value))
    for label in machine.labels():
        strings = machine.strings(label, len(taken) + MOST_WITNESSES)
        witness = next((s for s in strings if s not in taken and possible(s)), None)
        if witness is not None:
            found.append(StringClass(frozenset(machine.patterns[i] for i in label), witness))
    return tuple({(c.accepted, c.witness): c for c in found}.values())


class _Machine:
    """The patterns as one automaton, its states built once when made. Number -1 is the domain."""

    def __init__(self, patterns: Sequence[Pattern], domain: Sequence[Way], literals: str) -> None:
        self.patterns = tuple(patterns)
        self._ways = {-1: tuple(domain)} | {i: ways(p) for i, p in enumerate(patterns)}
        self._alphabet = _alphabet((i.glyphs for w in self._ways.values() for way in w for i in way), literals)
        self._start = self._closed((n, w, 0) for n, all_ways in self._ways.items() for w in range(len(all_ways)))
        self._edges: dict[State, tuple[tuple[str, State], ...]] = {}
        self._moves: dict[str, dict[_Position, State]] = {}
        self._build()

    def inside(self, text: str) -> bool:
        """Whether the domain holds the text."""
        state = self._closed((-1, w, 0) for w in range(len(self._ways[-1])))
        for char in text:
            state = self._step(state, char)
        return any(self._ends(position) for position in state)

    def labels(self) -> list[tuple[int, ...]]:
        """The numbers of the patterns that some string of the domain matches together; sorted."""
        return sorted({label for s in self._edges if (label := self._label(s)) is not None})

    def strings(self, label: tuple[int, ...], most: int) -> Iterator[str]:
        """Strings of the domain with exactly this label, shortest first, at most ``most``."""
        left = self._distances(label)
        heap = [(left[self._start], 0, "", self._start)] if self._start in left else []
        while heap and most > 0:
            _, depth, text, state = heappop(heap)
            if self._label(state) == label:
                yield text
                most -= 1
            for char, following in self._edges[state]:
                if following in left:
                    heappush(heap, (len(text) + 1 + left[following], depth - 1, text + char, following))
            if len(heap) > MOST_WAITING:
                raise TooManyError

    def _build(self) -> None:
        queue = deque([self._start])
        self._edges[self._start] = ()
        positions = 0
        while queue:
            state = queue.popleft()
            positions += len(state)
            steps = [(c, self._step(state, c)) for c in self._alphabet]
            self._edges[state] = tuple((c, s) for c, s in steps if any(p[0] == -1 for p in s))
            for _, following in self._edges[state]:
                if following not in self._edges:
                    self._edges[following] = ()
                    queue.append(following)
            if positions > MOST_POSITIONS:
                raise TooManyError

    def _distances(self, label: tuple[int, ...]) -> dict[State, int]:
        """How many characters each state is away from the label, where it can get there."""
        before: dict[State, list[State]] = {}
        for state, edges in self._edges.items():
            for _, following in edges:
                before.setdefault(following, []).append(state)
        found = {s: 0 for s in self._edges if self._label(s) == label}
        queue = deque(found)
        while queue:
            reached = queue.popleft()
            for state in before.get(reached, ()):
                if state not in found:
                    found[state] = found[reached] + 1
                    queue.append(state)
        return found

    def _label(self, state: State) -> tuple[int, ...] | None:
        """The patterns that match here; ``None`` outside the domain."""
        ended = {position[0] for position in state if self._ends(position)}
        return tuple(sorted(ended - {-1})) if -1 in ended else None

    def _ends(self, position: _Position) -> bool:
        return position[2] == len(self._ways[position[0]][position[1]])

    def _step(self, state: State, char: str) -> State:
        moves = self._moves.setdefault(char, {})
        following: set[_Position] = set()
        for position in state:
            if position not in moves:
                moves[position] = self._move(position, char)
            following |= moves[position]
        return frozenset(following)

    def _move(self, position: _Position, char: str) -> State:
        """Where one position leads with a character."""
        number, way, index = position
        items = self._ways[number][way]
        folded = number >= 0 and self.patterns[number].ignore_case
        if index < len(items) and (char.lower() if folded else char) in items[index].glyphs:
            return self._closed([(number, way, index if items[index].star else index + 1)])
        return frozenset()

    def _closed(self, positions: Iterable[_Position]) -> State:
        """With every position reached by skipping a star."""
        found = set()
        for number, way, start in positions:
            items, index = self._ways[number][way], start
            found.add((number, way, index))
            while index < len(items) and items[index].star:
                index += 1
                found.add((number, way, index))
        return frozenset(found)


def _alphabet(glyphs: Iterable[Glyphs], literals: str) -> tuple[str, ...]:
    """One character for each set of characters that the patterns cannot tell apart, the most readable one."""
    distinct = sorted(set(glyphs), key=lambda g: (g.negated, sorted(g.chars)))
    universe = dict.fromkeys([*_READABLE, *sorted({c for g in distinct for c in g.chars} | set(literals))])
    chosen: dict[tuple[bool, ...], str] = {}
    for char in universe:
        chosen.setdefault(tuple(char in g for g in distinct), char)
    return tuple(chosen.values())
