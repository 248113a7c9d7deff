"""What a proxy is told of: the Sidecar resource that scopes it, and traffic that never reaches it.

Source: istio/istio pilot/pkg/model/sidecar.go:382-544, push_context.go:1176-1256; the annotations
traffic.sidecar.istio.io/*.
Shape: ``namespace/host`` patterns; ``None`` where nothing narrows what is imported. Scoping is no access control.
"""

from __future__ import annotations

from analyzer.linking.mesh import Mesh, Pod
from analyzer.semantics.istio.hosts import hosts_overlap
from parsers.facts.istio import Sidecar

_TRAFFIC = "traffic.sidecar.istio.io/"


def sidecar_of(pod: Pod, mesh: Mesh) -> Sidecar | None:
    """The Sidecar resource of a pod: one that selects it, its namespace's, the root namespace's."""
    every = mesh.all(Sidecar)
    own = [s for s in every if s.meta.ns == pod.namespace]
    selecting = [s for s in own if s.selector and pod.labels.contains(s.selector)]
    wide = [s for s in own if not s.selector]
    root = [s for s in every if s.meta.ns == mesh.root_namespace and not s.selector]
    return next(iter((*selecting, *wide, *root)), None)


def egress_of(sidecar: Sidecar | None, port: int | None) -> tuple[str, ...] | None:
    """The import patterns for a port; a listener with a port serves that one only."""
    if sidecar is None or sidecar.egress is None:
        return None
    return tuple(h for e in sidecar.egress if e.port is None or port is None or e.port == port for h in e.hosts)


def imports(patterns: tuple[str, ...], owner: str, client: str, host: str) -> bool:
    """Whether patterns of a client in ``client`` import ``host`` of an object in ``owner``; ``~ns/`` takes back."""
    taken = False
    for pattern in patterns:
        scope, _, name = pattern.partition("/")
        excluded = scope.startswith("~") and scope != "~"
        scope = scope.removeprefix("~") if excluded else scope
        if (scope in ("*", owner) or (scope == "." and owner == client)) and hosts_overlap(name.lower(), host):
            if excluded:
                return False
            taken = True
    return taken


def outbound_mode(sidecar: Sidecar | None, mesh: Mesh) -> str:
    """What happens to hosts that nobody knows (mesh.go:83: ALLOW_ANY)."""
    own = sidecar.outbound_mode if sidecar is not None else None
    return own or (mesh.config.outbound_mode if mesh.config else None) or "ALLOW_ANY"


def leaves_directly(pod: Pod, port: int | None) -> str | None:
    """The annotation by which traffic to a port goes round the caller's sidecar, if one does."""
    excluded = pod.annotations.get(f"{_TRAFFIC}excludeOutboundPorts", "")
    if port is not None and str(port) in _listed(excluded):
        return f"{_TRAFFIC}excludeOutboundPorts: {excluded}"
    if "0.0.0.0/0" in _listed(pod.annotations.get(f"{_TRAFFIC}excludeOutboundIPRanges", "")):
        return f"{_TRAFFIC}excludeOutboundIPRanges: 0.0.0.0/0"
    included = pod.annotations.get(f"{_TRAFFIC}includeOutboundIPRanges")
    if included is not None and not included.strip():
        return f"{_TRAFFIC}includeOutboundIPRanges is empty"
    return None


def arrives_directly(pod: Pod, port: int | None) -> str | None:
    """The annotation by which traffic to a workload's port goes round its own sidecar, if one does."""
    if port is None:
        return None
    excluded = pod.annotations.get(f"{_TRAFFIC}excludeInboundPorts", "")
    if str(port) in _listed(excluded):
        return f"{_TRAFFIC}excludeInboundPorts: {excluded}"
    included = pod.annotations.get(f"{_TRAFFIC}includeInboundPorts", "*")
    if included.strip() != "*" and str(port) not in _listed(included):
        return f"{_TRAFFIC}includeInboundPorts: {included}"
    return None


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())
