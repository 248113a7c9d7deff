"""Istio ``ServiceEntry`` and ``WorkloadEntry``: what is added to the registry by hand.

Source: istio/api networking/v1alpha3/{service_entry,workload_entry}.proto.
Shape: an absent ``location`` is MESH_EXTERNAL and an absent ``resolution`` NONE, the enums' zero values.
Errors: none; what is not modelled is a diagnostic.
"""

from __future__ import annotations

from collections.abc import Iterator

from parsers.facts import Labels
from parsers.facts.istio import ServiceEntry, WorkloadEntry
from parsers.mesh.istio.fields import match_labels, meta, optional_strings
from parsers.yamltree import Node


def service_entry(doc: Node) -> Iterator[ServiceEntry]:
    """Read one ServiceEntry."""
    spec = doc.at("spec")
    spec.ignore("subjectAltNames")
    yield ServiceEntry(
        meta=meta(doc),
        hosts=spec.at("hosts").strings(),
        addresses=spec.at("addresses").strings() or tuple(_allocated(doc)),
        ports=tuple(_port(p) for p in spec.at("ports").items()),
        location=spec.at("location").text("MESH_EXTERNAL"),
        resolution=spec.at("resolution").text("NONE"),
        endpoints=tuple(_endpoint(e) for e in spec.at("endpoints").items()),
        workload_selector=_selector(spec.at("workloadSelector")),
        export_to=optional_strings(spec.at("exportTo")),
        span=doc.span,
    )


def _allocated(doc: Node) -> Iterator[str]:
    """Addresses that the control plane gave it, where an object was copied out of a cluster."""
    given = doc.at("status", "addresses") if doc.at("status").is_mapping else doc.at("status")
    for address in given.items() if given.is_sequence else ():
        if address.is_mapping:
            yield address.at("value").written()


def _selector(node: Node) -> Labels | None:
    """A ServiceEntry's selector says ``labels`` where others say ``matchLabels``."""
    labels = node.at("labels")
    return labels.labels() if labels else match_labels(node)


def _port(node: Node) -> tuple[int, str, str]:
    node.ignore("targetPort")
    return (node.at("number").integer(0), node.at("protocol").text("").upper(), node.at("name").text(""))


def _endpoint(node: Node) -> str:
    node.ignore("ports", "labels", "network", "locality", "weight", "serviceAccount")
    return node.at("address").text("")


def workload_entry(doc: Node) -> Iterator[WorkloadEntry]:
    """Read one WorkloadEntry."""
    spec = doc.at("spec")
    spec.ignore("ports", "network", "locality", "weight")
    yield WorkloadEntry(
        meta=meta(doc),
        address=spec.at("address").text(""),
        labels=spec.at("labels").labels(),
        service_account=spec.at("serviceAccount").text(None),
        span=doc.span,
    )
