"""Whether a pod is in the mesh, and how: by sidecar, by ambient, or not at all.

Source: istio/istio manifests/charts/istio-control/istio-discovery/templates/mutatingwebhook.yaml,
pkg/kube/inject/inject.go:201-291 (sidecars); cni/pkg/util/enablement_selector.go:81-97 (ambient).
Shape: one ``Membership`` with the line that decides. Where a repository holds Istio resources and says nothing about
injection anywhere, sidecars are assumed and the evidence says so (docs/decisions/0003-assumed-injection.md).
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.findings import Evidence
from analyzer.linking.mesh import Mesh, Pod, ServiceNode
from analyzer.semantics import Membership
from analyzer.semantics.istio.memory import remembered
from parsers.facts import NO_LABELS
from parsers.facts.istio import (
    AuthorizationPolicy,
    DestinationRule,
    EnvoyFilter,
    Gateway,
    MeshConfig,
    MeshVersion,
    PeerAuthentication,
    RequestAuthentication,
    ServiceEntry,
    Sidecar,
    Telemetry,
    VirtualService,
    WorkloadEntry,
)
from parsers.facts.kubernetes import Namespace
from parsers.source import Span

SIDECAR = "istio-sidecar"
AMBIENT = "istio-ambient"
INJECTION = "istio-injection"
REVISION = "istio.io/rev"
INJECT = "sidecar.istio.io/inject"
DATAPLANE = "istio.io/dataplane-mode"
USE_WAYPOINT = "istio.io/use-waypoint"

#: Never injected, whatever their labels say (inject.go, IgnoredNamespaces).
SYSTEM_NAMESPACES = frozenset({"kube-system", "kube-public", "kube-node-lease", "local-path-storage"})

RESOURCES: tuple[type, ...] = (
    VirtualService,
    DestinationRule,
    AuthorizationPolicy,
    PeerAuthentication,
    RequestAuthentication,
    Gateway,
    ServiceEntry,
    Sidecar,
    EnvoyFilter,
    Telemetry,
    WorkloadEntry,
    MeshConfig,
    MeshVersion,
)


def member(pod: Pod, mesh: Mesh) -> Membership | None:
    """The pod's place in the mesh, or ``None``."""
    if pod.fact is not None and pod.fact.kind == "ComposeService":
        return None
    if (own := _own_proxy(pod)) is not None:
        return own
    if (pod.fact is not None and pod.fact.host_network) or pod.namespace in SYSTEM_NAMESPACES:
        return None
    return _injected(pod, mesh) or _ambient(pod, mesh) or _assumed(pod, mesh)


def pods_of(service: ServiceNode) -> tuple[Pod, ...]:
    """A service's pods; where no workload is defined here, one that carries at least what the Service selects."""
    if service.pods or service.external:
        return service.pods
    labels = service.fact.selector if service.fact is not None else NO_LABELS
    return (Pod(service.id, service.namespace, service.name, labels, NO_LABELS, "default", None, None),)


def service_membership(service: ServiceNode, mesh: Mesh) -> Membership | None:
    """The membership of a service's pods: of the first that has one."""
    return next((m for p in pods_of(service) if (m := member(p, mesh)) is not None), None)


def _own_proxy(pod: Pod) -> Membership | None:
    """The manifest carries the proxy itself: injected by hand, or a gateway."""
    for container in pod.fact.containers if pod.fact else ():
        if container.name == "istio-proxy":
            return Membership(SIDECAR, Evidence("the pod carries the container istio-proxy itself", container.span))
    return None


def _injected(pod: Pod, mesh: Mesh) -> Membership | None:
    """The webhook's selectors, then ``injectRequired``: labels are those of the pod template."""
    wish = pod.labels.get(INJECT)
    if wish == "false" or (wish is None and pod.annotations.get(INJECT) == "false"):
        return None
    labels = mesh.namespace_labels(pod.namespace)
    namespace = mesh.namespaces.get(pod.namespace)
    where = namespace.span if namespace else None
    if INJECTION in labels:
        if labels[INJECTION] != "enabled":
            return None
        return Membership(SIDECAR, Evidence(f"namespace {pod.namespace} is labelled {INJECTION}=enabled", where))
    if REVISION in labels:
        said = f"namespace {pod.namespace} is labelled {REVISION}={labels[REVISION]}"
        return Membership(SIDECAR, Evidence(said, where))
    if wish == "true":
        return Membership(SIDECAR, Evidence(f"the pod template is labelled {INJECT}=true", pod.span))
    if REVISION in pod.labels:
        return Membership(
            SIDECAR, Evidence(f"the pod template is labelled {REVISION}={pod.labels[REVISION]}", pod.span)
        )
    config = mesh.config
    if config is not None and config.inject_by_default and pod.namespace != mesh.root_namespace:
        return Membership(SIDECAR, Evidence("enableNamespacesByDefault injects every namespace", config.span))
    return None


