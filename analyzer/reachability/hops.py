"""Calls that are really made and really let through, as steps from operation to operation.

Shape: a hop leads from the operation whose program makes the call to the operation that is asked for. A hop is
``open`` where nothing at the callee told the sender from anybody else: then being let through says nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from analyzer.access import verdict
from analyzer.graph import Call, CallGraph
from analyzer.linking.mesh import Mesh
from analyzer.model import Decision, Operation, Verdict
from analyzer.options import Options
from analyzer.reachability.matrix import Matrix, request_of
from analyzer.semantics import Sender


@dataclass(frozen=True, slots=True)
class Hop:
    """One call that is let through."""

    call: Call
    verdict: Verdict
    open: bool

    @property
    def target(self) -> Operation:
        return self.call.callee


@dataclass(frozen=True, slots=True)
class Hops:
    """All hops by the operation that makes the call, and the verdict of every call."""

    leaving: Mapping[Operation, tuple[Hop, ...]]
    verdicts: Mapping[str, Verdict]

    def of_service(self, service: str) -> Iterator[tuple[Operation, Hop]]:
        """Hops that a service makes, whichever of its operations does."""
        for operation, hops in self.leaving.items():
            if operation.service == service:
                yield from ((operation, h) for h in hops)


def hops(graph: CallGraph, table: Matrix, options: Options) -> Hops:
    """Decide every call as it arrives: with the identity that its proxy really sends."""
    verdicts: dict[str, Verdict] = {}
    leaving: dict[Operation, list[Hop]] = {}
    known: dict[tuple[object, ...], Verdict | None] = {}
    for call in graph.calls:
        sender = _sender(call, table)
        port = port_of(call, graph.mesh)
        key = (sender, call.callee, port, call.wire.loopback)
        if key not in known:
            known[key] = _verdict(call, sender, port, graph.mesh, options)
        found = known[key]
        if found is None:
            continue
        verdicts[call.id] = found
        if found.decision is Decision.ALLOWED and call.answered is None:
            leaving.setdefault(call.caller, []).append(Hop(call, found, _is_open(call, table)))
    return Hops({o: tuple(leaving[o]) for o in sorted(leaving)}, verdicts)


def port_of(call: Call, mesh: Mesh) -> int | None:
    """The workload's port that a call arrives at."""
    service = mesh.services.get(call.callee.service)
    return service.target_port(call.wire.port) if service else None


def _sender(call: Call, table: Matrix) -> Sender:
    place = table.place.get(call.caller.service)
    own = table.senders[place] if place is not None else Sender(None, None)
    return Sender(None, own.service) if call.passage.plaintext else own


def _verdict(call: Call, sender: Sender, port: int | None, mesh: Mesh, options: Options) -> Verdict | None:
    service = mesh.services.get(call.callee.service)
    if service is None or service.external or call.wire.loopback:
        return None
    asked = request_of(call.callee, port, sender)
    return verdict(asked, mesh, options) if asked is not None else None


def _is_open(call: Call, table: Matrix) -> bool:
    """Whether every workload would be let through as well."""
    denied = table.who(call.callee, Decision.DENIED) & ~(1 << table.stranger)
    return call.callee in table.cells and not denied
