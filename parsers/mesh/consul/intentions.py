"""Consul ``ServiceIntentions``: who may call a service.

Source: hashicorp/consul-k8s control-plane/api/v1alpha1/serviceintentions_types.go.
Shape: sources in document order; the destination is a field, not the object's name.
Errors: none; what is not modelled is a diagnostic.
"""

from __future__ import annotations

from collections.abc import Iterator

from parsers.facts.consul import IntentionPermission, IntentionSource, ServiceIntentions
from parsers.mesh.consul.matches import match
from parsers.metadata import meta
from parsers.yamltree import Node


def service_intentions(doc: Node) -> Iterator[ServiceIntentions]:
    """Read one ServiceIntentions."""
    spec, found = doc.at("spec"), meta(doc)
    destination = spec.at("destination")
    destination.ignore("namespace")
    if found is not None:
        yield ServiceIntentions(
            meta=found,
            destination=destination.at("name").text(""),
            sources=tuple(_source(s) for s in spec.at("sources").items()),
            jwt=_jwt(spec),
            span=doc.span,
        )


def _source(node: Node) -> IntentionSource:
    node.ignore("namespace", "partition", "peer", "samenessGroup", "description", "type", "precedence")
    permissions = tuple(
        IntentionPermission(
            action=p.at("action").text("deny"),
            match=match(p.at("http")),
            jwt=_jwt(p),
            span=p.span,
        )
        for p in node.at("permissions").items()
    )
    return IntentionSource(node.at("name").text(""), node.at("action").text(None), permissions, node.span)


def _jwt(node: Node) -> bool:
    token = node.at("jwt")
    token.ignore_rest()
    return bool(token)
