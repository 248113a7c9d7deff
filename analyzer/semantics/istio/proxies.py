"""Which waypoint stands before a service in ambient.

Source: istio/istio pilot/pkg/serviceregistry/ambient/waypoints.go:82-212.
Shape: namespace and name of the waypoint, which are also its identity's; that its Gateway exists is not checked.
"""

from __future__ import annotations

from analyzer.linking.mesh import Mesh, Pod, ServiceNode
from parsers.facts import NO_LABELS

_WAYPOINT = "istio.io/use-waypoint"


def waypoint_of(service: ServiceNode, pod: Pod, mesh: Mesh) -> tuple[str, str] | None:
    """Namespace and name of the waypoint of requests to the service; ``none`` opts out."""
    own = service.fact.meta.labels if service.fact else NO_LABELS
    for labels in (own, pod.labels, mesh.namespace_labels(service.namespace)):
        if name := labels.get(_WAYPOINT):
            return None if name == "none" else (labels.get(f"{_WAYPOINT}-namespace", service.namespace), name)
    return None
