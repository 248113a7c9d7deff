"""Istio kinds of which only the existence matters: ``EnvoyFilter`` and ``Telemetry``.

Source: istio/api networking/v1alpha3/envoy_filter.proto, telemetry/v1alpha1/telemetry.proto.
Shape: an EnvoyFilter is opaque: ``applies_to`` lists what its patches touch, and answers there are less sure.
Errors: none.
"""

from __future__ import annotations

from collections.abc import Iterator

from parsers.facts import Selector
from parsers.facts.istio import EnvoyFilter, Telemetry
from parsers.mesh.istio.fields import match_labels, meta
from parsers.yamltree import Node


def envoy_filter(doc: Node) -> Iterator[EnvoyFilter]:
    """Read one EnvoyFilter."""
    spec = doc.at("spec")
    spec.ignore("priority", "targetRefs")
    selector = spec.at("workloadSelector")
    labels = selector.at("labels")
    touched = []
    for patch in spec.at("configPatches").items():
        patch.ignore("match", "patch")
        touched.append(patch.at("applyTo").text(""))
    yield EnvoyFilter(
        meta=meta(doc),
        selector=labels.labels() if labels else match_labels(selector),
        applies_to=tuple(dict.fromkeys(touched)),
        span=doc.span,
    )


def telemetry(doc: Node) -> Iterator[Telemetry]:
    """Read one Telemetry."""
    spec = doc.at("spec")
    spec.ignore("targetRefs", "targetRef")
    labels = match_labels(spec.at("selector"))
    names: list[str] = []
    for concern in ("tracing", "metrics", "accessLogging"):
        for entry in spec.at(concern).items():
            entry.ignore(
                "match", "disabled", "filter", "overrides", "randomSamplingPercentage", "disableSpanReporting",
                "customTags", "useRequestIdForTraceSampling", "enableIstioTags", "reportingInterval",
                "disableContextPropagation",
            )  # fmt: skip
            names += [p.at("name").text("") for p in entry.at("providers").items()]
    yield Telemetry(
        meta=meta(doc),
        selector=Selector(labels) if labels is not None else None,
        providers=tuple(dict.fromkeys(names)),
        span=doc.span,
    )


def wasm_plugin(doc: Node) -> Iterator[EnvoyFilter]:
    """Read one WasmPlugin: as opaque as an EnvoyFilter on the proxies it selects."""
    doc.at("spec").ignore_rest()
    yield EnvoyFilter(
        meta=meta(doc),
        selector=match_labels(doc.at("spec", "selector")),
        applies_to=("WASM_PLUGIN",),
        span=doc.span,
    )


def irrelevant(doc: Node) -> Iterator[object]:
    """A kind that changes no call and no verdict modelled here (templates of machines, resources of proxies)."""
    doc.ignore_rest()
    yield from ()
