"""Istio ``Sidecar``: which hosts a proxy is told of; never access control.

Source: istio/api networking/v1alpha3/sidecar.proto; istio/istio pilot/pkg/model/sidecar.go.
Shape: egress listeners in document order; ``None`` where the key is absent (then everything is imported).
Errors: none; what is not modelled is a diagnostic.
"""

from __future__ import annotations

from collections.abc import Iterator

from parsers.facts.istio import Sidecar, SidecarEgress
from parsers.mesh.istio.fields import match_labels, meta
from parsers.yamltree import Node


def sidecar(doc: Node) -> Iterator[Sidecar]:
    """Read one Sidecar; its inbound side only moves ports inside the pod."""
    spec = doc.at("spec")
    spec.ignore("ingress", "inboundConnectionPool")
    selector = spec.at("workloadSelector")
    labels = selector.at("labels")
    policy = spec.at("outboundTrafficPolicy")
    policy.ignore("egressProxy")
    egress = spec.at("egress")
    yield Sidecar(
        meta=meta(doc),
        selector=labels.labels() if labels else match_labels(selector),
        egress=tuple(_egress(e) for e in egress.items()) if egress else None,
        outbound_mode=policy.at("mode").text(None),
        span=doc.span,
    )


def _egress(node: Node) -> SidecarEgress:
    node.ignore("bind", "captureMode")
    node.at("port").ignore("protocol", "name", "targetPort")
    return SidecarEgress(hosts=node.at("hosts").strings(), port=node.at("port", "number").integer(None), span=node.span)
