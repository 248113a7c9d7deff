"""Endpoints as Cilium labels them, and which of them an entry's peers take.

Source: cilium/cilium pkg/k8s/apis/cilium.io/utils/utils.go (getEndpointSelector: namespaces are added to selectors),
pkg/policy/api/{entity,selector}.go, pkg/labels (sources of labels).
Shape: three-valued; ``None`` where an address, a group elsewhere or a node decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address, ip_network

from analyzer.linking.memory import remembered
from analyzer.linking.mesh import Mesh, Pod
from analyzer.requestsets.matching import Answer, both, either
from parsers.facts import Labels, Requirement, Selector
from parsers.facts.cilium import Cidr, CiliumEntry

NAMESPACE = "io.kubernetes.pod.namespace"
NAMESPACE_LABELS = "io.cilium.k8s.namespace.labels."
ACCOUNT = "io.cilium.k8s.policy.serviceaccount"
_CLUSTER = "io.cilium.k8s.policy.cluster"
_NAME = "kubernetes.io/metadata.name"
_SOURCES = ("k8s:", "any:")
_RESERVED = "reserved:"
#: Entities that stand for pods of the cluster, and those that never do.
_PODS = frozenset({"all", "cluster"})
_OUTSIDE = frozenset({"all", "world", "world-ipv4", "world-ipv6"})


@dataclass(frozen=True, slots=True)
class End:
    """One end of a connection: a pod, an address outside, or (neither) nobody knows what. ``service`` is dialled."""

    pod: Pod | None = None
    ip: str | None = None
    service: str | None = None


def labels_of(pod: Pod, mesh: Mesh) -> Mapping[str, str]:
    """A pod's labels with those that Cilium adds."""
    around = {f"{NAMESPACE_LABELS}{k}": v for k, v in mesh.namespace_labels(pod.namespace).items()}
    return {
        **pod.labels,
        **around,
        f"{NAMESPACE_LABELS}{_NAME}": pod.namespace,
        NAMESPACE: pod.namespace,
        ACCOUNT: pod.service_account,
    }


def _bare(key: str) -> str:
    return next((key[len(s) :] for s in _SOURCES if key.startswith(s)), key)


class _Matching:
    """The pods that each selector takes, as far as it has been asked: each is held against all pods once."""

    def __init__(self, mesh: Mesh) -> None:
        self._mesh = mesh
        self._labels = {pod.id: labels_of(pod, mesh) for pod in mesh.pods.values()}
        self._taken: dict[tuple[Selector, str | None], frozenset[str]] = {}

    def taken(self, selector: Selector, namespace: str | None) -> frozenset[str]:
        """Ids of pods."""
        key = (selector, namespace)
        if key not in self._taken:
            wanted = _wanted(selector, namespace)
            self._taken[key] = frozenset(
                pod.id
                for pod in self._mesh.pods.values()
                if wanted is not None and _selects(wanted, pod, self._labels[pod.id])
            )
        return self._taken[key]


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A selector without sources of labels; ``namespace``: the only one it means, where it is one."""

    selector: Selector
    namespace: str | None


def selects(selector: Selector, pod: Pod, mesh: Mesh, namespace: str | None) -> bool:
    """Whether a selector takes a pod; ``namespace``: the policy's, ``None`` for one of the whole cluster.

    Unless it says something of namespaces itself, a policy's selector means its own namespace.
    """
    return pod.id in remembered(mesh, _Matching).taken(selector, namespace)


def selected(selector: Selector, mesh: Mesh, namespace: str | None) -> frozenset[str]:
    """Ids of the pods that a selector takes."""
    return remembered(mesh, _Matching).taken(selector, namespace)


def _wanted(selector: Selector, namespace: str | None) -> _Wanted | None:
    """``None`` where only what is no pod can have the labels."""
    keys = [*selector.match_labels, *(e.key for e in selector.match_expressions)]
    if any(k.startswith(_RESERVED) for k in keys):
        return None
    own = [_bare(k) for k in keys]
    scoped = any(k == NAMESPACE or k.startswith(NAMESPACE_LABELS) for k in own)
    bare = Selector(
        Labels({_bare(k): v for k, v in selector.match_labels.items() if _bare(k) != _CLUSTER}),
        tuple(
            Requirement(_bare(e.key), e.operator, e.values)
            for e in selector.match_expressions
            if _bare(e.key) != _CLUSTER
        ),
    )
    return _Wanted(bare, None if scoped else namespace)


def _selects(wanted: _Wanted, pod: Pod, labels: Mapping[str, str]) -> bool:
    if wanted.namespace is not None and pod.namespace != wanted.namespace:
        return False
    return not (pod.fact is not None and pod.fact.host_network) and wanted.selector.matches(labels)


def takes(entry: CiliumEntry, end: End, mesh: Mesh, namespace: str | None) -> Answer:
    """Whether an entry's peers take an end; an entry without peers and ports takes nobody: the way to deny all."""
    if entry.peerless:
        return entry.ports is not None or entry.icmp
    parts: list[Answer] = []
    if entry.endpoints is not None:
        parts.append(_endpoints(entry.endpoints, end, mesh, namespace))
    if entry.cidrs is not None:
        parts.append(_cidrs(entry.cidrs, end))
    if entry.entities is not None:
        parts.append(_entities(entry.entities, end))
    if entry.names is not None:
        parts.append(False if end.pod is not None else None)
    if entry.services is not None:
        parts.append(_services(entry.services, end, namespace))
    parts += [None for _ in entry.unmodelled]
    return both(parts)


def _endpoints(selectors: Iterable[Selector], end: End, mesh: Mesh, namespace: str | None) -> Answer:
    """An empty list selects nothing; an address outside is no endpoint."""
    pod = end.pod
    if pod is None:
        return False if end.ip is not None or not tuple(selectors) else None
    return any(selects(s, pod, mesh, namespace) for s in selectors)


def _cidrs(cidrs: Iterable[Cidr], end: End) -> Answer:
    """Addresses are never those of the cluster's own pods (policy-cidr-match-mode is empty by default)."""
    if end.pod is not None:
        return False
    return either(_holds(c, end.ip) for c in cidrs)


def _holds(block: Cidr, address: str | None) -> Answer:
    if block.cidr is None or address is None:
        return None
    try:
        where = ip_address(address)
        inside = where in ip_network(block.cidr, strict=False)
        return inside and not any(where in ip_network(e, strict=False) for e in block.excepts)
    except ValueError:
        return False


def _entities(entities: tuple[str, ...], end: End) -> Answer:
    if "all" in entities:
        return True
    if end.pod is not None:
        if end.pod.fact is not None and end.pod.fact.host_network:
            return any(e in ("cluster", "host", "remote-node") for e in entities)
        return any(e in _PODS for e in entities)
    if end.ip is not None:
        return True if any(e in _OUTSIDE for e in entities) else None
    return None if entities else False


def _services(services: Iterable[tuple[str | None, str]], end: End, namespace: str | None) -> Answer:
    if end.service is None:
        return None
    return any(f"{ns or namespace or 'default'}/{name}" == end.service for ns, name in services)
