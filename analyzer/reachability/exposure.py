"""Operations that anybody may ask for: without an identity, or by every workload although a policy was written.

A service without any policy in a mesh that insists on identities is open to every workload of it: that is a rule's
finding (no policy selects it), not a way in.
Shape: one path a service where all of its operations are open, else one an operation.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.findings import Evidence
from analyzer.linking.mesh import Mesh
from analyzer.model import Decision, Operation, Verdict
from analyzer.reachability.matrix import Matrix
from analyzer.reachability.paths import Path

ANYBODY = "none"
EVERYBODY = "*"

#: Entries that let traffic in from outside without a proxy of the mesh in between.
_DIRECT = frozenset({"load-balancer", "node-port", "host-network"})


def exposures(table: Matrix, mesh: Mesh) -> Iterator[Path]:
    """Every way in that needs no permission; none in a system that nothing guards at all, where all of it is one."""
    by_service: dict[str, list[Operation]] = {}
    if not _is_guarded(table):
        return
    for operation in table.cells:
        if _listens(operation.service, mesh):
            by_service.setdefault(operation.service, []).append(operation)
    for operations in by_service.values():
        stranger = {o: v for o in operations if (v := _of_stranger(table, o)) is not None}
        yield from _told(ANYBODY, operations, stranger, mesh)
        rest = [o for o in operations if o not in stranger]
        yield from _told(
            EVERYBODY, operations, {o: v for o in rest if (v := _of_everybody(table, o)) is not None}, mesh
        )


def _is_guarded(table: Matrix) -> bool:
    """Whether any workload is in a mesh, or anything is denied to anybody."""
    return any(s.principal is not None for s in table.senders) or any(
        v.decision is not Decision.ALLOWED for cells in table.cells.values() for _, v in cells
    )


def _listens(service: str, mesh: Mesh) -> bool:
    """Whether anything can be sent to it: jobs and agents without a port take no requests."""
    node = mesh.services[service]
    containers = (c for p in node.pods if p.fact for c in p.fact.containers)
    return bool(node.ports) or any(c.ports for c in containers) or bool(mesh.operations.get(service))


def _of_stranger(table: Matrix, operation: Operation) -> Verdict | None:
    """Why a peer without identity is let through, where it is and something could have stopped it."""
    found = table.verdict(table.stranger, operation)
    return found if found is not None and found.decision is Decision.ALLOWED else None


def _of_everybody(table: Matrix, operation: Operation) -> Verdict | None:
    """Why every workload is let through by a policy that was written."""
    cells = [(bits & ~(1 << table.stranger), v) for bits, v in table.cells[operation]]
    verdicts = [v for bits, v in cells if bits]
    if len(table.senders) < 3 or any(v.decision is not Decision.ALLOWED for v in verdicts):
        return None
    written = [v for v in verdicts if any(e.span for e in v.because)]
    return written[0] if written and len(written) == len(verdicts) else None


def _told(source: str, operations: list[Operation], found: dict[Operation, Verdict], mesh: Mesh) -> Iterator[Path]:
    if not found:
        return
    targets = [Operation(operations[0].service, "*")] if len(found) == len(operations) else list(found)
    for target in targets:
        because = found.get(target) or next(iter(found.values()))
        yield Path(
            kind="open",
            source=source,
            target=target,
            evidence=(*because.because, *_from_outside(target.service, mesh)),
            message=f"{target} is open to {_whom(source)}: {'; '.join(e.text for e in because.because)}",
        )


def _whom(source: str) -> str:
    return "anybody, without an identity" if source == ANYBODY else "every workload"


def _from_outside(service: str, mesh: Mesh) -> Iterator[Evidence]:
    for entry in mesh.entries:
        if entry.operation.service == service and entry.kind in _DIRECT:
            yield Evidence(f"reachable from outside the cluster: {entry.reason}", entry.span)
