"""Who receives a call: what a destination of a route, or a dialled host, stands for, and the proxy in front of it.

Source: istio/istio pilot/pkg/networking/core/route/route.go:351-376 (ports), core/httproute.go:789-849 (unknown hosts);
pilot/pkg/serviceregistry/ambient/waypoints.go:82-212 (waypoints).
Shape: a callee is a Service defined here, a host that only a ServiceEntry names, or a host nobody knows.
"""

from __future__ import annotations

from dataclasses import dataclass

from analyzer.findings import Evidence
from analyzer.linking.mesh import UNRESOLVED, Mesh, ServiceNode, Wire
from analyzer.model import Layer
from analyzer.semantics.istio.hosts import (
    Protocol,
    entries_of_host,
    entry_protocol,
    exported_to,
    full_name,
    is_grpc,
    protocol_of,
    service_of_host,
)
from analyzer.semantics.istio.injection import AMBIENT, SIDECAR, pods_of, service_membership
from analyzer.semantics.istio.mtls import server_mode
from analyzer.semantics.istio.retries import inbound
from analyzer.semantics.istio.scope import arrives_directly
from parsers.facts.istio import Destination, ServiceEntry
from parsers.facts.kubernetes import ServicePort

#: Protocols of calls that an HTTP route can serve; anything else is bytes to a proxy.
_HTTP_CALLS = frozenset({"http", "grpc", "ws"})


@dataclass(frozen=True, slots=True)
class Callee:
    """The receiver of a call: its id, the name configuration knows it by, the Service port dialled."""

    id: str
    host: str
    namespace: str | None
    node: ServiceNode | None
    port: int | None
    entries: tuple[ServiceEntry, ...] = ()

    @property
    def known(self) -> bool:
        """Whether the mesh's registry holds the host."""
        return self.node is not None or bool(self.entries)

    @property
    def service_port(self) -> ServicePort | None:
        return self.node.port(self.port) if self.node is not None else None


def dialled(wire: Wire, client_namespace: str, mesh: Mesh) -> Callee:
    """The callee of a wire as the caller dials it."""
    node = mesh.services.get(wire.callee.service)
    if node is not None and not node.external:
        return _of_service(node, wire.port)
    return outside(wire, client_namespace, mesh)


def outside(wire: Wire, client_namespace: str, mesh: Mesh) -> Callee:
    """The dialled host as the registry knows it, whoever really stands behind it."""
    host = full_name(wire.host or wire.callee.service.removeprefix("external:"), client_namespace)
    return _of_host(wire.callee.service, host, wire.port, client_namespace, mesh)


def destined(destination: Destination, owner: str, dialled_port: int | None, client: str, mesh: Mesh) -> Callee:
    """The callee of a route's destination; its port is named, or the service's only one, or the one dialled."""
    host = full_name(destination.host, owner)
    node = service_of_host(host, mesh)
    if node is None and host.endswith(".svc.cluster.local"):
        node = mesh.services.get("/".join(reversed(host.split(".")[:2])))
    if node is not None:
        only = node.ports[0].port if len(node.ports) == 1 else dialled_port
        return _of_service(node, destination.port if destination.port is not None else only)
    return _of_host(f"external:{host}", host, destination.port or dialled_port, client, mesh)


def _of_service(node: ServiceNode, port: int | None) -> Callee:
    known = node.port(port)
    return Callee(node.id, node.fqdn, node.namespace, node, known.port if known is not None else port)


def _of_host(identity: str, host: str, port: int | None, client: str, mesh: Mesh) -> Callee:
    default = ("*",)
    entries = tuple(e for e in entries_of_host(host, mesh) if exported_to(e.export_to, default, e.meta.ns, client))
    return Callee(identity, host, entries[0].meta.ns if entries else None, None, port, entries)


def protocol(callee: Callee, wire: Wire) -> Protocol:
    """How proxies treat the call: by the callee's port, and by what the code really sends over it."""
    if wire.protocol not in _HTTP_CALLS:
        return Protocol.TCP
    if callee.node is not None:
        return protocol_of(callee.service_port, callee.port)
    for entry in callee.entries:
        for number, word, _ in entry.ports:
            if callee.port in (None, number):
                return entry_protocol(word)
    return protocol_of(None, callee.port)


def loopback(wire: Wire) -> bool:
    """Whether the call stays in the pod, where no proxy takes it (traffic over ``lo`` is not redirected)."""
    host = wire.host.lower().rstrip(".").strip("[]")
    return host in ("localhost", "::1") or host.startswith("127.")


def unresolved(wire: Wire) -> bool:
    """Whether nobody knows where the call goes."""
    return wire.callee.service == UNRESOLVED


# -------------------------------------------------------------------------------------------------- the server side


def server_layers(callee: Callee, wire: Wire, mesh: Mesh) -> tuple[tuple[Layer, ...], tuple[Evidence, ...]]:
    """The callee's own sidecar as a layer, where it has one that sees the call."""
    if callee.node is None:
        return (), ()
    membership = service_membership(callee.node, mesh)
    if membership is None or membership.kind != SIDECAR:
        return (), ((membership.because,) if membership is not None else ())
    target = callee.node.target_port(callee.port)
    for pod in pods_of(callee.node):
        if (direct := arrives_directly(pod, target)) is not None:
            return (), (Evidence(f"calls go round the sidecar of {pod.id} ({direct})", pod.span),)
    if protocol_of(callee.service_port, callee.port) is Protocol.TCP or wire.protocol not in _HTTP_CALLS:
        return (), (membership.because,)
    return (inbound(wire, mesh, grpc_port=is_grpc(callee.service_port)),), (membership.because,)


def identity_lost(callee: Callee, tls_mode: str | None, mesh: Mesh) -> bool:
    """Whether a caller with a sidecar arrives without its identity (cluster_tls.go:419-473, mtls_checker.go:35-118)."""
    if callee.node is None or service_membership(callee.node, mesh) is None:
        return True
    if tls_mode is not None:
        return tls_mode != "ISTIO_MUTUAL"
    if mesh.config is not None and mesh.config.enable_auto_mtls is False:
        return True
    target = callee.node.target_port(callee.port)
    return server_mode(callee.node, target, mesh).mode == "DISABLE"


def is_ambient(callee: Callee, mesh: Mesh) -> bool:
    """Whether the callee's pods are in ambient."""
    membership = service_membership(callee.node, mesh) if callee.node is not None else None
    return membership is not None and membership.kind == AMBIENT
