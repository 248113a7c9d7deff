"""The way of a call from each kind of caller: from a sidecar, in ambient, from a gateway, from outside the mesh.

Source: istio/istio pilot/pkg/networking/core/route/route.go:328-347, 548-554, 664-707, 903-947, 1356-1362;
core/httproute.go:114-140 (waypoints), 789-849 (unknown hosts); core/gateway.go:490; pilot/pkg/xds/endpoints/
endpoint_builder.go:995-1029 (gateways before waypoints).
Shape: one passage per alternative route. The client's proxy retries; the server's only answers for a dead application.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from analyzer.findings import Evidence
from analyzer.linking.mesh import Mesh, Wire
from analyzer.model import Passage, Precision
from analyzer.options import Options
from analyzer.semantics.istio.callees import (
    Callee,
    destined,
    identity_lost,
    protocol,
    server_layers,
    unresolved,
)
from analyzer.semantics.istio.callers import Client
from analyzer.semantics.istio.hosts import MESH, Protocol
from analyzer.semantics.istio.injection import pods_of
from analyzer.semantics.istio.l4 import connection_routes
from analyzer.semantics.istio.opaque import patched
from analyzer.semantics.istio.proxies import waypoint_of
from analyzer.semantics.istio.retries import Written, bytes_only, outbound, release, written_for
from analyzer.semantics.istio.route_match import Asked, Proxy
from analyzer.semantics.istio.routed import Hop, connected, routed
from analyzer.semantics.istio.routing import DEFAULT, alternatives, bound_gateways, catalogue, full_hosts
from analyzer.semantics.istio.scope import imports, outbound_mode
from parsers.facts import NO_LABELS
from parsers.facts.istio import RetryPolicy, VirtualService
from parsers.quantities import Count
from parsers.source import Span

#: Where a policy that no file holds stands.
_NOWHERE = Span("", 0, 0, 0, 0)


def from_sidecar(client: Client, callee: Callee, wire: Wire, mesh: Mesh, options: Options) -> list[Passage]:
    """Out through the caller's sidecar, in through the callee's."""
    if unresolved(wire):
        return [Passage(evidence=client.evidence, precision=Precision.UNKNOWN)]
    asked = _asked(wire, callee)
    if protocol(callee, wire) is Protocol.TCP:
        why = Evidence(f"{_port_words(callee, wire)}: bytes to the sidecar, so no HTTP route and no retries")
        return [_connected(client, callee, wire, mesh, options, why)]
    ways = alternatives(asked, (callee.host,), client.proxy, mesh)
    if ways == (DEFAULT,) and not _imported(client, callee):
        return [_unknown_host(client, callee, wire, mesh)]
    hop = Hop("sidecar", client.proxy, callee, asked, wire, mesh, options, client.evidence)
    return [patched(routed(hop, way), client.pod, mesh) for way in ways]


def _imported(client: Client, callee: Callee) -> bool:
    """Whether the registry, as the caller's proxy is told of it, holds the host."""
    if not callee.known:
        return False
    egress = client.proxy.egress
    if egress is None or callee.namespace is None:
        return True
    return imports(egress, callee.namespace, client.proxy.namespace, callee.host)


def _unknown_host(client: Client, callee: Callee, wire: Wire, mesh: Mesh) -> Passage:
    """A host outside the registry: passed through as it is, or refused where only the registry may be called."""
    scoped = f" (Sidecar {client.sidecar.meta.ns}/{client.sidecar.meta.name})" if client.sidecar is not None else ""
    mode = outbound_mode(client.sidecar, mesh)
    where = client.sidecar.span if client.sidecar is not None else None
    if mode == "REGISTRY_ONLY":
        said = Evidence(f"{callee.host} is not in the registry{scoped} and the mesh is REGISTRY_ONLY: refused", where)
        return Passage(answered="502", plaintext=True, evidence=(said, *client.evidence))
    said = Evidence(f"{callee.host} is not in the registry{scoped}: passed through, without routes and retries", where)
    known, seen = server_layers(callee, wire, mesh)
    through = replace(bytes_only("sidecar", said), becomes=_passthrough_becomes(callee, wire, mesh))
    return Passage(
        layers=(through, *known),
        callees=((callee.id, 1.0),),
        plaintext=True,
        evidence=(said, *client.evidence, *seen),
    )


