"""The system with some knobs turned down, and what its pairs become: the question a search asks over and over.

Shape: ``Model.over`` gives the pairs above their limits, the worst first. Pure; results are kept by setting.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from analyzer.amplification import CallFacts, Pair, System, amplify
from analyzer.fixes.knobs import Knob, knob
from analyzer.hops import Hops
from analyzer.linking.mesh import Program
from analyzer.model import Layer, Operation
from parsers.facts import python
from parsers.quantities import Count
from parsers.source import Span

#: Knobs and how many attempts each is left.
Setting = Mapping[Knob, int]
Ends = tuple[Operation, Operation]


def ends(pair: Pair) -> Ends:
    """Between which two operations a pair is."""
    return pair.entry, pair.target


def descending(pair: Pair) -> tuple[int, int, Ends]:
    """A sort key: the largest first."""
    return (0, 0, ends(pair)) if pair.worst.value is None else (1, -pair.worst.value, ends(pair))


@dataclass
class Model:
    """A system, whom its requests come from, and the most that each pair may become."""

    system: System
    entries: tuple[Operation, ...]
    limit: Callable[[Pair], Count]
    asked: int = 0
    _known: dict[frozenset[tuple[Knob, int]], tuple[Pair, ...]] = field(default_factory=dict, init=False)

    def pairs(self, setting: Setting) -> tuple[Pair, ...]:
        """Every pair with the knobs so set."""
        key = frozenset(setting.items())
        if key not in self._known:
            self.asked += 1
            self._known[key] = amplify(set_to(self.system, setting), self.entries).pairs
        return self._known[key]

    def over(self, setting: Setting) -> list[Pair]:
        """Pairs above their limits."""
        return sorted((p for p in self.pairs(setting) if p.worst > self.limit(p)), key=descending)

    def with_floor(self, least: Iterable[Pair]) -> Model:
        """The same, content with these pairs being no larger than here."""
        floor = {ends(p): p.worst for p in least}
        limit = self.limit
        return replace(self, limit=lambda p: floor.get(ends(p)) or limit(p))

    @cached_property
    def _hops(self) -> Hops:
        return Hops(self.system)

    def firing(self, pair: Pair) -> tuple[tuple[Knob | None, Count], ...]:
        """What multiplies along the worst chain of a pair of the system as it is, outermost first."""
        found: list[tuple[Knob | None, Count]] = []
        for hop in self._hops.of(pair):
            facts = self.system.calls[hop.call]
            layers = (*facts.layers, *facts.passage.layers)
            found += [(knob(x, facts), by) for x, by in zip(layers, hop.factors, strict=False) if by > Count(1)]
        return tuple(found)

    def attempts(self, one: Knob) -> int:
        """How many attempts a knob makes now; one where there is no end."""
        found = (a.value for c in self.system.calls.values() for k, a in _knobs(c) if k == one)
        return max((n or 1 for n in found), default=1)

    def between(self, pair: Pair) -> Iterator[tuple[Knob, Count]]:
        """Every knob on any way between the ends of a pair with its attempts, once a call."""
        forward = _reached(pair.entry, lambda o: [r for c in self.system.outgoing.get(o, ()) for r in c.receivers])
        backward = _reached(pair.target, lambda o: [c.caller for c in self.system.incoming.get(o, ())])
        for call in self.system.calls.values():
            if call.caller in forward and any(r in backward for r in call.receivers):
                yield from _knobs(call)


def _knobs(call: CallFacts) -> Iterator[tuple[Knob, Count]]:
    for layer in (*call.layers, *call.passage.layers):
        one = knob(layer, call)
        if one is not None and layer.attempts is not None:
            yield one, layer.attempts


def _reached(start: Operation, following: Callable[[Operation], list[Operation]]) -> set[Operation]:
    seen, stack = {start}, [start]
    while stack:
        fresh = [o for o in following(stack.pop()) if o not in seen]
        seen.update(fresh)
        stack += fresh
    return seen


# -------------------------------------------------------------------------------------------------- the system, turned


def set_to(system: System, setting: Setting) -> System:
    """The system as it is once the edits are made."""
    spans = {k.span: n for k, n in setting.items() if k.kind == "code" and k.span is not None}
    programs = {o: _program(p, spans) for o, p in system.programs.items()} if spans else system.programs
    return System(programs, {i: _call(c, setting) for i, c in system.calls.items()})


def _call(call: CallFacts, setting: Setting) -> CallFacts:
    mesh = tuple(_layer(x, call, setting) for x in call.passage.layers)
    return replace(
        call,
        layers=tuple(_layer(x, call, setting) for x in call.layers),
        passage=replace(call.passage, layers=mesh),
    )


def _layer(layer: Layer, call: CallFacts, setting: Setting) -> Layer:
    one = knob(layer, call)
    attempts = setting.get(one) if one is not None else None
    if attempts is None:
        return layer
    return replace(layer, attempts=Count(attempts), fires_on=layer.fires_on if attempts > 1 else frozenset())


def _program(program: Program, spans: Mapping[Span, int]) -> Program:
    body = _step(program.handler.body, spans)
    return replace(program, handler=replace(program.handler, body=body))


def _step(step: python.Step, spans: Mapping[Span, int]) -> python.Step:
    def inside(one: python.Step) -> python.Step:
        return _step(one, spans)

    match step:
        case python.Send(call=call):
            kept = tuple(x for r in call.layers if (x := _retry(r, spans)) is not None)
            return replace(step, call=replace(call, layers=kept))
        case python.Repeat(retry=retry, body=body):
            found = _retry(retry, spans)
            return inside(body) if found is None else python.Repeat(found, inside(body))
        case python.Block(steps=steps):
            return python.Block(tuple(map(inside, steps)))
        case python.Loop() | python.Scope():
            return replace(step, body=inside(step.body))
        case python.Parallel(branches=branches):
            return replace(step, branches=tuple(map(inside, branches)))
        case python.Branch(options=options):
            return python.Branch(tuple(map(inside, options)))
        case python.Check(then=then, orelse=orelse):
            return replace(step, then=inside(then), orelse=inside(orelse))
        case python.Guard(body=body, catches=catches, orelse=orelse, final=final):
            caught = tuple(replace(c, body=inside(c.body)) for c in catches)
            return python.Guard(inside(body), caught, inside(orelse), inside(final))
        case _:
            return step


def _retry(retry: python.Retry, spans: Mapping[Span, int]) -> python.Retry | None:
    attempts = spans.get(retry.span)
    if attempts is None:
        return retry
    return None if attempts == 1 else replace(retry, attempts=Count(attempts))
