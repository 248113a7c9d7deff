"""Who sends a call, as the mesh sees it: the proxies it leaves through.

Source: istio/istio pilot/pkg/model/push_context.go (gateway selection), docs/istio.md (kinds of callers).
Shape: one ``Client`` per pod of the caller that differs in what routes are chosen by; from outside, one per gateway.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from analyzer.findings import Evidence
from analyzer.linking.mesh import Mesh, Pod, Wire
from analyzer.semantics.istio.gateway_api import istio_gateways
from analyzer.semantics.istio.hosts import MESH
from analyzer.semantics.istio.injection import AMBIENT, member, pods_of
from analyzer.semantics.istio.memory import remembered
from analyzer.semantics.istio.route_match import Proxy
from analyzer.semantics.istio.scope import egress_of, leaves_directly, sidecar_of
from parsers.facts import NO_LABELS
from parsers.facts.istio import Gateway, Sidecar


class Kind(Enum):
    """The proxy a call leaves through; ``OUTSIDE``: none of Istio's."""

    SIDECAR = "sidecar"
    AMBIENT = "ambient"
    GATEWAY = "gateway"
    OUTSIDE = "outside"


@dataclass(frozen=True, slots=True)
class Client:
    """One sender and what its proxy knows."""

    kind: Kind
    proxy: Proxy
    evidence: tuple[Evidence, ...]
    pod: Pod | None = None
    sidecar: Sidecar | None = None


def clients(wire: Wire, mesh: Mesh) -> tuple[Client, ...]:
    """The senders of a call that may differ."""
    node = mesh.services.get(wire.caller.service)
    if node is None or node.external:
        return (_from_outside(mesh),)
    found = [_of_pod(pod, wire.port, mesh) for pod in pods_of(node)]
    return tuple({(c.kind, c.proxy): c for c in reversed(found)}.values())[::-1]


def _of_pod(pod: Pod, port: int | None, mesh: Mesh) -> Client:
    gateways = gateways_of(pod, mesh)
    if gateways:
        said = Evidence(f"{pod.id} is the gateway of {', '.join(gateways)}", pod.span)
        return Client(Kind.GATEWAY, Proxy(gateways, pod.namespace, pod.labels), (said,), pod)
    membership = member(pod, mesh)
    if membership is None:
        said = Evidence(f"{pod.id} has no sidecar and is not in ambient: its calls pass no proxy of Istio", pod.span)
        return Client(Kind.OUTSIDE, Proxy((), pod.namespace, pod.labels), (said,), pod)
    direct = leaves_directly(pod, port)
    if direct is not None:
        said = Evidence(f"{pod.id} goes round its sidecar here ({direct})", pod.span)
        return Client(Kind.OUTSIDE, Proxy((), pod.namespace, pod.labels), (said,), pod)
    if membership.kind == AMBIENT:
        return Client(Kind.AMBIENT, Proxy((MESH,), pod.namespace, NO_LABELS), (membership.because,), pod)
    scope = sidecar_of(pod, mesh)
    proxy = Proxy((MESH,), pod.namespace, pod.labels, egress_of(scope, port))
    return Client(Kind.SIDECAR, proxy, (membership.because,), pod, scope)


def gateways_of(pod: Pod, mesh: Mesh) -> tuple[str, ...]:
    """The Gateway resources that a pod serves."""
    named = remembered(mesh, _selectors)
    found = tuple(name for name, gateway in named if gateway.selector and pod.labels.contains(gateway.selector))
    own = f"{pod.namespace}/{pod.labels.get('gateway.networking.k8s.io/gateway-name', '')}"
    return (*found, *(name for name in _of_gateway_api(mesh) if name == own))


def _selectors(mesh: Mesh) -> tuple[tuple[str, Gateway], ...]:
    return tuple((f"{g.meta.ns}/{g.meta.name}", g) for g in mesh.all(Gateway))


def _from_outside(mesh: Mesh) -> Client:
    """A caller beyond the cluster comes in by whatever gateway leads to the callee."""
    names = tuple(_gateway_names(mesh))
    if not names:
        said = Evidence("the caller lies outside, and no Istio gateway is defined here")
        return Client(Kind.OUTSIDE, Proxy((), mesh.root_namespace, NO_LABELS), (said,))
    return Client(Kind.GATEWAY, Proxy(names, mesh.root_namespace, NO_LABELS), ())


def _gateway_names(mesh: Mesh) -> Iterator[str]:
    for name, _ in remembered(mesh, _selectors):
        yield name
    yield from _of_gateway_api(mesh)


def _of_gateway_api(mesh: Mesh) -> tuple[str, ...]:
    return tuple(f"{g.meta.ns}/{g.meta.name}" for g in istio_gateways(mesh))