def _passthrough_becomes(callee: Callee, wire: Wire, mesh: Mesh) -> tuple[tuple[str, str], ...]:
    """Where some service speaks HTTP on the same port, the listener does too, and failures are answers."""
    port = callee.port if callee.port is not None else 80
    shared = any(p.port == port for s in mesh.services.values() for p in s.ports)
    layer = outbound("sidecar", Written(_OFF, "route"), None, wire, mesh)
    return layer.becomes if shared else bytes_only("sidecar", Evidence("")).becomes


def _connected(client: Client, callee: Callee, wire: Wire, mesh: Mesh, options: Options, why: Evidence) -> Passage:
    """A connection: as dialled, or where a ``tls`` or ``tcp`` route sends it."""
    found = connection_routes(callee.host, callee.port, client.proxy, mesh, tls=wire.protocol == "https")
    if found is None:
        return _opaque(client, callee, wire, mesh, why)
    service, route = found
    said = Evidence(f"a {route.protocol} route of VirtualService {service.meta.name} takes the connection", route.span)
    asked = _asked(wire, callee)
    hop = Hop("sidecar", client.proxy, callee, asked, wire, mesh, options, (why, said, *client.evidence))
    return connected(hop, service.meta.ns, route.destinations, why)


def _opaque(client: Client, callee: Callee, wire: Wire, mesh: Mesh, why: Evidence) -> Passage:
    known, seen = server_layers(callee, wire, mesh)
    return Passage(
        layers=(bytes_only("sidecar", why), *known),
        callees=((callee.id, 1.0),),
        plaintext=identity_lost(callee, None, mesh),
        evidence=(why, *client.evidence, *seen),
    )


def _port_words(callee: Callee, wire: Wire) -> str:
    port = callee.service_port
    if port is not None and wire.protocol in ("http", "grpc", "ws"):
        named = f" named {port.name}" if port.name else ""
        return f"port {port.port}{named} of {callee.id} is no HTTP port to Istio"
    return f"the call speaks {wire.protocol}"


# ------------------------------------------------------------------------------------------------ ambient, waypoints


def from_ambient(client: Client, callee: Callee, wire: Wire, mesh: Mesh, options: Options) -> list[Passage]:
    """Through ztunnel, which repeats nothing, and through the callee's waypoint, where it has one."""
    if unresolved(wire):
        return [Passage(evidence=client.evidence, precision=Precision.UNKNOWN)]
    waypoint = waypoint_name(callee, mesh)
    if waypoint is None or protocol(callee, wire) is Protocol.TCP:
        why = Evidence(
            "ambient without a waypoint: ztunnel passes bytes, so VirtualServices and retries have no effect"
        )
        return [_opaque(client, callee, wire, mesh, why)]
    return at_waypoint(waypoint, callee, wire, mesh, options, client.evidence)


def waypoint_name(callee: Callee, mesh: Mesh) -> tuple[str, str] | None:
    """Namespace and name of the waypoint in front of a service."""
    if callee.node is None or callee.node.external:
        return None
    return waypoint_of(callee.node, pods_of(callee.node)[0], mesh)


def at_waypoint(
    waypoint: tuple[str, str],
    callee: Callee,
    wire: Wire,
    mesh: Mesh,
    options: Options,
    evidence: tuple[Evidence, ...],
) -> list[Passage]:
    """The ways through a waypoint: VirtualServices of its namespace and the service's, else its own default."""
    said = Evidence(f"{callee.id} uses waypoint {waypoint[0]}/{waypoint[1]}")
    owners = tuple(dict.fromkeys((waypoint[0], callee.namespace or waypoint[0])))
    proxy = Proxy((MESH,), waypoint[0], NO_LABELS, owners=owners)
    asked = _asked(wire, callee)
    hop = Hop("waypoint", proxy, callee, asked, wire, mesh, options, (said, *evidence), _waypoint_default(mesh))
    return [routed(hop, way) for way in alternatives(asked, (callee.host,), proxy, mesh)]


