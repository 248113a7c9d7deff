"""What Istio does with one call: the proxies it passes, the routes it may take, who really receives it.

Source: docs/istio.md; istio/istio pilot/pkg/networking/core/route/route.go:123-128, 271-347, 412-442, 680-707.
Shape: one ``Passage`` a call. Where several routes, pods or gateways are possible, the worst of each part counts and
the passage says that it is an upper bound.
"""

from __future__ import annotations

from dataclasses import replace

from analyzer.linking.mesh import Mesh, Wire
from analyzer.model import Passage
from analyzer.options import Options
from analyzer.semantics.istio.callees import Callee, dialled, loopback
from analyzer.semantics.istio.callers import Client, Kind, clients
from analyzer.semantics.istio.injection import service_membership
from analyzer.semantics.istio.journeys import from_ambient, from_gateway, from_outside, from_sidecar
from analyzer.semantics.istio.public_names import public_gateways, round_trip
from analyzer.semantics.istio.worst import worst


def passage(wire: Wire, mesh: Mesh, options: Options) -> Passage | None:
    """What happens to the call, or ``None`` where no proxy of Istio stands on either side."""
    if loopback(wire):
        return None
    found: list[Passage] = []
    concerned = False
    for client in clients(wire, mesh):
        callee = dialled(wire, client.proxy.namespace, mesh)
        served = callee.node is not None and service_membership(callee.node, mesh) is not None
        concerned = concerned or client.kind is not Kind.OUTSIDE or served
        found += _ways(client, callee, wire, mesh, options)
    if not concerned or not found:
        return None
    whole = worst(found)
    return replace(whole, evidence=tuple(dict.fromkeys(whole.evidence)))


def _ways(client: Client, callee: Callee, wire: Wire, mesh: Mesh, options: Options) -> list[Passage]:
    if client.kind is not Kind.GATEWAY and (gateways := public_gateways(callee, wire, mesh)):
        return round_trip(client, gateways, callee, wire, mesh, options)
    match client.kind:
        case Kind.SIDECAR:
            return from_sidecar(client, callee, wire, mesh, options)
        case Kind.AMBIENT:
            return from_ambient(client, callee, wire, mesh, options)
        case Kind.GATEWAY:
            return from_gateway(client, callee, wire, mesh, options)
        case Kind.OUTSIDE:
            return from_outside(client, callee, wire, mesh)
