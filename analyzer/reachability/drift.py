"""Where code and policies have drifted apart: calls that are denied, and permissions that nobody uses.

Shape: a permission counts as one where it was granted to some and not to others; what everybody may is no grant.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.findings import Evidence
from analyzer.graph import Call, CallGraph
from analyzer.linking.mesh import Mesh
from analyzer.model import Decision, Operation
from analyzer.reachability.hops import Hops
from analyzer.reachability.matrix import Matrix
from analyzer.reachability.paths import Path


def broken(graph: CallGraph, made: Hops) -> Iterator[Path]:
    """Calls of the code that some layer denies."""
    told: set[tuple[str, Operation, object]] = set()
    for call in graph.calls:
        found = made.verdicts.get(call.id)
        key = (call.caller.service, call.callee, call.wire.span)
        if found is None or found.decision is not Decision.DENIED or call.mirror or key in told:
            continue
        told.add(key)
        yield Path(
            kind="broken",
            source=call.caller.service,
            target=call.callee,
            via=(),
            evidence=(Evidence(f"{call.caller} asks {call.callee}", call.span), *found.because),
            message=f"{call.caller} asks {call.callee} and is denied: {'; '.join(e.text for e in found.because)}",
        )


def unused(table: Matrix, graph: CallGraph) -> Iterator[Path]:
    """Permissions of a workload that no call of it needs."""
    made = _made(graph)
    for operation, cells in table.cells.items():
        denied = table.who(operation, Decision.DENIED) & ~(1 << table.stranger)
        if not denied or operation.name == "*" or _is_probe(operation, graph.mesh):
            continue
        for bits, verdict in cells:
            if verdict.decision is not Decision.ALLOWED:
                continue
            for place in table.members(bits):
                service = table.service(place)
                if service is None or service == operation.service or _calls(service, operation, made):
                    continue
                yield Path(
                    kind="unused",
                    source=service,
                    target=operation,
                    evidence=verdict.because,
                    message=f"{service} may ask {operation}, and nothing in it does",
                )


def _made(graph: CallGraph) -> dict[tuple[str, str], set[str]]:
    found: dict[tuple[str, str], set[str]] = {}
    for call in graph.calls:
        if not call.mirror:
            for callee in _asked(call):
                found.setdefault((call.caller.service, callee), set()).add(call.callee.name)
    return found


def _asked(call: Call) -> set[str]:
    """The service that receives and the one that was dialled."""
    return {call.callee.service, call.wire.callee.service}


def _calls(service: str, operation: Operation, made: dict[tuple[str, str], set[str]]) -> bool:
    names = made.get((service, operation.service), set())
    return any(n == operation.name or "*" in n.split(" ") or n.endswith("*") for n in names)


def _is_probe(operation: Operation, mesh: Mesh) -> bool:
    """Paths that only the kubelet asks for are nobody's call."""
    del mesh
    return operation.name.rpartition("/")[2] in {"healthz", "health", "livez", "readyz", "ready", "live"}
