"""Questions about conditions: is it decided, what does it depend on, which request tells two of them apart.

Each condition becomes a decision diagram over the classes of its attributes' values; equal meanings become the same
node, so every answer is exact. Shape: node 0 never holds, node 1 always does.
Errors: ``TooManyError`` (see ``classes``) where the patterns are too many to tell apart.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial

from analyzer.requestsets.classes import StringClass, TooManyError, classes
from analyzer.requestsets.conditions import Condition, attributes, every, negation, of_class, patterns_of
from analyzer.requestsets.domains import (
    domain,
    may_be_absent,
    possible,
    readable,
    readable_pattern,
    repeated,
)
from analyzer.requestsets.patterns import Pattern, ways

#: One request: attribute -> value, ``None`` where it must be absent. An attribute that is not named may be anything.
Example = dict[str, str | None]

#: More combinations of a repeated attribute's values than this are not told apart.
MOST_COMBINATIONS = 4096
#: More nodes than this are not built.
MOST_NODES = 200_000


@dataclass(frozen=True, slots=True)
class _Node:
    attribute: str
    branches: tuple[tuple[int, tuple[int, ...]], ...]  # (child, the classes that lead to it)


@dataclass(frozen=True, slots=True)
class Box:
    """Requests by attribute, each with what its value may be, in words; together the conditions are met."""

    parts: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        return ", ".join(f"{a} {v}" for a, v in self.parts) or "every request"


class Universe:
    """All requests, as far as the given conditions can tell them apart.

    ``narrowed`` replaces the domain of an attribute: the paths of one operation, the principals of one namespace.
    """

    def __init__(self, conditions: Iterable[Condition], narrowed: Mapping[str, Pattern] | None = None) -> None:
        self._conditions = tuple(conditions)
        self._narrowed = narrowed or {}
        self._classes: dict[str, tuple[StringClass, ...]] = {}
        self._nodes: list[_Node | None] = [None, None]
        self._unique: dict[_Node, int] = {}
        self._built: dict[Condition, int] = {False: 0, True: 1}

    def constant(self, condition: Condition) -> bool | None:
        """What the condition is for every request; ``None`` where that differs."""
        node = self._node(condition)
        return None if node > 1 else node == 1

    def depends_on(self, condition: Condition) -> tuple[str, ...]:
        """The attributes whose value can change the answer."""
        return tuple(dict.fromkeys(n.attribute for n in self._under(self._node(condition))))

    def example(self, condition: Condition) -> Example | None:
        """A request that meets the condition: the first classes that do, each with its witness."""
        return self._walk(self._node(condition))

    def values(self, attribute: str) -> tuple[str | None, ...]:
        """One value of each class of the attribute; ``None``: it is absent."""
        found = self._classes_of(attribute)
        return tuple(None if c.witness is None else readable(attribute, c.witness) for c in found)

    def wider(self, a: Condition, b: Condition) -> Example | None:
        """A request that ``a`` lets through and ``b`` does not."""
        return self.example(every((a, negation(b))))

    def boxes(self, condition: Condition, most: int = 50) -> tuple[Box, ...]:
        """The requests that meet the condition, in words; at most ``most`` of them."""
        found = []
        for parts in self._paths(self._node(condition)):
            found.append(Box(parts))
            if len(found) >= most:
                break
        return tuple(found)

    def _node(self, condition: Condition) -> int:
        if condition in self._built:
            return self._built[condition]
        attribute = attributes(condition)[0]
        children: dict[int, list[int]] = {}
        for index, group in enumerate(self._classes_of(attribute)):
            child = self._node(of_class(condition, attribute, group.accepted))
            children.setdefault(child, []).append(index)
        node = self._interned(attribute, children)
        self._built[condition] = node
        return node

    def _interned(self, attribute: str, children: Mapping[int, list[int]]) -> int:
        if len(children) == 1:
            return next(iter(children))
        key = _Node(attribute, tuple((child, tuple(indices)) for child, indices in sorted(children.items())))
        if key not in self._unique:
            if len(self._nodes) > MOST_NODES:
                raise TooManyError
            self._unique[key] = len(self._nodes)
            self._nodes.append(key)
        return self._unique[key]

    def _classes_of(self, attribute: str) -> tuple[StringClass, ...]:
        if attribute not in self._classes:
            patterns = frozenset(p for c in self._conditions for p in patterns_of(c, attribute))
            self._classes[attribute] = _classes(attribute, patterns, self._narrowed.get(attribute))
        return self._classes[attribute]

    def _under(self, node: int) -> Iterator[_Node]:
        seen, stack = set(), [node]
        while stack:
            index = stack.pop()
            inner = self._nodes[index]
            if index in seen or inner is None:
                continue
            seen.add(index)
            yield inner
            stack.extend(child for child, _ in inner.branches)

    def _walk(self, node: int) -> Example | None:
        found: Example = {}
        while node > 1:
            inner = self._nodes[node]
            assert inner is not None
            child, indices = max(inner.branches, key=lambda b: (b[0] == 1, b[0] != 0, -b[1][0]))
            witness = self._classes_of(inner.attribute)[indices[0]].witness
            found[inner.attribute] = None if witness is None else readable(inner.attribute, witness)
            node = child
        return found if node == 1 else None

    def _paths(self, node: int) -> Iterator[tuple[tuple[str, str], ...]]:
        inner = self._nodes[node]
        if inner is None:
            if node == 1:
                yield ()
            return
        for child, indices in inner.branches:
            for rest in self._paths(child):
                yield ((inner.attribute, self._in_words(inner.attribute, indices)), *rest)

    def _in_words(self, attribute: str, indices: tuple[int, ...]) -> str:
        every_class = self._classes_of(attribute)
        others = [c for i, c in enumerate(every_class) if i not in set(indices)]
        chosen = [every_class[i] for i in indices]
        if any(not c.accepted and c.witness is not None for c in chosen):
            return "any but " + " or ".join(_words(attribute, c) for c in others)
        return " or ".join(_words(attribute, c) for c in chosen)


@lru_cache(maxsize=4096)
def _classes(attribute: str, patterns: frozenset[Pattern], narrowed: Pattern | None) -> tuple[StringClass, ...]:
    """The classes of an attribute's values: services of one mesh often hold the same paths and identities."""
    every = domain(attribute) if narrowed is None else ways(narrowed)
    found = list(classes(patterns, every, partial(possible, attribute)))
    if may_be_absent(attribute) and narrowed is None:
        found.insert(0, StringClass(frozenset(), None))
    return _united(found) if repeated(attribute) else tuple(found)


def _words(attribute: str, group: StringClass) -> str:
    if group.witness is None:
        return "none"
    exacts = [p for p in group.accepted if p.kind == "exact"]
    if exacts or not group.accepted:
        return readable(attribute, group.witness) if exacts else "any other"
    return " and ".join(sorted(readable_pattern(attribute, p) for p in group.accepted))


def _united(found: list[StringClass]) -> tuple[StringClass, ...]:
    """Every set of patterns that several values together can match, with the fewest values found to do so."""
    nothing = [c for c in found if not c.accepted]
    singles = [c for c in found if c.accepted]
    united: dict[frozenset[Pattern], StringClass] = {c.accepted: c for c in singles}
    waiting = deque(singles)
    while waiting:
        group = waiting.popleft()
        for more in singles:
            accepted = group.accepted | more.accepted
            if accepted not in united:
                united[accepted] = StringClass(accepted, f"{group.witness}, {more.witness}")
                waiting.append(united[accepted])
        if len(united) > MOST_COMBINATIONS:
            raise TooManyError
    return (*nothing, *united.values())
