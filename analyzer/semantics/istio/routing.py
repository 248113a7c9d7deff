"""Which route a request takes: the VirtualService that serves a host for a client, and its routes in order.

Source: istio/istio pilot/pkg/model/{virtualservice.go:67-265, push_context.go:1797-1832, sidecar.go:971-1003},
pilot/pkg/networking/core/{httproute.go:416-427, route/route.go:123-447, 1616-1644, gateway.go:436-571}.
Shape: alternatives, in order: more than one where a header, path or creation time that nobody wrote decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from analyzer.findings import Evidence
from analyzer.linking.mesh import Mesh
from analyzer.semantics.istio.delegates import expanded
from analyzer.semantics.istio.flagger import canary_services
from analyzer.semantics.istio.gateway_api import made
from analyzer.semantics.istio.gateway_hosts import admits
from analyzer.semantics.istio.hosts import (
    MESH,
    exported_to,
    full_name,
    gateway_name,
    host_matches,
    most_specific,
)
from analyzer.semantics.istio.memory import remembered
from analyzer.semantics.istio.route_match import Asked, Proxy, built_for, catch_all, taken
from analyzer.semantics.istio.scope import imports
from analyzer.semantics.istio.validity import refused_virtual_service
from parsers.facts.istio import Gateway, HttpMatch, HttpRoute, VirtualService

EVERYWHERE = ("*",)


@dataclass(frozen=True, slots=True)
class Alternative:
    """One way a request may go: by a route, by none (404), or, without a VirtualService, by the default route."""

    service: VirtualService | None
    route: HttpRoute | None
    evidence: tuple[Evidence, ...] = ()

    @property
    def unmatched(self) -> bool:
        return self.service is not None and self.route is None


DEFAULT = Alternative(None, None)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The VirtualServices in force, by the host they name in full; those with wildcards apart."""

    exact: Mapping[str, tuple[VirtualService, ...]]
    wild: tuple[VirtualService, ...]
    delegates: Mapping[tuple[str, str], VirtualService]
    gateways: Mapping[str, Gateway]
    every: tuple[VirtualService, ...]
    default_export: tuple[str, ...]

    def naming(self, host: str) -> Iterator[VirtualService]:
        """Every VirtualService one of whose hosts takes ``host``, each once."""
        seen = dict.fromkeys(id(v) for v in self.exact.get(host, ()))
        yield from self.exact.get(host, ())
        for service in self.wild:
            if id(service) not in seen and any(host_matches(h, host) for h in full_hosts(service)):
                yield service


def catalogue(mesh: Mesh) -> Catalogue:
    """The VirtualServices that the webhook lets through."""
    return remembered(mesh, _catalogue)


def _catalogue(mesh: Mesh) -> Catalogue:
    exact: dict[str, list[VirtualService]] = {}
    wild: list[VirtualService] = []
    delegates: dict[tuple[str, str], VirtualService] = {}
    written = (v for v in mesh.all(VirtualService) if refused_virtual_service(v) is None)
    canaries = {(v.meta.ns, v.meta.name): v for v in canary_services(mesh)}
    kept = (v for v in written if (v.meta.ns, v.meta.name) not in canaries)  # Flagger writes over those of its name
    every = (*kept, *canaries.values(), *made(mesh))
    for service in every:
        hosts = full_hosts(service)
        if not hosts:
            delegates.setdefault((service.meta.ns, service.meta.name), service)
        for host in hosts:
            if not host.startswith("*"):
                exact.setdefault(host, []).append(service)
        if any(h.startswith("*") for h in hosts):
            wild.append(service)
    default = mesh.config.default_virtual_service_export_to if mesh.config else None
    gateways = {f"{g.meta.ns}/{g.meta.name}": g for g in mesh.all(Gateway)}
    by_host = {h: tuple(v) for h, v in exact.items()}
    return Catalogue(by_host, tuple(wild), delegates, gateways, every, default or EVERYWHERE)


def full_hosts(service: VirtualService) -> tuple[str, ...]:
    """Its hosts, short names resolved in its own namespace."""
    return tuple(full_name(h, service.meta.ns) for h in service.hosts)


def bound_gateways(service: VirtualService) -> tuple[str, ...]:
    """Its gateways in full; none written means ``mesh``."""
    return tuple(gateway_name(g, service.meta.ns) for g in service.gateways) or (MESH,)


# ------------------------------------------------------------------------------------------------------- one proxy


def alternatives(asked: Asked, hosts: Iterable[str], proxy: Proxy, mesh: Mesh) -> tuple[Alternative, ...]:
    """The ways a request to ``hosts`` (names of one callee, the dialled one first) may go at ``proxy``."""
    known = catalogue(mesh)
    for host in hosts:
        ranked = _ranked(known, host, proxy)
        if not ranked:
            continue
        if MESH not in proxy.gateways or proxy.waypoint:
            return _first_match([(v, r) for group in ranked for v in group for r in _routes(v, known)], asked, proxy)
        for group in ranked:
            found = _one_of(group, asked, proxy, known)
            if found:
                return found
        return (DEFAULT,)
    return (DEFAULT,)


