"""Which program listens on which port of a machine: what ``localhost:8001`` means where programs are not in one pod.

Shape: one entry for each port a program listens on or a manifest publishes, with the folder it comes from.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from analyzer.linking.mesh import Mesh, ServiceNode
from analyzer.linking.placement import Placement
from analyzer.linking.runners import folder_of
from parsers.facts.python import Listener


@dataclass(frozen=True, slots=True, order=True)
class Listening:
    """A port, who listens on it, and the folder that says so."""

    port: int
    service: str
    folder: str


def listening(mesh: Mesh, placement: Placement, known: Mapping[str, ServiceNode]) -> tuple[Listening, ...]:
    """Everything known of ports, sorted."""
    found: set[Listening] = set()
    folders = {p.runner.folder: known[p.runner.pod.id].id for p in placement.placed}
    for placed in placement.placed:
        runner = placed.runner
        told = (*runner.ports, *([runner.command.port] if runner.command.port else []))
        found |= {Listening(port, known[runner.pod.id].id, runner.folder) for port in told}
    for listener in mesh.all(Listener):
        path = listener.span.path
        inside = [f for f in folders if f in ("", path) or path.startswith(f"{f}/")]
        if inside:
            nearest = max(inside, key=len)
            found.add(Listening(listener.port, folders[nearest], nearest))
    for pod in mesh.pods.values():
        if pod.fact is not None:
            where = folder_of(pod.fact.span.path)
            found |= {Listening(p.number, known[pod.id].id, where) for c in pod.fact.containers for p in c.ports}
    for service in mesh.services.values():
        if service.fact is not None and service.pods:
            where, home = folder_of(service.fact.span.path), known[service.pods[0].id].id
            found |= {Listening(p.node_port, home, where) for p in service.ports if p.node_port is not None}
    return tuple(sorted(found))


def nearest(candidates: Iterable[tuple[str, str]], folder: str) -> str | None:
    """Of (service, folder) pairs the service whose folder is nearest to a folder; ``None`` where two are as near."""
    scored: dict[str, int] = {}
    for service, there in candidates:
        scored[service] = max(scored.get(service, 0), shared_parts(folder, there))
    best = [s for s, score in scored.items() if score == max(scored.values())]
    return best[0] if len(best) == 1 else None


def shared_parts(a: str, b: str) -> int:
    """Leading parts that two paths share."""
    shared = 0
    for x, y in zip(a.split("/"), b.split("/"), strict=False):
        if x != y:
            break
        shared += 1
    return shared
