"""The walk over (operation, answer) states: what each operation answers while one fails, and what arrives where.

Upwards, callees first: what can each caller of the failing operation answer, and how many requests reach the failing
operation for one request answered so. Downwards from an entry: what arrives everywhere.
Cycles: a component of states whose members multiply is without bound; one that hands on exactly one request is worth
one turn.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf

from analyzer.amplification.causes import HANG, OK, failed
from analyzer.amplification.components import components
from analyzer.amplification.engine import Engine, Summary
from analyzer.amplification.numbers import INF, Number, largest, total
from analyzer.amplification.order import Order, multiplies
from analyzer.amplification.outcomes import NOW, Arrival, Ways, ways
from analyzer.amplification.passing import HEALTHY, Given
from analyzer.amplification.worth import Counted
from analyzer.model import Operation

#: An operation and what it answers, by number (``Arrivals.state``).
State = int

_NONE: tuple[Number, Arrival | None] = (0, None)
NOTHING = Counted(())

#: Rounds in which what the members of a cycle answer may still grow; beyond, they answer all that was found.
ROUNDS = 12


@dataclass
class Failing:
    """One operation failing with one cause: answers of everything above it and the requests that reach it."""

    engine: Engine
    order: Order
    target: Operation
    cause: str
    latency_s: float = 0.0
    sometimes: bool = False  # fails now and then, not on every request
    answers: dict[Operation, Given] = field(default_factory=dict)
    summaries: dict[Operation, Summary] = field(default_factory=dict)
    value: dict[State, Number] = field(default_factory=dict)
    single: dict[State, tuple[Number, Arrival | None]] = field(default_factory=dict)

    @classmethod
    def of(  # noqa: PLR0913  # the parts of the question
        cls,
        engine: Engine,
        order: Order,
        target: Operation,
        cause: str,
        latency_s: float = 0.0,
        *,
        sometimes: bool = False,
        like: Failing | None = None,
    ) -> Failing:
        """Walk upwards from the failing operation, which takes ``latency_s`` to fail.

        ``like``: a walk of the same operation; only what differs from it is worked out anew.
        """
        walk = cls(engine, order, target, cause, latency_s, sometimes, dict(order.never_well))
        if like is None:
            for group in order.above(target):
                walk._answer(group)
                walk._count(group)
        else:
            walk._differ(like)
        return walk

    def _differ(self, like: Failing) -> None:
        self.answers, self.summaries = dict(like.answers), dict(like.summaries)
        self.value, self.single = dict(like.value), dict(like.single)
        changed = {self.target}
        for group in self.order.above(self.target):
            if not any(o in changed or not changed.isdisjoint(self.order.callees.get(o, ())) for o in group):
                continue
            for state in (s for o in group for s in like._states(o)):  # its own class
                self.value.pop(state, None)
                self.single.pop(state, None)
            self._answer(group)
            self._count(group)
            changed.update(o for o in group if not self._same(like, o))

    def _same(self, like: Failing, operation: Operation) -> bool:
        """Whether whoever asks the operation sees no difference."""
        return self.answers[operation] == like.answers[operation] and all(
            self.value.get(s) == like.value.get(s) and self.single.get(s, _NONE)[0] == like.single.get(s, _NONE)[0]
            for s in self._states(operation)
        )

    def _states(self, operation: Operation) -> list[State]:
        return [self.engine.arrivals.state(operation, a) for a, _ in self.answers.get(operation, ())]

    # -------------------------------------------------------------------------------------------------------- answers

    def _answer(self, group: list[Operation]) -> None:
        if not self.order.turns(group):
            self._settle(group[0])
            return
        for member in group:
            self.answers[member] = HEALTHY if member != self.target else self._own
        for _ in range(ROUNDS):
            before = {m: self.answers[m] for m in group}
            for member in group:
                self._settle(member, keep=True)
            if all(self.answers[m] == before[m] for m in group):
                return

    @property
    def _own(self) -> Given:
        own = ((self.cause, inf if self.cause == HANG else self.latency_s),)
        return (*own, *HEALTHY) if self.sometimes else own

    def _settle(self, operation: Operation, *, keep: bool = False) -> None:
        summary = self.engine.summary(operation, self.answers)
        if operation == self.target:
            self.summaries[operation] = self._failing(summary)
            self.answers[operation] = self._own
            return
        self.summaries[operation] = summary
        given = summary.times
        if keep:
            joined = dict(self.answers.get(operation, ()))
            for answer, takes in given:
                joined[answer] = min(takes, joined.get(answer, inf))
            given = tuple(sorted(joined.items()))
        self.answers[operation] = given

    def _failing(self, summary: Summary) -> Summary:
        """The failing operation does what it does when its callees are well, and fails; unless nothing reaches it."""
        if self.cause == "connect-failure":
            found: dict[str, Ways] = {self.cause: NOW}
        else:
            every = tuple(w.lasting(0.0) for loads in summary.answers.values() for w in loads)
            found = {self.cause: ways(every)}
        if self.sometimes:
            well = tuple(w for a, loads in summary.answers.items() if not failed(a) for w in loads)
            found[OK] = ways(well) or NOW
        return Summary(found, summary.exact)

    # --------------------------------------------------------------------------------------------------------- counts

    def _count(self, group: list[Operation]) -> None:
        if not self.order.turns(group):
            self._weigh_all(group[0])
            return
        by_state: dict[State, Counted] = {}
        for member in group:
            by_state |= dict.fromkeys(self._states(member), NOTHING)
            by_state |= self._counted(member)
        for turn in components(by_state, lambda s: [n for n, _ in self._next(by_state, s) if n in by_state]):
            self._turn(turn, by_state)

    def _counted(self, operation: Operation) -> dict[State, Counted]:
        state = self.engine.arrivals.state
        return {state(operation, a): counted for a, counted in self.summaries[operation].counted().items()}

    def _weigh_all(self, operation: Operation) -> None:
        for state, counted in self._counted(operation).items():
            self._weigh(operation, state, counted)

    def _turn(self, turn: list[State], by_state: Mapping[State, Counted]) -> None:
        """Count a component of states: without bound where it multiplies, else what one turn gives to each."""
        own = set(self._states(self.target))
        for state in turn:
            self._weigh(self.target if state in own else None, state, by_state[state])
        if len(turn) == 1 and all(following != turn[0] for following, _ in self._next(by_state, turn[0])):
            return
        outside = total(self.value[s] for s in turn)
        along = largest(self.single[s][0] for s in turn)
        if outside != 0 and multiplies(turn, lambda s: self._next(by_state, s)):
            outside = along = INF
        inside = set(turn)
        for state in turn:
            self.value[state] = outside
            if self.single[state][0] != along:
                onward = next((a for a, _ in by_state[state].peaks if not inside.isdisjoint(self.reached(a))), None)
                self.single[state] = (along, self.single[state][1] or onward)

    def _next(self, by_state: Mapping[State, Counted], state: State) -> list[tuple[State, Number]]:
        """The states that a request in this state asks for, and how often at most."""
        found: dict[State, Number] = {}
        for arrival, n in by_state[state].peaks:
            for following in self.reached(arrival):
                found[following] = largest((found.get(following, 0), n))
        return list(found.items())

    def reached(self, arrival: Arrival) -> list[State]:
        """The states in which an arrival is served: a mirror's copy in any."""
        if arrival.shadow:
            return self._states(arrival.callee) or [arrival.state]
        return [arrival.state]

    def _weigh(self, operation: Operation | None, state: State, counted: Counted) -> None:
        """Requests at the target for one request in this state, and the largest product along one chain."""
        here: Number = 1 if operation == self.target else 0
        self._shine(counted)
        self.value[state] = here + counted.worth(self.value)
        most: Number = here
        best: Arrival | None = None
        for arrival, n in counted.peaks:
            along = self.single.get(arrival.state)
            if along is not None and along[0] and n * along[0] > most:
                most, best = n * along[0], arrival
        self.single[state] = (most, best)

    def _shine(self, counted: Counted) -> None:
        """A mirror's copy is worth what it is worth in the worst state of its receiver."""
        for arrival, _ in counted.peaks:
            if arrival.shadow and arrival.state not in self.value:
                states = self._states(arrival.callee)
                best = max(states, key=lambda s: (self.single.get(s, _NONE)[0], s), default=None)
                if best is not None:
                    self.value[arrival.state] = largest(self.value.get(s, 0) for s in states)
                    self.single[arrival.state] = self.single.get(best, _NONE)

    # ---------------------------------------------------------------------------------------------------------- asking

    def worth(self, entry: Operation) -> Number:
        """Requests at the target for one request at the entry."""
        return largest(self.value.get(s, 0) for s in self._states(entry))

    def worst_answers(self, entry: Operation) -> tuple[tuple[Operation, str], ...]:
        """What everything above the target answers when most requests reach it; any failure off the largest chain."""
        found = {o: next((a for a, _ in self.answers[o] if failed(a)), self.answers[o][0][0]) for o in self.summaries}
        start = self.worst_state(entry)
        found |= {a.callee: a.answer for a in (self.chain(start) if start is not None else ())}
        return tuple(sorted(found.items()))

    def worst_state(self, entry: Operation) -> State | None:
        """The state of the entry in which most requests reach the target; ``None`` where none ever do."""
        most = self.worth(entry)
        return next((s for s in self._states(entry) if self.value.get(s, 0) == most), None) if most != 0 else None

    def chain(self, state: State) -> tuple[Arrival, ...]:
        """The arrivals along the largest product, from a state to the target."""
        found: list[Arrival] = []
        seen = {state}
        while True:
            arrival = self.single.get(state, _NONE)[1]
            if arrival is None:
                return tuple(found)
            found.append(arrival)
            states = self.reached(arrival)
            most = largest(self.single.get(s, _NONE)[0] for s in states)
            state = next(s for s in states if self.single.get(s, _NONE)[0] == most)
            if state in seen or arrival.callee == self.target:
                return tuple(found)
            seen.add(state)


__all__ = ["Failing", "Order", "State"]