def serving(host: str, proxy: Proxy, mesh: Mesh) -> Iterator[VirtualService]:
    """The VirtualServices that may serve a host at a proxy, the winning ones first."""
    for group in _ranked(catalogue(mesh), host, proxy):
        yield from group


def _ranked(known: Catalogue, host: str, proxy: Proxy) -> list[list[VirtualService]]:
    """Candidates in groups, the winning one first; inside a group creation time decides, which files do not hold."""
    found = [v for v in known.naming(host) if _bound(v, known, proxy) and _seen(v, known, proxy)]
    groups: dict[tuple[int, int, int], list[VirtualService]] = {}
    for service in sorted(found, key=lambda v: (v.meta.name, v.meta.ns)):
        best = most_specific(full_hosts(service), host) or ""
        rank = (int(best.startswith("*")), -len(best), _privacy(service, known.default_export, proxy.namespace))
        groups.setdefault(rank, []).append(service)
    return [groups[rank] for rank in sorted(groups)]


def _bound(service: VirtualService, known: Catalogue, proxy: Proxy) -> bool:
    """Whether it is bound to the proxy; a gateway that is defined here also has to take its hosts."""
    for name in bound_gateways(service):
        gateway = known.gateways.get(name)
        if name in proxy.gateways and (gateway is None or admits(gateway, service)):
            return True
    return False


def _seen(service: VirtualService, known: Catalogue, proxy: Proxy) -> bool:
    """Whether the proxy is told of the object: exported to it, and imported by its Sidecar resource."""
    if proxy.waypoint:
        return service.meta.ns in proxy.owners
    if not exported_to(service.export_to, known.default_export, service.meta.ns, proxy.namespace):
        return False
    return proxy.egress is None or any(
        imports(proxy.egress, service.meta.ns, proxy.namespace, h) for h in full_hosts(service)
    )


def _privacy(service: VirtualService, default: tuple[str, ...], namespace: str) -> int:
    """0: exported to its own namespace only, which is the client's; 1: to the client's by name; 2: to all."""
    scopes = service.export_to or default
    if "*" in scopes:
        return 2
    return 0 if "." in scopes and service.meta.ns == namespace else 1


def _one_of(group: list[VirtualService], asked: Asked, proxy: Proxy, known: Catalogue) -> tuple[Alternative, ...]:
    """Sidecars never merge: the oldest object with routes for this proxy serves; files do not say which that is."""
    serving = [(v, routes) for v in group if (routes := _built(_routes(v, known), v, asked, proxy))]
    found: list[Alternative] = []
    for service, routes in serving:
        ways = _first_match([(service, r) for r in routes], asked, proxy)
        if len(serving) > 1:
            rivals = ", ".join(f"{v.meta.ns}/{v.meta.name}" for v, _ in serving)
            said = f"VirtualServices {rivals} name this host; only the oldest serves it, and files do not say which"
            ways = tuple(Alternative(w.service, w.route, (*w.evidence, Evidence(said, service.span))) for w in ways)
        found += ways
    return tuple(found)


def _routes(service: VirtualService, known: Catalogue) -> tuple[HttpRoute, ...]:
    return expanded(service, known.delegates, known.default_export)


def _built(routes: Iterable[HttpRoute], service: VirtualService, asked: Asked, proxy: Proxy) -> tuple[HttpRoute, ...]:
    return tuple(r for r in routes if not r.matches or _blocks(r, service, asked, proxy))


def _blocks(route: HttpRoute, service: VirtualService, asked: Asked, proxy: Proxy) -> tuple[HttpMatch, ...]:
    return tuple(
        b
        for b in route.matches
        if built_for(b, proxy, asked.port, (gateway_name(g, service.meta.ns) for g in b.gateways))
    )


def _first_match(routes: list[tuple[VirtualService, HttpRoute]], asked: Asked, proxy: Proxy) -> tuple[Alternative, ...]:
    """The first route that takes the request, with those before it that may; nothing takes it: 404."""
    built = [(v, r, _blocks(r, v, asked, proxy)) for v, r in routes]
    built = [(v, r, blocks) for v, r, blocks in built if blocks or not r.matches]
    if not built:
        return (DEFAULT,)
    if len({id(v) for v, _, _ in built}) > 1:  # merged at a gateway: catch-alls go last (route.go:1616-1644)
        built.sort(key=lambda entry: catch_all(entry[2], entry[1]))
    found: list[Alternative] = []
    for service, route, blocks in built:
        answer = taken(route, blocks, asked)
        if answer is not False:
            found.append(Alternative(service, route, _why(service, route, sure=bool(answer) and not found)))
        if answer:
            return tuple(found)
    service = built[0][0]
    said = f"no route of VirtualService {service.meta.name} takes the request: the proxy answers 404"
    return (*found, Alternative(service, None, (Evidence(said, service.span),)))


def _why(service: VirtualService, route: HttpRoute, *, sure: bool) -> tuple[Evidence, ...]:
    name = f"route {route.name}" if route.name else "a route"
    taken_by = "is taken by" if sure else "may be taken by"
    return (
        Evidence(f"the call {taken_by} {name} of VirtualService {service.meta.ns}/{service.meta.name}", route.span),
    )
