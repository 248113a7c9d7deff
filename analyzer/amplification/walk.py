"""The walk over (operation, answer) states: what each operation answers while one fails, and what arrives where.

Upwards, callees first: what can each caller of the failing operation answer, and how many requests reach the failing
operation for one request answered so. Downwards from an entry: what arrives everywhere.
Cycles: a component of states whose members multiply is without bound; one that hands on exactly one request is worth
one turn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from math import inf

from analyzer.amplification.causes import HANG, OK, failed
from analyzer.amplification.components import components
from analyzer.amplification.ends import steps
from analyzer.amplification.engine import HEALTHY, Engine, Summary
from analyzer.amplification.numbers import INF, Number, largest, total
from analyzer.amplification.outcomes import NOW, Arrival, Ways, most_of_each, ways
from analyzer.amplification.system import System
from analyzer.model import Operation, Precision, weaker
from parsers.facts.python import Send

#: An operation and what it answers.
State = tuple[Operation, str]
#: The states that a state asks for, and how often.
Onward = Callable[[State], list[tuple[State, Number]]]

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

    def above(self, target: Operation) -> list[list[Operation]]:
        """The target and everything that may lead to it, in groups, callees first."""
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
        return len(group) > 1 or group[0] in self.callees[group[0]]


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
        walk = cls(engine, order, target, cause, latency_s, sometimes)
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


def multiplies(turn: list[State], following: Onward) -> bool:
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


class Spread:
    """Downwards from the entry's state: the requests at every operation, and how sure each number is."""

    def __init__(self, walk: Failing, start: State) -> None:
        self._walk = walk
        self._summaries = dict(walk.summaries)
        self._sent: dict[State, Mapping[Arrival, Number]] = {}
        self.weight: dict[State, Number] = {start: 1}
        self._sure: dict[State, Precision] = {start: Precision.EXACT}
        for turn in reversed(components([start], lambda s: [n for n, _ in self.onward(s)])):
            _pour(turn, self.onward, self.weight)
            self._tell(turn)

    def onward(self, state: State) -> list[tuple[State, Number]]:
        """The states a request in this state asks for, and how often at most."""
        if state not in self._sent:
            self._sent[state] = self._chosen(state)
        sums: dict[State, Number] = {}
        for arrival, n in self._sent[state].items():
            for following in self._walk.reached(arrival):
                sums[following] = sums.get(following, 0) + n
        return list(sums.items())

    def _loads(self, state: State) -> Ways:
        """What is sent in a state; an operation that has nothing to do with the failure does well."""
        operation, answer = state
        if operation in self._walk.summaries:
            return self._walk.summaries[operation].answers.get(answer, ())
        if operation not in self._summaries:
            self._summaries[operation] = self._walk.engine.summary(operation, self._walk.answers)
        answers = self._summaries[operation].answers
        good = tuple(w for a, loads in answers.items() if not failed(a) for w in loads)
        return good or tuple(w for loads in answers.values() for w in loads)

    def _chosen(self, state: State) -> Mapping[Arrival, Number]:
        """What is sent towards the target in the way that is worst for it, and the most of everything else."""
        loads = self._loads(state)
        if not loads:
            return {}
        most = most_of_each(loads)
        best = max(loads, key=lambda load: load.worth(self._walk.below))
        toward = best.picked(self._walk.below)
        found = {a: n for a, n in most.items() if a.callee not in self._walk.summaries}
        return found | {a: n for a, n in toward.items() if a.callee in self._walk.summaries}

    def _tell(self, turn: list[State]) -> None:
        """Hand on how sure the numbers are."""
        for state in turn:
            sure = weaker(self._walk.engine.precision(state[0]), self._sure.get(state, Precision.EXACT))
            if len(turn) > 1 or not self._summaries[state[0]].exact:
                sure = weaker(sure, Precision.UPPER_BOUND)
            for following, _ in self.onward(state):
                self._sure[following] = weaker(sure, self._sure.get(following, Precision.EXACT))

    def loads(self) -> Mapping[Operation, tuple[Number, Precision]]:
        """Requests per operation."""
        found: dict[Operation, tuple[Number, Precision]] = {}
        for state, n in self.weight.items():
            before, sure = found.get(state[0], (0, Precision.EXACT))
            found[state[0]] = (before + n, weaker(sure, self._sure.get(state, Precision.EXACT)))
        return found


def _pour(turn: list[State], onward: Onward, weight: dict[State, Number]) -> None:
    """Hand on what arrives in a component; once round in a ring, without bound where it multiplies."""
    inside = set(turn)
    edges = {s: onward(s) for s in turn}
    ring = len(turn) > 1 or any(n == turn[0] for n, _ in edges[turn[0]])
    if not ring:
        for following, n in edges[turn[0]]:
            weight[following] = weight.get(following, 0) + weight.get(turn[0], 0) * n
        return
    if multiplies(turn, lambda s: edges[s]):
        for state in turn:
            weight[state] = INF
    else:
        whole = total(weight.get(s, 0) for s in turn)
        for state in turn:
            weight[state] = whole
    for state in turn:
        for following, n in edges[state]:
            if following not in inside:
                weight[following] = weight.get(following, 0) + weight[state] * n
