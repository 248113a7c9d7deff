"""What the engine needs to know: programs, calls, and what the mesh does with each call.

Shape: ``System`` is read-only. An operation with calls and without a program (another language, configuration only)
does whatever is worst.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from analyzer.amplification.ends import steps
from analyzer.linking.mesh import Program
from analyzer.model import Layer, Operation, Passage, Precision
from analyzer.options import Assumption
from parsers.facts.python import Block, Branch, Check, Guard, Loop, Parallel, Repeat, Scope, Send, Step
from parsers.quantities import ONCE, Count

#: Clients whose answers are gRPC statuses.
GRPC = "grpc"
HTTP_PROTOCOLS = frozenset({"http", "https", "http2", "h2c", "aws", "rest", "ws", ""})


@dataclass(frozen=True, slots=True)
class CallFacts:
    """One caller operation asking one callee operation, and the mesh in between.

    ``layers`` are the application's own, outermost first, for calls that no program makes; a program carries its own.
    ``times`` counts sends for those, too (``None``: data decides, counted once). ``assumed``: a what-if that replaces
    the product of all layers.
    """

    id: str
    caller: Operation
    callee: Operation
    protocol: str = "http"
    method: str = "GET"
    passage: Passage = Passage()  # noqa: RUF009  # frozen
    layers: tuple[Layer, ...] = ()
    timeout_s: float | None = None
    times: Count | None = ONCE
    precision: Precision = Precision.EXACT
    assumed: int | None = None

    @property
    def callees(self) -> tuple[tuple[Operation, float], ...]:
        """The operations that may really receive, with their shares: the callee itself where nothing splits."""
        split = self.passage.callees
        if not split:
            return ((self.callee, 1.0),)
        return tuple((Operation(service, self.callee.name), share) for service, share in split if share > 0)

    @property
    def shadows(self) -> tuple[Operation, ...]:
        """Those that get a copy of each request."""
        return tuple(Operation(s.service, self.callee.name) for s in self.passage.shadows if s.percent > 0)

    @property
    def receivers(self) -> tuple[Operation, ...]:
        """Everything that may receive requests because of this call."""
        return (*(o for o, _ in self.callees), *self.shadows)


@dataclass(frozen=True)
class System:
    """Programs by operation and calls by id."""

    programs: Mapping[Operation, Program]
    calls: Mapping[str, CallFacts]

    def __getstate__(self) -> dict[str, object]:
        """What it is, without what was worked out from it."""
        return {"programs": self.programs, "calls": self.calls}

    @cached_property
    def outgoing(self) -> Mapping[Operation, tuple[CallFacts, ...]]:
        """Calls by caller, sorted by id."""
        found: dict[Operation, list[CallFacts]] = {}
        for key in sorted(self.calls):
            call = self.calls[key]
            found.setdefault(call.caller, []).append(call)
        return {o: tuple(calls) for o, calls in found.items()}

    @cached_property
    def incoming(self) -> Mapping[Operation, tuple[CallFacts, ...]]:
        """Calls by those who may receive them, sorted by id."""
        found: dict[Operation, list[CallFacts]] = {}
        for key in sorted(self.calls):
            call = self.calls[key]
            for receiver in dict.fromkeys(call.receivers):
                found.setdefault(receiver, []).append(call)
        return {o: tuple(calls) for o, calls in found.items()}

    @cached_property
    def operations(self) -> tuple[Operation, ...]:
        """Every operation there is, sorted."""
        found = set(self.programs)
        for call in self.calls.values():
            found.add(call.caller)
            found.update(call.receivers)
        return tuple(sorted(found))

    def is_grpc(self, operation: Operation) -> bool:
        """Whether the operation is asked over gRPC."""
        calls = self.incoming.get(operation, ())
        if calls:
            return all(c.protocol.startswith(GRPC) for c in calls)
        program = self.programs.get(operation)
        return program is not None and program.handler.kind == "grpc"

    def is_http(self, operation: Operation) -> bool:
        """Whether the operation answers with HTTP statuses."""
        calls = self.incoming.get(operation, ())
        return not calls or any(c.protocol in HTTP_PROTOCOLS for c in calls)


def has_budgets(system: System) -> bool:
    """Whether anything bounds retries in the aggregate."""
    kinds = ("retry-budget", "earned", "max-retries")
    return any(b.kind in kinds for c in system.calls.values() for b in c.passage.budgets)


def assume(system: System, assumptions: Iterable[Assumption]) -> System:
    """The system as it would be if the named calls had so many attempts in all.

    ``caller`` and ``callee`` are service ids, or ids with an operation (``ns/name POST /x``), or either with the bare
    name of the service. Whatever repeats nothing but such calls is replaced, in the code as in the mesh.
    """
    wanted = tuple(assumptions)
    if not wanted:
        return system
    calls = {key: _assumed(call, wanted) for key, call in system.calls.items()}
    changed = frozenset(key for key, call in calls.items() if call.assumed is not None)
    programs = {o: _once_around(p, changed) for o, p in system.programs.items()}
    return System(programs, calls)


def unmatched(system: System, assumptions: Iterable[Assumption]) -> tuple[Assumption, ...]:
    """Assumptions that no call is meant by."""
    calls = system.calls.values()
    return tuple(a for a in assumptions if not any(_meant(call, a) for call in calls))


def _assumed(call: CallFacts, wanted: tuple[Assumption, ...]) -> CallFacts:
    for one in wanted:
        if _meant(call, one):
            return replace(call, assumed=one.attempts)
    return call


def _meant(call: CallFacts, one: Assumption) -> bool:
    return _named(call.caller, one.caller) and _named(call.callee, one.callee)


def _named(operation: Operation, name: str) -> bool:
    bare = operation.service.rpartition("/")[2]
    return name in ("*", operation.service, str(operation), bare, f"{bare} {operation.name}")


def _once_around(program: Program, changed: frozenset[str]) -> Program:
    """The program with each retry that encloses changed calls only making one attempt."""
    keys = frozenset(key for key, wires in program.wires if wires and changed.issuperset(wires))
    if not keys:
        return program
    body = _without(program.handler.body, keys)
    return replace(program, handler=replace(program.handler, body=body))


def _without(step: Step, keys: frozenset[int]) -> Step:
    match step:
        case Repeat(retry, body):
            inside = _keys(body)
            once = replace(retry, attempts=ONCE) if inside and inside <= keys else retry
            return Repeat(once, _without(body, keys))
        case Block(inner):
            return Block(tuple(_without(s, keys) for s in inner))
        case Parallel(branches):
            return replace(step, branches=tuple(_without(s, keys) for s in branches))
        case Branch(options):
            return Branch(tuple(_without(s, keys) for s in options))
        case Loop(_, body) | Scope(_, body):
            return replace(step, body=_without(body, keys))
        case Check(_, _, then, orelse):
            return replace(step, then=_without(then, keys), orelse=_without(orelse, keys))
        case Guard(body, catches, orelse, final):
            caught = tuple(replace(c, body=_without(c.body, keys)) for c in catches)
            return Guard(_without(body, keys), caught, _without(orelse, keys), _without(final, keys))
        case _:
            return step


def _keys(step: Step) -> frozenset[int]:
    return frozenset(s.key for s in steps(step) if isinstance(s, Send))
