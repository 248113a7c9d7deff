"""The fewest knobs to turn off so that every pair comes under its limit, keeping the retry nearest to the failure.

Exact by branch and bound, deepest cuts first, while the number of settings asked about stays within a budget; then
greedy, with every edit that turned out needless taken back. Nothing here knows files: the plan's edits are made and
analysed again by the caller, whose numbers are those that count.
Source: fewer retries never make more requests, so that what all knobs together cannot reach, none can.
Shape: of plans with equally few edits, the one that keeps the innermost retry of the worst pairs; then by name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from math import inf, prod

from analyzer.amplification import Pair
from analyzer.fixes.knobs import Knob
from analyzer.fixes.model import Model, Setting, ends
from parsers.quantities import Count

#: Settings that a search may ask about, times the operations of the system; a few seconds.
BUDGET = 16_000
FEWEST, MOST = 24, 500


@dataclass(frozen=True, slots=True)
class Plan:
    """Knobs with the attempts each is left; ``beyond`` the pairs that no setting brings under their limit, as
    small as they can be made."""

    setting: tuple[tuple[Knob, int], ...] = ()
    beyond: tuple[Pair, ...] = ()
    exact: bool = True


class _OutOfBudgetError(Exception):
    pass


def solve(model: Model, candidates: frozenset[Knob], lowers: Callable[[Knob, int], bool]) -> Plan:
    """The smallest plan with these knobs. ``lowers`` says whether a knob can be left so many attempts."""
    worst = model.over({})
    if not worst:
        return Plan()
    model = replace(model, entries=tuple(dict.fromkeys(p.entry for p in worst)))
    useful = frozenset(k for p in worst for k, _ in model.between(p)) & candidates
    beyond = tuple(model.over(dict.fromkeys(useful, 1)))
    search = _Search(model.with_floor(beyond), worst, useful)
    exact = True
    try:
        chosen = search.exact()
    except _OutOfBudgetError:
        chosen, exact = search.greedy(), False
    return Plan(tuple(sorted(search.kept_alive(chosen, lowers).items())), beyond, exact)


class _Search:
    """One search: the pairs that are too large, and the knobs that may help."""

    def __init__(self, model: Model, worst: list[Pair], useful: frozenset[Knob]) -> None:
        self._model = model
        self._useful = useful
        self._worst = worst
        self._chains = {ends(p): [k for k, _ in model.firing(p) if k is not None] for p in self._worst}
        self._reach = {ends(p): _powers(model.between(p), useful) for p in self._worst}
        size = max(1, len(model.system.operations))
        self._budget = model.asked + min(MOST, max(FEWEST, BUDGET // size))
        self._seen: set[frozenset[Knob]] = set()
        self._found: list[frozenset[Knob]] = []

    # -------------------------------------------------------------------------------------------------------- exact

    def exact(self) -> frozenset[Knob]:
        """The fewest knobs: all sets of one, then of two, ..."""
        for depth in range(len(self._useful) + 1):
            self._seen.clear()
            self._descend(frozenset(), depth)
            if self._found:
                return min(self._found, key=self._price)
        return self._useful

    def _over(self, off: frozenset[Knob]) -> list[Pair]:
        if self._model.asked >= self._budget:
            raise _OutOfBudgetError
        return self._model.over(dict.fromkeys(off, 1))

    def _descend(self, off: frozenset[Knob], left: int) -> None:
        if off in self._seen:
            return
        self._seen.add(off)
        over = self._over(off)
        if not over:
            self._found.append(off)
            return
        if left == 0 or not all(self._within(p, off, left) for p in over):
            return
        for one in self._candidates(over[0], off):
            self._descend(off | {one}, left - 1)

    def _within(self, pair: Pair, off: frozenset[Knob], left: int) -> bool:
        """Whether so many more knobs can be enough: each divides by no more than what it is worth on all ways."""
        worth = [by for k, by in self._reach.get(ends(pair), {}).items() if k not in off]
        return _number(pair.worst) <= prod(sorted(worth)[-left:]) * _number(self._model.limit(pair))

    def _candidates(self, pair: Pair, off: frozenset[Knob]) -> list[Knob]:
        """Those on any way of the pair, the outermost of its worst chain first."""
        chain = self._chains.get(ends(pair), [])
        place = {k: i for i, k in reversed(list(enumerate(chain)))}
        reach = [k for k in self._reach.get(ends(pair), dict.fromkeys(self._useful)) if k not in off]
        return sorted(reach, key=lambda k: (place.get(k, len(chain)), k))

    def _price(self, off: frozenset[Knob]) -> tuple[list[bool], int, list[Knob]]:
        """First whether the retry nearest to the failure is lost, pair by pair, the worst first; then how near."""
        chains = [self._chains[ends(p)] for p in self._worst if self._chains[ends(p)]]
        near = sum(chain.index(k) for chain in chains for k in set(chain) & off)
        return [chain[-1] in off for chain in chains], near, sorted(off)

    # ------------------------------------------------------------------------------------------------------- greedy

    def greedy(self) -> frozenset[Knob]:
        """Whatever helps the worst pair, outermost first, until nothing is too large; then what was needless."""
        off: frozenset[Knob] = frozenset()
        while over := self._model.over(dict.fromkeys(off, 1)):
            options = self._candidates(over[0], off)
            if not options:
                break
            off |= {options[0]}
        for one in sorted(off, key=self._nearness):
            fewer = off - {one}
            if not self._model.over(dict.fromkeys(fewer, 1)):
                off = fewer
        return off

    def _nearness(self, one: Knob) -> tuple[int, Knob]:
        return -sum(chain.index(one) for chain in self._chains.values() if one in chain), one

    # ------------------------------------------------------------------------------------------------------ keeping

    def kept_alive(self, off: frozenset[Knob], lowers: Callable[[Knob, int], bool]) -> Setting:
        """A retry nearest to a failure that must shrink keeps as many attempts as the limits allow."""
        setting = dict.fromkeys(off, 1)
        for one in sorted(off & {chain[-1] for chain in self._chains.values() if chain}):
            low, high = 1, self._model.attempts(one) - 1
            while low < high:
                middle = (low + high + 1) // 2
                fits = not self._model.over({**setting, one: middle})
                low, high = (middle, high) if fits else (low, middle - 1)
            setting[one] = low if low > 1 and lowers(one, low) else 1
        return setting


def _powers(between: Iterable[tuple[Knob, Count]], useful: frozenset[Knob]) -> dict[Knob, float]:
    """What each knob is worth at most: its attempts, once for every call that goes through it."""
    found: dict[Knob, float] = {}
    for one, attempts in between:
        if one in useful:
            found[one] = found.get(one, 1.0) * _number(attempts)
    return found


def _number(count: Count) -> float:
    return inf if count.value is None else float(count.value)
