"""Downwards from the entry: what arrives at every operation while one fails.

Shape: every request at an operation asks for at most so many of each other operation, whatever it answers; so the sum
of products is a bound for each operation by itself, and the number itself where there is only one way.
"""

from __future__ import annotations

from collections.abc import Mapping

from analyzer.amplification.components import components
from analyzer.amplification.numbers import INF, Number, largest, total
from analyzer.amplification.order import multiplies
from analyzer.amplification.walk import Failing
from analyzer.model import Operation, Precision, weaker


class Spread:
    """Requests per operation for one request at the entry, and how sure each number is."""

    def __init__(self, walk: Failing, entry: Operation) -> None:
        self._walk = walk
        self._summaries = dict(walk.summaries)
        self._onward: dict[Operation, list[tuple[Operation, Number]]] = {}
        self.weight: dict[Operation, Number] = {entry: 1}
        self._sure: dict[Operation, Precision] = {}
        for turn in reversed(components([entry], lambda o: [n for n, _ in self.onward(o)])):
            self._pour(turn)
            self._tell(turn)

    def onward(self, operation: Operation) -> list[tuple[Operation, Number]]:
        """Whom one request at the operation asks, and how often at most."""
        if operation not in self._onward:
            self._onward[operation] = self._most(operation)
        return self._onward[operation]

    def _most(self, operation: Operation) -> list[tuple[Operation, Number]]:
        if operation not in self._summaries:
            self._summaries[operation] = self._walk.engine.summary(operation, self._walk.answers)
        loads = [w for each in self._summaries[operation].answers.values() for w in each]
        asked = sorted({a.callee for load in loads for a in load.arrivals()})
        return [(o, largest(w.worth(lambda a, o=o: int(a.callee == o)) for w in loads)) for o in asked]  # type: ignore[misc]  # default binds

    def _pour(self, turn: list[Operation]) -> None:
        """Hand on what arrives in a component; once round in a ring, without bound where it multiplies."""
        inside = set(turn)
        ring = len(turn) > 1 or any(n == turn[0] for n, _ in self.onward(turn[0]))
        if ring:
            grows = multiplies(turn, self.onward)
            whole = INF if grows else total(self.weight.get(o, 0) for o in turn)
            self.weight.update(dict.fromkeys(turn, whole))
        for operation in turn:
            for following, n in self.onward(operation):
                if following not in inside:
                    self.weight[following] = self.weight.get(following, 0) + self.weight.get(operation, 0) * n

    def _tell(self, turn: list[Operation]) -> None:
        """Hand on how sure the numbers are."""
        for operation in turn:
            sure = weaker(self._walk.engine.precision(operation), self._sure.get(operation, Precision.EXACT))
            if len(turn) > 1 or not self._summaries[operation].exact:
                sure = weaker(sure, Precision.UPPER_BOUND)
            for following, _ in self.onward(operation):
                self._sure[following] = weaker(sure, self._sure.get(following, Precision.EXACT))

    def loads(self) -> Mapping[Operation, tuple[Number, Precision]]:
        """Requests per operation, those that get none left out."""
        return {o: (n, self._sure.get(o, Precision.EXACT)) for o, n in self.weight.items() if n != 0}
