"""A call to a public name of the system's own: out of the mesh, and back in through a gateway.

Source: istio/istio pilot/pkg/networking/core/httproute.go:789-849 (a name nobody registered is passed through),
core/gateway.go:436-571 (the gateway's routes). Every proxy on the way keeps its own retries.
Shape: the caller's proxy for a host outside, then the gateway's layers. The callee sees the gateway's identity.
"""

from __future__ import annotations

from dataclasses import replace

from analyzer.findings import Evidence
from analyzer.linking.mesh import Mesh, Wire
from analyzer.model import Passage
from analyzer.options import Options
from analyzer.semantics.istio.callees import Callee, outside
from analyzer.semantics.istio.callers import Client, Kind
from analyzer.semantics.istio.hosts import MESH
from analyzer.semantics.istio.journeys import from_gateway, from_sidecar
from analyzer.semantics.istio.route_match import Proxy
from analyzer.semantics.istio.routing import bound_gateways, catalogue
from parsers.facts import NO_LABELS


def public_gateways(callee: Callee, wire: Wire, mesh: Mesh) -> tuple[str, ...]:
    """The gateways that take the dialled host, where it is a public name and not one of the cluster's."""
    host = wire.host.lower().rstrip(".")
    if callee.node is None or callee.node.external or "." not in host:
        return ()
    if mesh.service_for_host(host, callee.node.namespace) is not None:
        return ()
    named = (g for v in catalogue(mesh).naming(host) if MESH not in bound_gateways(v) for g in bound_gateways(v))
    return tuple(dict.fromkeys(named))


def round_trip(
    client: Client, gateways: tuple[str, ...], callee: Callee, wire: Wire, mesh: Mesh, options: Options
) -> list[Passage]:
    """Every combination of a way out and a way in."""
    said = Evidence(f"{wire.host} is a public name of this system: the call comes back in through {gateways[0]}")
    inward = Client(Kind.GATEWAY, Proxy(gateways, mesh.root_namespace, NO_LABELS), (said,))
    found = from_gateway(inward, callee, wire, mesh, options)
    if client.kind is not Kind.SIDECAR:
        return [replace(p, plaintext=None) for p in found]
    out = from_sidecar(client, outside(wire, client.proxy.namespace, mesh), wire, mesh, options)
    return [_joined(first, second) for first in out for second in found]


def _joined(first: Passage, second: Passage) -> Passage:
    if first.answered is not None:
        return first
    layers = tuple(layer for layer in first.layers if layer.kind != "inbound")
    return replace(
        second,
        layers=(*layers, *second.layers),
        shadows=(*first.shadows, *second.shadows),
        budgets=(*first.budgets, *second.budgets),
        plaintext=None,
        evidence=(*first.evidence, *second.evidence),
    )
