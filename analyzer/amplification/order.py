"""Who calls whom: callees before callers, what lies above and below an operation, and which operations form cycles."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TypeVar

from analyzer.amplification.causes import failed
from analyzer.amplification.components import components
from analyzer.amplification.ends import can_end_well, steps
from analyzer.amplification.engine import Engine
from analyzer.amplification.numbers import Number, total
from analyzer.amplification.passing import Given
from analyzer.amplification.system import System
from analyzer.model import Operation
from parsers.facts.python import Send

N = TypeVar("N", bound=Hashable)


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

    def _never_well(self, engine: Engine) -> dict[Operation, Given]:
        """Operations that fail even when everything they ask is well, and how; all others are taken to do well."""
        found: dict[Operation, Given] = {}
        for group in self.groups:
            program = engine.system.programs.get(group[0])
            if self.turns(group) or program is None:
                continue
            doubtful = not can_end_well(program.handler.body) or any(o in found for o in self.callees[group[0]])
            if not doubtful:
                continue
            summary = engine.summary(group[0], found)
            if all(failed(a) for a in summary.answers):
                found[group[0]] = summary.times
        return found

    def above(self, target: Operation) -> list[list[Operation]]:
        """The target and everything that may lead to it, in groups, callees first."""
        return self.within(target, len(self.place) + 1) or []

    def within(self, target: Operation, most: int) -> list[list[Operation]] | None:
        """The same, or ``None`` where it is more than ``most`` operations."""
        if target not in self.place:
            return [[target]]
        seen, queue = {target}, [target]
        while queue:
            for caller in self.callers.get(queue.pop(), ()):
                if caller not in seen:
                    seen.add(caller)
                    queue.append(caller)
            if len(seen) > most:
                return None
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


def order_of(engine: Engine) -> Order:
    """The order of an engine's system, kept with it."""
    kept = vars(engine)
    found = kept.get("_order")
    if not isinstance(found, Order):
        found = kept["_order"] = Order(engine)
    return found


def receivers_of_sends(system: System, operation: Operation) -> tuple[Operation, ...]:
    """Who receives each request that the operation may send, one for each place that sends."""
    calls = {c.id: c for c in system.outgoing.get(operation, ())}
    program = system.programs.get(operation)
    if program is None:
        return tuple(r for c in calls.values() for r in c.receivers)
    wires = dict(program.wires)
    keys = [s.key for s in steps(program.handler.body) if isinstance(s, Send)]
    return tuple(r for key in keys for r in {r for w in wires.get(key, ()) if w in calls for r in calls[w].receivers})


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