def _ambient(pod: Pod, mesh: Mesh) -> Membership | None:
    labels = mesh.namespace_labels(pod.namespace)
    own = pod.labels.get(DATAPLANE)
    if "sidecar.istio.io/status" in pod.annotations or own == "none":
        return None
    if own == "ambient":
        return Membership(AMBIENT, Evidence(f"the pod template is labelled {DATAPLANE}=ambient", pod.span))
    if labels.get(DATAPLANE) == "ambient":
        namespace = mesh.namespaces.get(pod.namespace)
        said = f"namespace {pod.namespace} is labelled {DATAPLANE}=ambient"
        return Membership(AMBIENT, Evidence(said, namespace.span if namespace else None))
    return None


# ------------------------------------------------------------------------------------------------------ assumptions


def _assumed(pod: Pod, mesh: Mesh) -> Membership | None:
    """Nothing says that the pod is injected: assume it where the repository leaves that to be said elsewhere."""
    if _refuses(pod, mesh) or pod.namespace == mesh.root_namespace:
        return None
    resource = next(_resources(mesh), None)
    if resource is None:
        return None
    if stated := statement(mesh):
        local = None if mesh.namespaces.get(pod.namespace) else next(_resources(mesh, pod.namespace), None)
        if local is None:
            return None
        why = f"namespace {pod.namespace} is not defined here ({stated.text}), but Istio configuration for it is"
        return Membership(SIDECAR, Evidence(f"assumed to have a sidecar: {why}", _span(local)))
    kind = AMBIENT if remembered(mesh, _waypoints) else SIDECAR
    what = "to be in ambient" if kind == AMBIENT else "to have a sidecar"
    why = "the repository holds Istio configuration and no label about injection"
    return Membership(kind, Evidence(f"assumed {what}: {why}", _span(resource)))


def _refuses(pod: Pod, mesh: Mesh) -> bool:
    """Whether a label or annotation says no in so many words."""
    labels = mesh.namespace_labels(pod.namespace)
    return (
        pod.labels.get(INJECT) == "false"
        or pod.annotations.get(INJECT) == "false"
        or labels.get(INJECTION, "enabled") != "enabled"
        or pod.labels.get(DATAPLANE) == "none"
    )


def statement(mesh: Mesh) -> Evidence | None:
    """The first place that switches injection on for anything; where there is none, nothing is known of it."""
    return remembered(mesh, _statement)


def _statement(mesh: Mesh) -> Evidence | None:
    for namespace in mesh.all(Namespace):
        labels = namespace.meta.labels
        if labels.get(INJECTION) == "enabled" or REVISION in labels or labels.get(DATAPLANE) == "ambient":
            return Evidence(f"namespace {namespace.meta.name} is labelled for injection", namespace.span)
    for pod in mesh.pods.values():
        if pod.labels.get(INJECT) == "true" or REVISION in pod.labels or pod.labels.get(DATAPLANE) == "ambient":
            return Evidence(f"pod {pod.id} is labelled for injection", pod.span)
    config = mesh.config
    if config is not None and config.inject_by_default:
        return Evidence("enableNamespacesByDefault", config.span)
    return None


def _resources(mesh: Mesh, namespace: str | None = None) -> Iterator[object]:
    for kind in RESOURCES:
        for fact in mesh.facts.get(kind, ()):
            meta = getattr(fact, "meta", None)
            if namespace is None or (meta is not None and meta.ns == namespace):
                yield fact


def _waypoints(mesh: Mesh) -> bool:
    services = (s.fact.meta.labels for s in mesh.services.values() if s.fact is not None)
    namespaces = (n.meta.labels for n in mesh.all(Namespace))
    return any(labels.get(USE_WAYPOINT, "none") != "none" for labels in (*services, *namespaces))


def _span(fact: object) -> Span | None:
    span = getattr(fact, "span", None)
    return span if isinstance(span, Span) else None
