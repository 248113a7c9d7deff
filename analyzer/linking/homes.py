"""As which service a pod is known, where several select it.

``reviews`` and ``reviews-v1`` select the same pods: one name for one program, or numbers would be counted apart. The
service named like the workload is the home, less words for a version or a role; then the widest, then the shorter name.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from analyzer.linking.mesh import Mesh, Pod, ServiceNode
from analyzer.linking.names import tokens

#: What tells the deployments of one program apart.
_ROLES = frozenset(["primary", "canary", "stable", "baseline", "blue", "green", "deploy", "deployment", "depl", "sts"])


def homes(mesh: Mesh) -> dict[str, ServiceNode]:
    """The service as which each pod is known, by pod id."""
    found: defaultdict[str, list[ServiceNode]] = defaultdict(list)
    for service in mesh.services.values():
        for pod in service.pods:
            found[pod.id].append(service)
    return {i: min(services, key=lambda s: _key(s, mesh.pods[i])) for i, services in sorted(found.items())}


def aliases(mesh: Mesh, known: Mapping[str, ServiceNode]) -> dict[str, str]:
    """Services all of whose pods are known as one other service: alias id -> that service's id."""
    found: dict[str, str] = {}
    for service in mesh.services.values():
        ids = {known[p.id].id for p in service.pods if p.id in known}
        if len(ids) == 1 and service.id not in ids:
            found[service.id] = ids.pop()
    return found


def _key(service: ServiceNode, pod: Pod) -> tuple[object, ...]:
    headless = service.fact is not None and service.fact.headless
    alike = _plain(service.name) == _plain(pod.name)
    return (headless, not alike, -len(service.pods), len(service.name), service.name)


def _plain(name: str) -> tuple[str, ...]:
    return tuple(t for t in tokens(name) if t not in _ROLES)
