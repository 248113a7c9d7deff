"""A bound that looks at no cause: every layer fires on everything, every way is taken. Linear in the system's size.

It is what remains for systems so large that not every pair can be walked: sound, never small.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from analyzer.amplification.components import components
from analyzer.amplification.ends import attempts_of
from analyzer.amplification.numbers import INF, Number, number, total
from analyzer.amplification.order import Order, multiplies
from analyzer.amplification.system import CallFacts, System
from analyzer.model import Operation
from parsers.facts.python import Block, Branch, Check, Guard, Loop, Parallel, Repeat, Retry, Scope, Send, Step


@dataclass(frozen=True)
class Structure:
    """Requests from operation to operation, at most."""

    order: Order
    asks: Mapping[Operation, list[tuple[Operation, Number]]]

    @classmethod
    def of(cls, system: System, order: Order) -> Structure:
        """Multiply the layers of every call."""
        return cls(order, {o: _asks(system, o) for o in system.operations})

    def from_entry(self, entry: Operation) -> dict[Operation, Number]:
        """Requests at every operation for one request at the entry, at most."""
        weight: dict[Operation, Number] = {entry: 1}
        for turn in reversed(components([entry], lambda o: [n for n, _ in self.asks.get(o, ())])):
            inside = set(turn)
            if len(turn) > 1 or any(n == turn[0] for n, _ in self.asks.get(turn[0], ())):
                grows = multiplies(turn, lambda o: self.asks.get(o, []))
                whole = INF if grows else total(weight.get(o, 0) for o in turn)
                weight.update(dict.fromkeys(turn, whole))
            for operation in turn:
                for following, n in self.asks.get(operation, ()):
                    if following not in inside:
                        weight[following] = weight.get(following, 0) + weight.get(operation, 0) * n
        return weight


def _asks(system: System, operation: Operation) -> list[tuple[Operation, Number]]:
    found: dict[Operation, Number] = {}
    for call, times in _sent(system, operation):
        copies = _first_copies(call)
        for receiver in dict.fromkeys(o for o, _ in call.callees):
            if call.passage.answered is None:
                found[receiver] = found.get(receiver, 0) + times * copies
        for receiver in call.shadows:
            found[receiver] = found.get(receiver, 0) + times
    return list(found.items())


def _first_copies(call: CallFacts) -> Number:
    """What the layers of mesh and configuration multiply by."""
    if call.assumed is not None:
        return call.assumed
    product: Number = 1
    for layer in call.passage.layers:
        product = product * (number(layer.attempts) if layer.attempts and layer.counts_arrivals else 1)
    return product


def _sent(system: System, operation: Operation) -> Iterator[tuple[CallFacts, Number]]:
    """Every call with how often its client hands a request to the mesh, at most."""
    program = system.programs.get(operation)
    calls = {c.id: c for c in system.outgoing.get(operation, ())}
    if program is None:
        for call in calls.values():
            product: Number = number(call.times) if call.times else 1
            for layer in call.layers:
                product = product * (number(layer.attempts) if layer.attempts else 1)
            yield call, product
        return
    wires = dict(program.wires)
    for send, times in _repeated(program.handler.body):
        for wire in wires.get(send.key, ()):
            if wire in calls:
                yield calls[wire], times


def _repeated(body: Step) -> Iterator[tuple[Send, Number]]:
    """Every place that sends, with the product of all that repeats around it."""
    stack: list[tuple[Step, Number]] = [(body, 1)]
    while stack:
        step, times = stack.pop()
        match step:
            case Send():
                yield step, times * _all(step.call.layers)
            case Repeat():
                stack.append((step.body, times * attempts_of(step.retry)))
            case Loop():
                stack.append((step.body, times * (number(step.count) if step.count else 1)))
            case Scope():
                stack.append((step.body, times))
            case Block():
                stack.extend((s, times) for s in step.steps)
            case Parallel():
                stack.extend((s, times) for s in step.branches)
            case Branch():
                stack.extend((s, times) for s in step.options)
            case Check():
                stack.extend(((step.then, times), (step.orelse, times)))
            case Guard():
                inner = (step.body, *(c.body for c in step.catches), step.orelse, step.final)
                stack.extend((s, times) for s in inner)


def _all(retries: tuple[Retry, ...]) -> Number:
    product: Number = 1
    for retry in retries:
        product = product * attempts_of(retry)
    return product
