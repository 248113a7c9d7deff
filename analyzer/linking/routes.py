"""Ways in from outside: what an Ingress, a gateway or a published port sends where.

Source: Kubernetes networking/v1 Ingress (Prefix matches whole segments), istio/api networking/v1alpha3 Gateway and
VirtualService (``gateways`` other than ``mesh``), Kubernetes core/v1 Service (NodePort, LoadBalancer).
Shape: sorted by (service, host, path); ``kind`` is one of ``Entry``'s.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from analyzer.linking.mesh import Mesh, ServiceNode
from analyzer.linking.names import stock
from parsers.facts.gateway_api import Backend, ConnectionRoute, KubernetesGateway, KubernetesRoute, RouteMatch
from parsers.facts.istio import Destination, Gateway, HttpMatch, HttpRoute, VirtualService
from parsers.facts.kubernetes import Ingress, Service
from parsers.source import Span

MESH = "mesh"


@dataclass(frozen=True, slots=True)
class Route:
    """Requests for ``host`` (``*``: any) whose path matches go to ``service``.

    ``how``: exact, prefix, segments (a prefix of whole ones), regex or any.
    """

    service: str
    host: str
    how: str
    path: str
    kind: str
    reason: str
    span: Span
    method: str = "*"
    rewrite: str | None = None

    def takes(self, path: str) -> bool:
        """Whether a request for a path goes this way."""
        if self.how == "exact":
            return path == self.path
        if self.how == "prefix":
            return path.startswith(self.path)
        if self.how == "segments":
            return f"{path}/".startswith(f"{self.path.rstrip('/')}/")
        return self.how == "any" or (self.how == "regex" and _fullmatch(self.path, path))

    def seen(self, path: str) -> str:
        """The path as the service sees it, once the matched prefix is replaced."""
        if self.rewrite is None:
            return path
        rest = path.removeprefix(self.path) if self.how in ("prefix", "segments") else ""
        return re.sub(r"/{2,}", "/", f"{self.rewrite}/{rest}" if rest else self.rewrite)


def _fullmatch(pattern: str, path: str) -> bool:
    try:
        return re.fullmatch(pattern, path) is not None
    except re.error:
        return False


def routes(mesh: Mesh) -> tuple[Route, ...]:
    """Every way in that configuration states."""
    found = {*_ingresses(mesh), *_virtual_services(mesh), *_kubernetes_routes(mesh), *_services(mesh)}
    return tuple(sorted(found, key=lambda r: (r.service, r.kind, r.host, r.path, r.how, r.method, r.span)))


def _ingresses(mesh: Mesh) -> Iterator[Route]:
    how = {"Exact": "exact", "Prefix": "segments", "ImplementationSpecific": "prefix"}
    for ingress in mesh.all(Ingress):
        for path in ingress.paths:
            node = mesh.services.get(f"{ingress.meta.ns}/{path.service}")
            if node is not None:
                reason = f"Ingress {ingress.meta.name} routes {path.host or '*'}{path.path or '/'} here"
                kind, plain = how.get(path.path_type, "prefix"), _literal(path.path or "/")
                host = (path.host or "*").lower()
                yield Route(node.id, host, kind, plain, "ingress", reason, path.span, "*", _nginx(ingress))


def _literal(path: str) -> str:
    """The part of a path before a pattern (``/api(/|$)(.*)``, which nginx takes)."""
    return re.split(r"[(\[*?^$]", path, maxsplit=1)[0] or "/"


def _nginx(ingress: Ingress) -> str | None:
    """What ingress-nginx puts in place of the prefix: the literal part of ``rewrite-target``."""
    written = ingress.meta.annotations.get("nginx.ingress.kubernetes.io/rewrite-target")
    return written.partition("$")[0] or "/" if written else None


def _virtual_services(mesh: Mesh) -> Iterator[Route]:
    for virtual in mesh.all(VirtualService):
        gateways = [g for g in virtual.gateways if g != MESH]
        if gateways:
            for http in virtual.http:
                yield from _http_routes(virtual, http, mesh)
                for inner in _delegated(virtual, http, mesh):
                    yield from _http_routes(virtual, inner, mesh)
            for l4 in virtual.l4:
                for destination in l4.destinations:
                    yield from _to(destination, virtual, mesh, ("any", "", "*"), None)


def _delegated(virtual: VirtualService, http: HttpRoute, mesh: Mesh) -> tuple[HttpRoute, ...]:
    """The routes of the VirtualService that a route hands over to; one without a match of its own takes the outer's."""
    if http.delegate is None:
        return ()
    namespace, name = http.delegate
    wanted = (namespace or virtual.meta.ns, name)
    found = next((v for v in mesh.all(VirtualService) if (v.meta.ns, v.meta.name) == wanted), None)
    return tuple(r if r.matches else replace(r, matches=http.matches) for r in found.http) if found else ()


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


def _kubernetes_routes(mesh: Mesh) -> Iterator[Route]:
    """Routes of the Gateway API that are attached to a Gateway; those attached to a Service stay inside."""
    for route in mesh.all(KubernetesRoute):
        parents = {(p.namespace or route.meta.ns, p.name) for p in route.parents if p.kind == "Gateway"}
        if not parents:
            continue
        gateways = [g for g in mesh.all(KubernetesGateway) if (g.meta.ns, g.meta.name) in parents]
        heard = sorted({x.hostname for g in gateways for x in g.listeners if x.hostname})
        for rule in route.rules:
            for backend in rule.backends:
                for match in rule.matches or (None,):
                    for host in route.hostnames or heard or ("*",):
                        yield from _backend(route, backend, match, host.lower(), mesh)
    for connection in mesh.all(ConnectionRoute):
        if any(p.kind == "Gateway" for p in connection.parents):
            for backend in connection.backends:
                for host in connection.hostnames or ("*",):
                    yield from _backend(connection, backend, None, host.lower(), mesh)


def _backend(
    route: KubernetesRoute | ConnectionRoute, backend: Backend, match: RouteMatch | None, host: str, mesh: Mesh
) -> Iterator[Route]:
    node = mesh.services.get(f"{backend.namespace or route.meta.ns}/{backend.name}")
    if node is None or backend.kind != "Service":
        return
    kinds = {"Exact": "exact", "PathPrefix": "segments", "RegularExpression": "regex"}
    how = kinds.get(match.path_kind, "segments") if match and match.path else "any"
    path = (match.path if match else None) or "/"
    reason = f"{route.kind} {route.meta.name} brings {host}{path} from a gateway here"
    method = (match.method if match else None) or "*"
    yield Route(node.id, host, how, path, "gateway", reason, backend.span, method)


def _store(node: ServiceNode) -> bool:
    """Whether only somebody else's program is published: a database's port is no way into the system."""
    facts = [p.fact for p in node.pods if p.fact is not None]
    return bool(facts) and all(f.build is None and all(stock(c.image) for c in f.containers) for f in facts)


def _services(mesh: Mesh) -> Iterator[Route]:
    for service in mesh.all(Service):
        node: ServiceNode | None = mesh.services.get(f"{service.meta.ns}/{service.meta.name}")
        kind = {"LoadBalancer": "load-balancer", "NodePort": "node-port"}.get(service.type)
        if node is not None and kind is not None and not _store(node):
            reason = f"Service {service.meta.name} is of type {service.type}"
            yield Route(node.id, "*", "any", "/", kind, reason, service.span)
