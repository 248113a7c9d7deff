"""Ways in from outside: what an Ingress, a gateway or a published port sends where.

Source: Kubernetes networking/v1 Ingress (Prefix matches whole segments), istio/api networking/v1alpha3 Gateway and
VirtualService (``gateways`` other than ``mesh``), Kubernetes core/v1 Service (NodePort, LoadBalancer).
Shape: sorted by (service, host, path); ``kind`` is one of ``Entry``'s.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from analyzer.linking.mesh import Mesh, ServiceNode
from parsers.facts.istio import Destination, Gateway, HttpMatch, HttpRoute, VirtualService
from parsers.facts.kubernetes import Ingress, Service
from parsers.source import Span

MESH = "mesh"


@dataclass(frozen=True, slots=True)
class Route:
    """Requests for ``host`` (``*``: any) whose path matches go to ``service``. ``how``: exact, prefix, regex, any."""

    service: str
    host: str
    how: str
    path: str
    kind: str
    reason: str
    span: Span
    method: str = "*"
    rewrite: str | None = None


def routes(mesh: Mesh) -> tuple[Route, ...]:
    """Every way in that configuration states."""
    found = {*_ingresses(mesh), *_virtual_services(mesh), *_services(mesh)}
    return tuple(sorted(found, key=lambda r: (r.service, r.kind, r.host, r.path, r.how, r.method, r.span)))


def _ingresses(mesh: Mesh) -> Iterator[Route]:
    how = {"Exact": "exact", "Prefix": "prefix", "ImplementationSpecific": "prefix"}
    for ingress in mesh.all(Ingress):
        for path in ingress.paths:
            node = mesh.services.get(f"{ingress.meta.ns}/{path.service}")
            if node is not None:
                reason = f"Ingress {ingress.meta.name} routes {path.host or '*'}{path.path or '/'} here"
                kind = how.get(path.path_type, "prefix")
                yield Route(node.id, path.host or "*", kind, path.path or "/", "ingress", reason, path.span)


def _virtual_services(mesh: Mesh) -> Iterator[Route]:
    for virtual in mesh.all(VirtualService):
        gateways = [g for g in virtual.gateways if g != MESH]
        if gateways:
            for http in virtual.http:
                yield from _http_routes(virtual, http, mesh)
            for l4 in virtual.l4:
                for destination in l4.destinations:
                    yield from _to(destination, virtual, mesh, ("any", "", "*"), None)


def _http_routes(virtual: VirtualService, http: HttpRoute, mesh: Mesh) -> Iterator[Route]:
    for match in http.matches or (None,):
        if match is not None and match.gateways and not [g for g in match.gateways if g != MESH]:
            continue
        for destination in http.destinations:
            yield from _to(destination, virtual, mesh, _matched(match), http.rewrite_uri)


def _matched(match: HttpMatch | None) -> tuple[str, str, str]:
    method = match.method.value.upper() if match and match.method and match.method.kind == "exact" else "*"
    if match is None or match.uri is None:
        return "any", "/", method
    return match.uri.kind, match.uri.value, method


def _to(
    destination: Destination,
    virtual: VirtualService,
    mesh: Mesh,
    matched: tuple[str, str, str],
    rewrite: str | None,
) -> Iterator[Route]:
    how, path, method = matched
    node = mesh.service_for_host(destination.host, virtual.meta.ns)
    if node is None:
        return
    for host in _public_names(virtual, mesh):
        reason = f"VirtualService {virtual.meta.name} brings {host}{path} from a gateway here"
        yield Route(node.id, host.lower(), how, path, "gateway", reason, destination.span, method, rewrite)


def _public_names(virtual: VirtualService, mesh: Mesh) -> tuple[str, ...]:
    """The hosts of a VirtualService; where it takes all that its gateways do, theirs."""
    if virtual.hosts and "*" not in virtual.hosts:
        return virtual.hosts
    named = {g if "/" in g else f"{virtual.meta.ns}/{g}" for g in virtual.gateways if g != MESH}
    gateways = [g for g in mesh.all(Gateway) if f"{g.meta.ns}/{g.meta.name}" in named]
    hosts = {h.rpartition("/")[2] for g in gateways for s in g.servers for h in s.hosts}
    return tuple(sorted(hosts)) or ("*",)


def _services(mesh: Mesh) -> Iterator[Route]:
    for service in mesh.all(Service):
        node: ServiceNode | None = mesh.services.get(f"{service.meta.ns}/{service.meta.name}")
        kind = {"LoadBalancer": "load-balancer", "NodePort": "node-port"}.get(service.type)
        if node is not None and kind is not None:
            reason = f"Service {service.meta.name} is of type {service.type}"
            yield Route(node.id, "*", "any", "/", kind, reason, service.span)
