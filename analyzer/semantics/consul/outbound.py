"""What Consul does with one call: the caller's sidecar by the callee's discovery chain, then the callee's sidecar.

Source: hashicorp/consul agent/consul/discoverychain/compile.go, agent/xds/{routes,listeners}.go.
Units: attempts count requests; durations in seconds.
Shape: one ``Passage``; where the code does not show which route is taken, the worst counts and it is an upper bound.
"""

from __future__ import annotations

from dataclasses import replace

from analyzer.findings import Evidence
from analyzer.linking.mesh import Mesh, ServiceNode, Wire
from analyzer.model import Layer, Passage, Precision
from analyzer.options import Options
from analyzer.semantics.consul.chain import entry, protocol, receivers, routes_for, speaks_http
from analyzer.semantics.consul.injection import names_of, service_membership
from analyzer.semantics.consul.layers import bytes_only, inbound, outbound
from parsers.facts.consul import ConsulRoute, ServiceResolver, ServiceRouter
from parsers.quantities import ONCE

_CALLS = frozenset({"http", "grpc", "ws"})


def passage(wire: Wire, mesh: Mesh, _options: Options) -> Passage | None:
    """What happens to the call, or ``None`` where no sidecar of Consul stands on either side."""
    caller, callee = mesh.services.get(wire.caller.service), mesh.services.get(wire.callee.service)
    client, served = service_membership(caller, mesh), service_membership(callee, mesh)
    if client is None and served is None:
        return None
    if callee is None or callee.external:
        return Passage(plaintext=True, evidence=(client.because,) if client is not None else ())
    name = names_of(callee)[0]
    http = wire.protocol in _CALLS and speaks_http(name, mesh)
    inner = (inbound(wire, served.because),) if served is not None and http else ()
    if client is None:
        return Passage(layers=inner, plaintext=True, evidence=(Evidence("the caller has no sidecar of Consul"),))
    if not http:
        said = Evidence(
            f"{name} speaks {protocol(name, mesh)} to Consul: its proxies pass bytes, and no router applies"
        )
        found = Passage(layers=(bytes_only(said),), callees=receivers(name, callee, mesh))
    else:
        found = _routed(name, callee, wire, mesh)
    return replace(
        found,
        layers=(*found.layers, *inner),
        plaintext=served is None,
        evidence=(client.because, *found.evidence),
    )


def _routed(name: str, callee: ServiceNode, wire: Wire, mesh: Mesh) -> Passage:
    router = entry(mesh.all(ServiceRouter), name)
    method = None if wire.method == "*" else "POST" if wire.protocol == "grpc" else wire.method
    ways = routes_for(router, method, None if wire.path == "*" else wire.path, wire.headers)
    each = [_way(route, name, callee, wire, mesh) for route in ways]
    if len(each) == 1:
        return each[0]
    layers = [layer for way in each for layer in way.layers]
    callees: dict[str, float] = {}
    for way in each:
        for service, share in way.callees:
            callees[service] = max(share, callees.get(service, 0.0))
    evidence = tuple(dict.fromkeys(e for way in each for e in way.evidence))
    return Passage((_joined(layers),), tuple(callees.items()), evidence=evidence, precision=Precision.UPPER_BOUND)


def _way(route: ConsulRoute | None, name: str, callee: ServiceNode, wire: Wire, mesh: Mesh) -> Passage:
    target = (route.service if route is not None else None) or name
    resolver = entry(mesh.all(ServiceResolver), name)  # only the start's own timeout counts
    layer = outbound(wire, route, resolver.request_timeout_s if resolver is not None else None)
    said = (Evidence(f"a route of the router {name} takes it", route.span),) if route is not None else ()
    return Passage(layers=(layer,), callees=receivers(target, callee, mesh), evidence=(*said, *layer.evidence))


def _joined(layers: list[Layer]) -> Layer:
    """The layer that repeats most, firing wherever one of them does, for as long as the slowest may take."""
    most = max(layers, key=lambda x: x.attempts or ONCE)
    totals = [x.timeout_s for x in layers]
    known = [t for t in totals if t is not None]
    return replace(
        most,
        fires_on=frozenset().union(*(x.fires_on for x in layers)),
        timeout_s=max(known) if len(known) == len(totals) else None,
    )