def _waypoint_default(mesh: Mesh) -> Written:
    """What a waypoint repeats for a service without a route, by version (httproute.go:114-140; notes 60682)."""
    version = mesh.istio_version
    if version[:2] >= (1, 31) or (version[:2] == (1, 30) and (len(version) < 3 or version[2] >= 3)):
        return written_for(None, mesh)
    if release(mesh).inbound:
        return Written(_policy(2, "reset-before-request"), "waypoint")
    return Written(_OFF, "waypoint")


def _policy(retries: int, retry_on: str | None) -> RetryPolicy:
    return RetryPolicy(Count.from_retries(retries), None, retry_on, None, None, None, "nothing written", None, _NOWHERE)


_OFF = _policy(0, None)


# ---------------------------------------------------------------------------------------------- gateways and outside


def from_gateway(client: Client, callee: Callee, wire: Wire, mesh: Mesh, options: Options) -> list[Passage]:
    """Through a gateway, by the VirtualServices bound to it; routes of all of them are merged. TLS ends there."""
    wire = replace(wire, protocol="http") if wire.protocol == "https" else wire
    found: list[Passage] = []
    for host in _gateway_hosts(client, callee, wire, mesh):
        asked = replace(_asked(wire, callee), host=host, port=None)
        hop = Hop("gateway", client.proxy, callee, asked, wire, mesh, options, client.evidence)
        for way in alternatives(asked, (host,), client.proxy, mesh):
            if way != DEFAULT:
                found += _behind_gateway(routed(hop, way), callee, wire, mesh, options)
    leading = [p for p in found if callee.id in dict(p.callees)]
    return leading or (found[:1] if client.pod is not None else []) or from_outside(client, callee, wire, mesh)


def _gateway_hosts(client: Client, callee: Callee, wire: Wire, mesh: Mesh) -> Iterator[str]:
    """The host asked for, where a VirtualService of the gateway serves it; else every host that leads to the callee."""
    known = catalogue(mesh)
    asked = wire.host.lower()
    if asked and any(_at(v, client) for v in known.naming(asked)):
        yield asked
        return
    for service in known.every:
        if service.hosts and _at(service, client):
            hosts = full_hosts(service)
            targets = (d for r in service.http for d in r.destinations)
            if any(destined(d, service.meta.ns, None, client.proxy.namespace, mesh).id == callee.id for d in targets):
                yield hosts[0].replace("*", "any")


def _at(service: VirtualService, client: Client) -> bool:
    return any(g in client.proxy.gateways for g in bound_gateways(service))


def _behind_gateway(first: Passage, callee: Callee, wire: Wire, mesh: Mesh, options: Options) -> Iterator[Passage]:
    """A gateway only passes a waypoint where the service or its namespace asks for it."""
    waypoint = waypoint_name(callee, mesh)
    if waypoint is None or first.answered is not None or not _ingress_uses_waypoint(callee, mesh):
        yield first
        return
    outer = tuple(layer for layer in first.layers if layer.kind != "inbound")
    for second in at_waypoint(waypoint, callee, wire, mesh, options, ()):
        yield replace(
            second,
            layers=(*outer, *second.layers),
            shadows=(*first.shadows, *second.shadows),
            budgets=(*first.budgets, *second.budgets),
            evidence=(*first.evidence, *second.evidence),
        )


def _ingress_uses_waypoint(callee: Callee, mesh: Mesh) -> bool:
    label = "istio.io/ingress-use-waypoint"
    own = callee.node.fact.meta.labels if callee.node is not None and callee.node.fact is not None else NO_LABELS
    return own.get(label, mesh.namespace_labels(callee.namespace or "").get(label)) == "true"


def from_outside(client: Client, callee: Callee, wire: Wire, mesh: Mesh) -> list[Passage]:
    """No proxy on the caller's side: no retries of the mesh, no identity; the callee's sidecar still answers."""
    known, seen = server_layers(callee, wire, mesh)
    return [
        Passage(
            layers=known,
            callees=((callee.id, 1.0),),
            plaintext=True,
            evidence=(*client.evidence, *seen),
        )
    ]


def _asked(wire: Wire, callee: Callee) -> Asked:
    headers = {name.lower(): value for name, value in wire.headers}
    port = callee.port if callee.port is not None else wire.port
    return Asked(wire.method, wire.path, wire.host.lower() or callee.host, port, "http", headers)
