"""Several VirtualServices for one host, and those that do nothing for callers inside the mesh.

Source: istio/istio pkg/config/analysis/analyzers/virtualservice/conflictingmeshgatewayhosts.go;
pilot/pkg/networking/core/httproute.go:416-427 (a sidecar takes the first and never merges).
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.linking.mesh import Mesh
from analyzer.semantics.istio.hosts import MESH, hosts_overlap, service_of_host
from analyzer.semantics.istio.problems.problem import Code, Problem, subject
from analyzer.semantics.istio.routing import bound_gateways, full_hosts
from parsers.facts.istio import VirtualService

ALL = "*"


def same_hosts(mesh: Mesh) -> Iterator[Problem]:
    """Conflicts between VirtualServices for the mesh, and VirtualServices that are not for the mesh."""
    by_key: dict[tuple[str, str], list[VirtualService]] = {}
    for service in mesh.all(VirtualService):
        if MESH in bound_gateways(service):
            for scope in _scopes(service):
                for host in full_hosts(service):
                    by_key.setdefault((scope, host), []).append(service)
        else:
            yield from _not_for_mesh(service, mesh)
    reported: set[int] = set()
    for (scope, host), services in sorted(by_key.items()):
        everyone = [
            v for (s, h), others in sorted(by_key.items()) if s == ALL and hosts_overlap(host, h) for v in others
        ]
        rivals = services if scope == ALL else [*services, *everyone]
        if len(rivals) > 1:
            yield from _conflict(host, rivals, reported)


def _scopes(service: VirtualService) -> tuple[str, ...]:
    if not service.export_to or ALL in service.export_to:
        return (ALL,)
    return tuple(dict.fromkeys(service.meta.ns if s == "." else s for s in service.export_to))


def _conflict(host: str, rivals: list[VirtualService], reported: set[int]) -> Iterator[Problem]:
    names = ", ".join(sorted({f"{v.meta.ns}/{v.meta.name}" for v in rivals}))
    for service in rivals:
        if id(service) not in reported:
            reported.add(id(service))
            said = f"VirtualServices {names} all name {host}: a sidecar uses the first only, which files do not decide"
            yield Problem(Code.SAME_HOST, said, service.span, subject("VirtualService", service.meta))


def _not_for_mesh(service: VirtualService, mesh: Mesh) -> Iterator[Problem]:
    """It names a Service of the cluster, but only gateways read it."""
    for host in full_hosts(service):
        if service_of_host(host, mesh) is not None:
            said = f"gateways does not list mesh: callers inside do not get these routes for {host}, but the default"
            yield Problem(Code.NOT_FOR_MESH, said, service.span, subject("VirtualService", service.meta))
