"""Which proxy stands before a pod, as far as its access is concerned, and which waypoint before a service.

Source: istio/istio manifests/charts/istio-control/istio-discovery/templates/mutatingwebhook.yaml,
pkg/kube/inject/inject.go:201-291 (sidecars); cni/pkg/util/enablement_selector.go:81-97 (ambient);
pilot/pkg/serviceregistry/ambient/waypoints.go:82-212 (waypoints).
Shape: namespaces are often labelled by hand, outside the repository; where nothing is said either way, a pod is taken
to have a sidecar, since policies are written for it.
"""

from __future__ import annotations

from enum import Enum

from analyzer.linking.mesh import Mesh, Pod, ServiceNode
from parsers.facts import NO_LABELS

_INJECT = "sidecar.istio.io/inject"
_MODE = "istio.io/dataplane-mode"
_WAYPOINT = "istio.io/use-waypoint"


class Proxy(Enum):
    """What stands before a pod."""

    NONE = "none"
    SIDECAR = "sidecar"
    AMBIENT = "ambient"


def proxy_of(pod: Pod, mesh: Mesh) -> Proxy:
    """The proxy that enforces policies for the pod."""
    namespace = mesh.namespace_labels(pod.namespace)
    if pod.fact is not None and pod.fact.host_network:
        return Proxy.NONE
    if pod.labels.get(_MODE, namespace.get(_MODE)) == "ambient":
        return Proxy.AMBIENT
    if pod.labels.get(_INJECT, pod.annotations.get(_INJECT)) == "false":
        return Proxy.NONE
    if namespace.get("istio-injection", "enabled") != "enabled":
        return Proxy.NONE
    return Proxy.SIDECAR


def waypoint_of(service: ServiceNode, pod: Pod, mesh: Mesh) -> tuple[str, str] | None:
    """Namespace and name of the waypoint of requests to the service; ``none`` opts out."""
    own = service.fact.meta.labels if service.fact else NO_LABELS
    for labels in (own, pod.labels, mesh.namespace_labels(service.namespace)):
        if name := labels.get(_WAYPOINT):
            return None if name == "none" else (labels.get(f"{_WAYPOINT}-namespace", service.namespace), name)
    return None
