"""Destinations and mirrors of VirtualServices that lead nowhere.

Source: istio/istio pkg/config/analysis/analyzers/virtualservice/{destinationhosts,destinationrules}.go (what is looked
up); pilot/pkg/networking/core/route/route.go:351-376 (what it does). Such a route is a 503 that is not retried there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from analyzer.linking.mesh import Mesh
from analyzer.semantics.istio.hosts import (
    exported_to,
    full_name,
    host_matches,
    hosts_overlap,
    populated,
    service_of_host,
)
from analyzer.semantics.istio.memory import remembered
from analyzer.semantics.istio.problems.problem import Code, Problem, subject
from parsers.facts.istio import Destination, DestinationRule, ServiceEntry, VirtualService

_EXPORT = "networking.istio.io/exportTo"


@dataclass(frozen=True, slots=True)
class Registered:
    """A host of the registry: its ports, and who may see it."""

    host: str
    namespace: str
    ports: tuple[int, ...]
    export_to: tuple[str, ...] | None


def destinations(mesh: Mesh) -> Iterator[Problem]:
    """Unknown hosts, ports, subsets and delegates; ports that have to be named; routes past another's subsets."""
    subsets = _subsets(mesh)
    services = mesh.all(VirtualService)
    known = {(v.meta.ns, v.meta.name) for v in services if not v.hosts}
    for service in services:
        for destination, mirror in _destinations(service):
            yield from _one(service, destination, mesh, mirror=mirror)
            yield from _subset(service, destination, subsets)
        for route in service.http:
            if route.delegate is not None and (route.delegate[0] or service.meta.ns, route.delegate[1]) not in known:
                said = f"no VirtualService without hosts is called {route.delegate[1]}: the entry vanishes"
                yield Problem(Code.UNKNOWN_DELEGATE, said, route.span, subject("VirtualService", service.meta))
    yield from _past_subsets(services)


def _destinations(service: VirtualService) -> Iterator[tuple[Destination, bool]]:
    for route in service.http:
        yield from ((d, False) for d in route.destinations)
        yield from ((m.destination, True) for m in route.mirrors)
    for l4 in service.l4:
        yield from ((d, False) for d in l4.destinations)


def registered(mesh: Mesh) -> tuple[Registered, ...]:
    """Every host that Services and ServiceEntries define."""
    return remembered(mesh, _registered)


def _registered(mesh: Mesh) -> tuple[Registered, ...]:
    found: list[Registered] = []
    for entry in mesh.all(ServiceEntry):
        ports = tuple(number for number, _, _ in entry.ports)
        found += (Registered(h.lower(), entry.meta.ns, ports, entry.export_to) for h in entry.hosts)
    for service in mesh.services.values():
        if service.fact is not None:
            written = service.fact.meta.annotations.get(_EXPORT)
            export = tuple(s.strip() for s in written.split(",")) if written else None
            found.append(Registered(service.fqdn, service.namespace, tuple(p.port for p in service.ports), export))
    return tuple(found)


def hosts_known(host: str, mesh: Mesh) -> bool:
    """Whether the registry holds a host, or anything that a wildcard takes."""
    exact, wild = remembered(mesh, _by_host)
    if host.startswith("*"):
        return any(host_matches(host, h) for h in exact) or any(hosts_overlap(host, r.host) for r in wild)
    return host in exact or any(host_matches(r.host, host) for r in wild)


def _by_host(mesh: Mesh) -> tuple[dict[str, list[Registered]], tuple[Registered, ...]]:
    exact: dict[str, list[Registered]] = {}
    for entry in registered(mesh):
        if not entry.host.startswith("*"):
            exact.setdefault(entry.host, []).append(entry)
    return exact, tuple(r for r in registered(mesh) if r.host.startswith("*"))


def look_up(host: str, service: VirtualService, mesh: Mesh) -> Registered | None:
    """What a destination's host means: an exact name first, then a wildcard; only what is visible counts."""
    full = full_name(host, service.meta.ns)
    scopes = _viewers(service)
    exact, wild = remembered(mesh, _by_host)
    candidates = (*exact.get(full, ()), *(r for r in wild if host_matches(r.host, full)))
    return next((r for r in candidates if any(exported_to(r.export_to, ("*",), r.namespace, s) for s in scopes)), None)


def _viewers(service: VirtualService) -> tuple[str, ...]:
    """The namespaces from which the object's destinations are looked up: those it is exported to, else its own."""
    named = tuple(service.meta.ns if s == "." else s for s in service.export_to or () if s not in ("*", "~"))
    return named or (service.meta.ns,)


def _one(service: VirtualService, destination: Destination, mesh: Mesh, *, mirror: bool) -> Iterator[Problem]:
    who = subject("VirtualService", service.meta)
    found = look_up(destination.host, service, mesh)
    kind = "mirror host" if mirror else "host"
    if found is None:
        full = full_name(destination.host, service.meta.ns)
        local = service_of_host(full, mesh) is not None
        why = "is not exported to this namespace" if local else f"({full}) is not in the registry"
        effect = "copies go nowhere" if mirror else "requests on this route are answered 503"
        said = f"{kind} {destination.host} {why}: {effect}"
        yield Problem(Code.UNKNOWN_HOST, said, destination.span, who, sure=local or populated(full, mesh))
    elif destination.port is None and len(found.ports) > 1:
        listed = ", ".join(map(str, found.ports))
        said = (
            f"{kind} {destination.host} has several ports ({listed}) and the route names none: the dialled one counts"
        )
        yield Problem(Code.PORT_NEEDED, said, destination.span, who)
    elif destination.port is not None and destination.port not in found.ports:
        said = f"{kind} {destination.host} has no port {destination.port}: requests on this route are answered 503"
        yield Problem(Code.UNKNOWN_PORT, said, destination.span, who)


def _subsets(mesh: Mesh) -> Mapping[str, frozenset[str]]:
    """Subset name -> the hosts for which some rule defines it."""
    found: dict[str, set[str]] = {}
    for rule in mesh.all(DestinationRule):
        for subset in rule.subsets:
            found.setdefault(subset.name, set()).add(full_name(rule.host, rule.meta.ns))
    return {name: frozenset(hosts) for name, hosts in found.items()}


def _subset(
    service: VirtualService, destination: Destination, subsets: Mapping[str, frozenset[str]]
) -> Iterator[Problem]:
    host = full_name(destination.host, service.meta.ns)
    if destination.subset is None:
        return
    defining = subsets.get(destination.subset, frozenset())
    if host not in defining and not any(host_matches(h, host) for h in defining if h.startswith("*")):
        said = f"subset {destination.subset} of {destination.host} is defined by no DestinationRule: answered 503"
        yield Problem(Code.UNKNOWN_SUBSET, said, destination.span, subject("VirtualService", service.meta))


def _past_subsets(services: tuple[VirtualService, ...]) -> Iterator[Problem]:
    """A gateway's route to a host whose subsets another VirtualService chooses: those rules are for the mesh only."""
    chosen = [(v, d.host) for v in services for r in v.http for d in r.destinations if d.subset and d.host in v.hosts]
    for service in services:
        if not service.gateways:
            continue
        for destination in (d for r in service.http for d in r.destinations if not d.subset):
            for other, host in chosen:
                if host == destination.host:
                    said = f"routes of VirtualService {other.meta.name} for {host} do not apply behind this gateway"
                    who = subject("VirtualService", service.meta)
                    yield Problem(Code.ROUTE_WITHOUT_SUBSET, said, destination.span, who)
