"""Calls that were seen in recorded traces and that neither code nor configuration tells of.

Shape: provenance ``trace``, precision unknown; one wire for each pair of services, for the operation seen most often.
Names are those that programs report for themselves (``service.name``): a service is meant where exactly one has it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from analyzer.linking.homes import aliases
from analyzer.linking.mesh import Mesh, ServiceNode, Wire
from analyzer.linking.operations import ANY
from analyzer.model import Operation, Precision
from parsers.facts.traces import ObservedCall
from parsers.quantities import ONCE


def observed(mesh: Mesh, wires: tuple[Wire, ...], known: Mapping[str, ServiceNode]) -> Iterator[Wire]:
    """One wire for each pair of services that only traces tell of."""
    other = aliases(mesh, known)
    seen = {(w.caller.service, w.callee.service) for w in wires}
    calls = sorted(mesh.all(ObservedCall), key=lambda c: (c.caller, c.callee, -c.times, c.operation, c.span))
    for call in calls:
        caller, callee = (
            _named(call.caller, call.caller_namespace, mesh),
            _named(call.callee, call.callee_namespace, mesh),
        )
        if caller is None or callee is None:
            continue
        pair = (other.get(caller.id, caller.id), other.get(callee.id, callee.id))
        if pair[0] != pair[1] and pair not in seen:
            seen.add(pair)
            yield _wire(pair, callee, call)


def _named(name: str, namespace: str | None, mesh: Mesh) -> ServiceNode | None:
    """The service of a reported name: in its namespace, else the only one of that name."""
    parts = name.lower().split(".")
    near = mesh.services.get(f"{namespace or (parts[1] if len(parts) > 1 else '')}/{parts[0]}")
    if near is not None:
        return near
    found = [s for s in mesh.services.values() if not s.external and s.name == parts[0]]
    return found[0] if len(found) == 1 else None


def _wire(pair: tuple[str, str], callee: ServiceNode, call: ObservedCall) -> Wire:
    method, _, path = call.operation.partition(" ")
    rpc = call.operation.startswith("/")
    return Wire(
        id="",
        caller=Operation(pair[0], ANY),
        callee=Operation(pair[1], call.operation if rpc or path else ANY),
        host=callee.fqdn,
        port=callee.ports[0].port if callee.ports else None,
        protocol=call.protocol,
        method=method if path else "*",
        path=path or (call.operation if rpc else "*"),
        provenance="trace",
        precision=Precision.UNKNOWN,
        span=call.span,
        times=ONCE,
        note=f"seen {call.times} times in a trace; no line here makes it",
    )
