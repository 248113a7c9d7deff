"""Names in Istio's configuration: short names, gateways, wildcards, and the protocol of a Service port.

Source: istio/istio pilot/pkg/model/config.go:209-272 (names), pkg/config/host/name.go (wildcards),
pkg/config/kube/conversion.go:50-93 (protocols), pilot/pkg/networking/core/httproute.go:567-726 (what a client dials).
Shape: host names in lower case, without a trailing dot.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum

from analyzer.linking.mesh import CLUSTER_DOMAIN, Mesh, ServiceNode
from analyzer.semantics.istio.memory import remembered
from parsers.facts.istio import ServiceEntry
from parsers.facts.kubernetes import ServicePort

MESH = "mesh"

_PROTOCOLS = frozenset(
    {"tcp", "udp", "grpc", "grpc-web", "http", "http_proxy", "http2", "https", "tls", "mongo", "redis", "mysql"}
)
_HTTP = frozenset({"http", "http2", "http_proxy", "grpc", "grpc-web"})
_APP_PROTOCOLS = {"kubernetes.io/h2c": "http2", "kubernetes.io/ws": "http", "kubernetes.io/wss": "https"}
#: Ports that are never sniffed (server speaks first): smtp, dns, mysql, mongo.
_TCP_PORTS = frozenset({25, 53, 3306, 27017})


class Protocol(Enum):
    """How a proxy treats a port. ``SNIFFED`` is HTTP where the bytes look like it."""

    HTTP = "HTTP"
    SNIFFED = "sniffed"
    TCP = "TCP"


def full_name(host: str, namespace: str) -> str:
    """``reviews`` is ``reviews.NAMESPACE.svc.cluster.local``; a name with a dot, a wildcard or an address stays."""
    name = host.lower()
    if not name or name == "*" or "." in name or ":" in name:
        return name.rstrip(".") or name
    return f"{name}.{namespace}.svc.{CLUSTER_DOMAIN}"


def gateway_name(reference: str, namespace: str) -> str:
    """``NAMESPACE/NAME`` of a gateway reference; ``mesh`` stays (config.go:245-272)."""
    if reference == MESH:
        return MESH
    if "/" in reference:
        owner, _, name = reference.partition("/")
        return f"{namespace if owner == '.' else owner}/{name}"
    name, *rest = reference.split(".")
    return f"{rest[0] if rest else namespace}/{name}"


def host_matches(pattern: str, host: str) -> bool:
    """Whether a host, or a ``*.suffix`` wildcard, takes a concrete host."""
    if pattern == "*":
        return True
    if pattern.startswith("*"):
        return host.endswith(pattern[1:]) and len(host) > len(pattern) - 1
    return pattern == host


def hosts_overlap(a: str, b: str) -> bool:
    """Whether some name is taken by both, be they wildcards or not (``host.Name.Matches``)."""
    if a.startswith("*") and b.startswith("*"):
        return a[1:].endswith(b[1:]) or b[1:].endswith(a[1:])
    return host_matches(a, b) or host_matches(b, a)


def most_specific(patterns: Iterable[str], host: str) -> str | None:
    """The exact host, else the longest wildcard that takes it (sidecar.go:971-1003)."""
    found = [p for p in patterns if host_matches(p, host)]
    return max(found, key=lambda p: (not p.startswith("*"), len(p), p)) if found else None


def protocol_of(port: ServicePort | None, number: int | None) -> Protocol:
    """The protocol of a Service port by ``appProtocol``, else by the word before the first ``-`` of its name."""
    if port is None:
        return Protocol.TCP if number in _TCP_PORTS else Protocol.SNIFFED
    if port.protocol.upper() == "UDP":
        return Protocol.TCP
    word = _protocol_word(port)
    if word is None:
        return Protocol.TCP if port.port in _TCP_PORTS else Protocol.SNIFFED
    return Protocol.HTTP if word in _HTTP else Protocol.TCP


def _protocol_word(port: ServicePort) -> str | None:
    if port.app_protocol:
        written = port.app_protocol.lower()
        word = _APP_PROTOCOLS.get(written, written)
        return word if word in _PROTOCOLS else None
    return protocol_in_name(port.name or "")


def protocol_in_name(name: str) -> str | None:
    """The protocol that a port name starts with, if it does."""
    lowered = name.lower()
    if lowered == "grpc-web" or lowered.startswith("grpc-web-"):
        return "grpc-web"
    word = lowered.partition("-")[0]
    return word if word in _PROTOCOLS else None


def is_grpc(port: ServicePort | None) -> bool:
    """Whether the port is declared as gRPC: then its inbound route has no retries (route.go:1294-1310)."""
    return port is not None and (_protocol_word(port) or "").startswith("grpc")


def entry_protocol(word: str) -> Protocol:
    """The protocol of a ServiceEntry port."""
    return Protocol.HTTP if word.lower() in _HTTP else Protocol.SNIFFED if not word else Protocol.TCP


def service_of_host(host: str, mesh: Mesh) -> ServiceNode | None:
    """The Service that a full name in configuration means; short forms with a dot mean nothing there."""
    parts = host.split(".")
    if parts[2:] != ["svc", *CLUSTER_DOMAIN.split(".")]:
        return None
    found = mesh.services.get(f"{parts[1]}/{parts[0]}")
    return found if found is not None and found.fact is not None else None


def populated(host: str, mesh: Mesh) -> bool:
    """Whether the repository defines Services in the namespace of a cluster host; of others nothing is known."""
    parts = host.split(".")
    return len(parts) > 2 and parts[2] == "svc" and parts[1] in remembered(mesh, _namespaces)


def _namespaces(mesh: Mesh) -> frozenset[str]:
    return frozenset(s.namespace for s in mesh.services.values() if s.fact is not None)


def entries_of_host(host: str, mesh: Mesh) -> tuple[ServiceEntry, ...]:
    """ServiceEntries that name a host, exactly or by wildcard."""
    return tuple(e for e in mesh.all(ServiceEntry) if any(host_matches(h.lower(), host) for h in e.hosts))


def exported_to(export_to: tuple[str, ...] | None, default: tuple[str, ...], owner: str, namespace: str) -> bool:
    """Whether an object of ``owner`` is visible in ``namespace`` (push_context.go:1797-1832)."""
    scopes = export_to if export_to else default
    if "*" in scopes:
        return True
    return "~" not in scopes and any(namespace == (owner if scope == "." else scope) for scope in scopes)
