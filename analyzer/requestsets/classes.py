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

from analyzer.requestsets.patterns import Glyphs, Item, Pattern, Way, ways

#: The positions of all patterns that the automaton can be in together, one bit each.
State = int

#: More states than this are not built; real policies need a few thousand.
MOST_STATES = 50_000
#: Which character stands for a set of them, best first.
_READABLE = "xyzabcdefghijklmnopqrstuvwABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:~!$&'()+,;=@%*[]\"<>^`{|}\\#?"
#: More strings than this are not waiting to be lengthened.
MOST_WAITING = 200_000


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
    """The patterns as one automaton, its states built once when made; a way's last bit says that it has ended.

    A character moves every position at once: shifted where it must be taken, kept where a star takes it.
    """

    def __init__(self, patterns: Sequence[Pattern], domain: Sequence[Way], literals: str) -> None:
        self.patterns = tuple(patterns)
        ways_of = [tuple(domain), *(ways(p) for p in patterns)]
        self._alphabet = _alphabet((i.glyphs for each in ways_of for way in each for i in way), literals)
        self._items: list[tuple[Item | None, bool]] = []  # one a position: its item, and whether case counts
        self._domain, self._entry, self._stars = 0, 0, 0
        self._ends: list[State] = [self._laid(each, self._folded(n)) for n, each in enumerate(ways_of)]
        self._masks: dict[str, tuple[State, State]] = {}
        self._edges: dict[State, tuple[tuple[str, State], ...]] = {}
        self._labels: dict[State, tuple[int, ...] | None] = {}
        self._before: dict[State, list[State]] = {}
        self._build()

    def inside(self, text: str) -> bool:
        """Whether the domain holds the text."""
        state = self._start
        for char in text:
            state = self._step(state, char)
        return bool(state & self._ends[0])

    def labels(self) -> list[tuple[int, ...]]:
        """The numbers of the patterns that some string of the domain matches together; sorted."""
        return sorted({label for label in self._labels.values() if label is not None})

    def strings(self, label: tuple[int, ...], most: int) -> Iterator[str]:
        """Strings of the domain with exactly this label, the shortest and most readable first, at most ``most``."""
        left = self._distances(label)
        rank = {char: index for index, char in enumerate(self._alphabet)}
        heap: list[tuple[int, int, tuple[int, ...], State]] = []
        if self._start in left:
            heap.append((left[self._start], 0, (), self._start))
        while heap and most > 0:
            _, depth, ranks, state = heappop(heap)
            if self._labels[state] == label:
                yield "".join(self._alphabet[r] for r in ranks)
                most -= 1
            for char, following in self._edges[state]:
                if following in left:
                    entry = (len(ranks) + 1 + left[following], depth - 1, (*ranks, rank[char]), following)
                    heappush(heap, entry)
            if len(heap) > MOST_WAITING:
                raise TooManyError

    @property
    def _start(self) -> State:
        return self._closed(self._entry)

    def _folded(self, number: int) -> bool:
        return number > 0 and self.patterns[number - 1].ignore_case

    def _laid(self, each: Sequence[Way], folded: bool) -> State:  # noqa: FBT001  # a private step of __init__
        """Give every item of the ways a bit, and each way one more for its end; the bits of the ends."""
        ends = 0
        first = len(self._items)
        for way in each:
            self._entry |= 1 << len(self._items)
            for item in way:
                self._stars |= item.star << len(self._items)
                self._items.append((item, folded))
            ends |= 1 << len(self._items)
            self._items.append((None, folded))
        if first == 0:
            self._domain = (1 << len(self._items)) - 1
        return ends

    def _build(self) -> None:
        queue = deque([self._start])
        self._edges[self._start] = ()
        while queue:
            state = queue.popleft()
            self._labels[state] = self._label(state)
            steps = ((c, self._step(state, c)) for c in self._alphabet)
            self._edges[state] = tuple((c, s) for c, s in steps if s & self._domain)
            for _, following in self._edges[state]:
                self._before.setdefault(following, []).append(state)
                if following not in self._edges:
                    self._edges[following] = ()
                    queue.append(following)
            if len(self._edges) > MOST_STATES:
                raise TooManyError

    def _distances(self, label: tuple[int, ...]) -> dict[State, int]:
        """How many characters each state is away from the label, where it can get there."""
        found = {s: 0 for s, own in self._labels.items() if own == label}
        queue = deque(found)
        while queue:
            reached = queue.popleft()
            for state in self._before.get(reached, ()):
                if state not in found:
                    found[state] = found[reached] + 1
                    queue.append(state)
        return found

    def _label(self, state: State) -> tuple[int, ...] | None:
        """The patterns that match here; ``None`` outside the domain."""
        if not state & self._ends[0]:
            return None
        return tuple(n for n, ends in enumerate(self._ends[1:]) if state & ends)

    def _step(self, state: State, char: str) -> State:
        if char not in self._masks:
            self._masks[char] = self._masks_of(char)
        taken, kept = self._masks[char]
        return self._closed((state & taken) << 1 | state & kept)

    def _masks_of(self, char: str) -> tuple[State, State]:
        """The positions that take the character once, and those that take it any number of times."""
        taken = kept = 0
        for index, (item, folded) in enumerate(self._items):
            if item is not None and (char.lower() if folded else char) in item.glyphs:
                taken |= (not item.star) << index
                kept |= item.star << index
        return taken, kept

    def _closed(self, state: State) -> State:
        """With every position reached by skipping a star."""
        while (more := state | (state & self._stars) << 1) != state:
            state = more
        return state


def _alphabet(glyphs: Iterable[Glyphs], literals: str) -> tuple[str, ...]:
    """One character for each set of characters that the patterns cannot tell apart, the most readable one."""
    distinct = sorted(set(glyphs), key=lambda g: (g.negated, sorted(g.chars)))
    universe = dict.fromkeys([*_READABLE, *sorted({c for g in distinct for c in g.chars} | set(literals))])
    chosen: dict[tuple[bool, ...], str] = {}
    for char in universe:
        chosen.setdefault(tuple(char in g for g in distinct), char)
    return tuple(chosen.values())
