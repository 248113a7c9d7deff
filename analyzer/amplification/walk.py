"""The walk over (operation, answer) states: what each operation answers while one fails, and what arrives where.

Upwards, callees first: what can each caller of the failing operation answer, and how many requests reach the failing
operation for one request answered so. Downwards from an entry: what arrives everywhere.
Cycles: a component of states whose members multiply is without bound; one that hands on exactly one request is worth
one turn.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from math import inf
from typing import TypeVar

from analyzer.amplification.causes import HANG, OK, failed
from analyzer.amplification.components import components
from analyzer.amplification.ends import steps
from analyzer.amplification.engine import HEALTHY, Engine, Summary
from analyzer.amplification.numbers import INF, Number, largest, total
from analyzer.amplification.outcomes import NOW, Arrival, Ways, most_of_each, ways
from analyzer.amplification.system import System
from analyzer.model import Operation
from parsers.facts.python import Send

#: An operation and what it answers.
State = tuple[Operation, str]
N = TypeVar("N", bound=Hashable)

_NONE: tuple[Number, Arrival | None] = (0, None)

#: Rounds in which what the members of a cycle answer may still grow; beyond, they answer all that was found.
ROUNDS = 12


class Order:
    """Operations with callees first, and which of them form cycles. Computed once for a system."""

    def __init__(self, engine: Engine) -> None:
        system = engine.system
        self.callees = {
            o: tuple(dict.fromkeys(r for c in system.outgoing.get(o, ()) for r in c.receivers))
            for o in system.operations
        }
        self.sent = {o: receivers_of_sends(system, o) for o in system.operations}
        self.callers: dict[Operation, list[Operation]] = {o: [] for o in system.operations}
        for caller, receivers in self.callees.items():
            for receiver in receivers:
                self.callers[receiver].append(caller)
        self.groups = components(system.operations, lambda o: self.callees[o])
        self.place = {o: i for i, group in enumerate(self.groups) for o in group}
        self.never_well = self._never_well(engine)

    def _never_well(self, engine: Engine) -> dict[Operation, Mapping[str, float]]:
        """Operations that fail even when everything they ask is well, and how; all others are taken to do well."""
        found: dict[Operation, Mapping[str, float]] = {}
        for group in self.groups:
            if self.turns(group) or group[0] not in engine.system.programs:
                continue
            summary = engine.summary(group[0], found)
            if all(failed(a) for a in summary.answers):
                found[group[0]] = summary.times()
        return found

    def above(self, target: Operation) -> list[list[Operation]]:
        """The target and everything that may lead to it, in groups, callees first."""
        if target not in self.place:
            return [[target]]
        seen, queue = {target}, [target]
        while queue:
            for caller in self.callers.get(queue.pop(), ()):
                if caller not in seen:
                    seen.add(caller)
                    queue.append(caller)
        return [self.groups[i] for i in sorted({self.place[o] for o in seen})]

    def below(self, entry: Operation) -> set[Operation]:
        """Everything that requests at the entry may reach, itself not."""
        seen, queue = {entry}, [entry]
        while queue:
            for callee in self.callees.get(queue.pop(), ()):
                if callee not in seen:
                    seen.add(callee)
                    queue.append(callee)
        return seen - {entry}

    def asked_twice(self, target: Operation) -> bool:
        """Whether some operation above has more than one request that leads to the target."""
        above = {o for group in self.above(target) for o in group}
        return any(sum(c in above for c in self.sent.get(o, ())) > 1 for o in above)

    def turns(self, group: list[Operation]) -> bool:
        """Whether the group is a cycle."""
        return len(group) > 1 or group[0] in self.callees.get(group[0], ())


def receivers_of_sends(system: System, operation: Operation) -> tuple[Operation, ...]:
    """Who receives each request that the operation may send, one for each place that sends."""
    calls = {c.id: c for c in system.outgoing.get(operation, ())}
    program = system.programs.get(operation)
    if program is None:
        return tuple(r for c in calls.values() for r in c.receivers)
    wires = dict(program.wires)
    keys = [s.key for s in steps(program.handler.body) if isinstance(s, Send)]
    return tuple(r for key in keys for r in {r for w in wires.get(key, ()) if w in calls for r in calls[w].receivers})


@dataclass
class Failing:
    """One operation failing with one cause: answers of everything above it and the requests that reach it."""

    engine: Engine
    order: Order
    target: Operation
    cause: str
    latency_s: float = 0.0
    sometimes: bool = False  # fails now and then, not on every request
    answers: dict[Operation, Mapping[str, float]] = field(default_factory=dict)
    summaries: dict[Operation, Summary] = field(default_factory=dict)
    value: dict[State, Number] = field(default_factory=dict)
    single: dict[State, tuple[Number, Arrival | None]] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        engine: Engine,
        order: Order,
        target: Operation,
        cause: str,
        latency_s: float = 0.0,
        *,
        sometimes: bool = False,
    ) -> Failing:
        """Walk upwards from the failing operation, which takes ``latency_s`` to fail."""
        walk = cls(engine, order, target, cause, latency_s, sometimes, dict(order.never_well))
        for group in order.above(target):
            walk._answer(group)
            walk._count(group)
        return walk

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
    def _own(self) -> Mapping[str, float]:
        own: dict[str, float] = {self.cause: inf if self.cause == HANG else self.latency_s}
        return {**own, **HEALTHY} if self.sometimes else own

    def _settle(self, operation: Operation, *, keep: bool = False) -> None:
        summary = self.engine.summary(operation, self.answers)
        if operation == self.target:
            summary = self._failing(summary)
        self.summaries[operation] = summary
        given = dict(self.answers.get(operation, {})) if keep and operation != self.target else {}
        for answer, takes in (self._own if operation == self.target else summary.times()).items():
            given[answer] = min(takes, given.get(answer, inf))
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
            for answer, loads in self.summaries[group[0]].answers.items():
                self._weigh((group[0], answer), loads)
            return
        states = [(m, a) for m in group for a in self.answers[m]]
        inside = set(states)
        for turn in components(states, lambda s: [n for n, _ in self._next(s) if n in inside]):
            self._turn(turn)

    def _turn(self, turn: list[State]) -> None:
        """Count a component of states: one turn, or without bound where it multiplies."""
        for _ in turn:
            for operation, answer in turn:
                self._weigh((operation, answer), self._ways((operation, answer)))
        if multiplies(turn, self._next) and any(self.value[s] != 0 for s in turn):
            for state in turn:
                self.value[state] = INF
                self.single[state] = (INF, self.single[state][1])

    def _ways(self, state: State) -> Ways:
        return self.summaries[state[0]].answers.get(state[1], ())

    def _next(self, state: State) -> list[tuple[State, Number]]:
        """The states that a request in this state asks for, and how often at most."""
        found: dict[State, Number] = {}
        for arrival, n in most_of_each(self._ways(state)).items():
            for following in self.reached(arrival):
                found[following] = largest((found.get(following, 0), n))
        return list(found.items())

    def reached(self, arrival: Arrival) -> Iterable[State]:
        """The states in which an arrival is served: a mirror's copy in any."""
        if arrival.shadow:
            return [(arrival.callee, a) for a in self.answers.get(arrival.callee, HEALTHY)]
        return [(arrival.callee, arrival.answer)]

    def _weigh(self, state: State, loads: Ways) -> None:
        """Requests at the target for one request in this state, and the largest product along one chain."""
        here: Number = 1 if state[0] == self.target else 0
        self.value[state] = here + largest(load.worth(self.below) for load in loads)
        chain: tuple[Number, Arrival | None] = (here, None)
        for arrival, n in most_of_each(loads).items():
            along = n * self._along(arrival)
            if along > chain[0]:
                chain = (along, arrival)
        self.single[state] = chain

    def below(self, arrival: Arrival) -> Number:
        """Requests at the target for one arrival."""
        if arrival.shadow:
            return largest(self.value.get(s, 0) for s in self.reached(arrival))
        return self.value.get((arrival.callee, arrival.answer), 0)

    def _along(self, arrival: Arrival) -> Number:
        """The largest product from an arrival to the target."""
        if arrival.shadow:
            return largest(self.single.get(s, _NONE)[0] for s in self.reached(arrival))
        return self.single.get((arrival.callee, arrival.answer), _NONE)[0]

    def _heaviest(self, arrival: Arrival) -> State:
        """The state in which an arrival is served, on the largest product."""
        states = sorted(self.reached(arrival))
        most = largest(self.single.get(s, _NONE)[0] for s in states)
        return next(s for s in states if self.single.get(s, _NONE)[0] == most)

    # ---------------------------------------------------------------------------------------------------------- asking

    def worth(self, entry: Operation) -> Number:
        """Requests at the target for one request at the entry."""
        return largest(self.value.get((entry, a), 0) for a in self.answers.get(entry, ()))

    def worst_state(self, entry: Operation) -> State | None:
        """What the entry answers when most requests reach the target; ``None`` where none ever do."""
        states = [(entry, a) for a in self.answers.get(entry, ()) if (entry, a) in self.value]
        most = largest(self.value[s] for s in states)
        return next((s for s in sorted(states) if self.value[s] == most), None) if most != 0 else None

    def chain(self, state: State) -> tuple[Arrival, ...]:
        """The arrivals along the largest product, from a state to the target."""
        found: list[Arrival] = []
        seen = {state}
        while True:
            arrival = self.single[state][1]
            if arrival is None:
                return tuple(found)
            found.append(arrival)
            state = self._heaviest(arrival)
            if state in seen or state[0] == self.target or state not in self.single:
                return tuple(found)
            seen.add(state)


def multiplies(turn: list[N], following: Callable[[N], list[tuple[N, Number]]]) -> bool:
    """Whether going round grows: some state of a cycle leads to more than one request inside it.

    A component whose states each hand on exactly one request is a plain ring; any other has a growth above one, for its
    numbers are whole.
    """
    inside = set(turn)
    rings = True
    for state in turn:
        onward = [n for s, n in following(state) if s in inside]
        if not onward and len(turn) == 1:
            return False
        rings = rings and total(onward) == 1
    return not rings
