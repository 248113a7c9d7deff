"""mTLS: what a port accepts, what a client's sidecar sends, and who arrives without an identity.

Source: istio/istio pilot/pkg/security/authn/policy_applier.go:398-470, pilot/pkg/model/authentication.go:106-181
(server); pilot/pkg/networking/core/cluster_tls.go:419-473, pilot/pkg/xds/endpoints/mtls_checker.go:35-118 (client).
Shape: modes are ``STRICT``, ``PERMISSIVE`` and ``DISABLE``. Ports are the workload's.
Where two objects compete, the oldest wins in a cluster; a repository has no ages, so the first by name is taken.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from analyzer.findings import Evidence
from analyzer.linking.mesh import Mesh, Pod, ServiceNode
from parsers.facts.istio import PeerAuthentication

#: What a port accepts where nothing says otherwise.
DEFAULT_MODE = "PERMISSIVE"


@dataclass(frozen=True, slots=True)
class ServerMode:
    """What a workload's port accepts, and the document that says so."""

    mode: str
    because: Evidence


def server_mode(target: Pod | ServiceNode, port: int | None, mesh: Mesh) -> ServerMode:
    """The mode of a port of a pod; of a service, of its first pod. ``port`` ``None``: where no port is excepted."""
    pod = target if isinstance(target, Pod) else target.pods[0] if target.pods else None
    namespace = target.namespace
    for policy, is_workload in _applying(pod, namespace, mesh):
        modes = dict(policy.port_modes) if is_workload and policy.selector else {}
        for mode in (modes.get(port) if port is not None else None, policy.mode):
            if mode not in {None, "", "UNSET"}:
                name = f"{policy.meta.ns}/{policy.meta.name}"
                return ServerMode(str(mode), Evidence(f"PeerAuthentication {name}: {mode}", policy.span))
    return ServerMode(DEFAULT_MODE, Evidence("no PeerAuthentication: PERMISSIVE, plaintext and mTLS are taken"))


def _applying(pod: Pod | None, namespace: str, mesh: Mesh) -> Iterator[tuple[PeerAuthentication, bool]]:
    """The policies from the narrowest to the widest, with whether it is the workload's own.

    A selector in the root namespace has no effect (policy_applier.go:421).
    """
    policies = mesh.all(PeerAuthentication)
    root = mesh.root_namespace
    own = [p for p in policies if p.selector and p.meta.ns == namespace and namespace != root]
    selecting = [p for p in own if pod is not None and pod.labels.contains(p.selector or {})]
    yield from ((p, True) for p in selecting[:1])
    wide = [p for p in policies if not p.selector]
    yield from ((p, False) for p in [p for p in wide if p.meta.ns == namespace and namespace != root][:1])
    yield from ((p, False) for p in [p for p in wide if p.meta.ns == root][:1])
