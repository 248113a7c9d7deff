"""Flagger: what a canary looks at before it gets more traffic. Its routes are read by the dialect of their provider.

Source: fluxcd/flagger pkg/apis/flagger/v1beta1/canary.go, pkg/controller/scheduler.go:43-86.
Units: weights in per cent; durations in seconds (Go's grammar).
Shape: one fact a document; ``canaryAnalysis`` is the older name of ``analysis``.
Errors: none; what is not modelled is a diagnostic.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from parsers.facts.delivery import Canary, CanaryAnalysis, CanaryHook, CanaryMetric, MetricTemplate
from parsers.mesh import Dialect
from parsers.metadata import meta
from parsers.yamltree import Node

GROUP = "flagger.app"

#: Names, ports and metadata of the objects that Flagger makes: they add no call and repeat none.
_NO_MATTER = (
    "appProtocol", "portDiscovery", "portName", "meshName", "apex", "primary", "canary", "corsPolicy",
    "unmanagedMetadata",
)  # fmt: skip


def _canary(doc: Node) -> Iterator[Canary]:
    spec, found = doc.at("spec"), meta(doc)
    spec.ignore(
        "autoscalerRef", "progressDeadlineSeconds", "revertOnDeletion", "suspend", "metricsServer", "upstreamRef"
    )
    for reference in ("ingressRef", "routeRef", "gatewayRef"):
        spec.at(reference).ignore("apiVersion", "kind", "name")
    target = spec.at("targetRef")
    target.ignore("apiVersion")
    service = spec.at("service")
    service.ignore(*_NO_MATTER)
    analysis = spec.at("analysis") or spec.at("canaryAnalysis")
    if found is not None:
        name = target.at("name").text("")
        yield Canary(
            meta=found,
            target=(target.at("kind").text("Deployment"), name),
            apex=service.at("name").text("") or name,
            provider=spec.at("provider").text(None),
            skip_analysis=spec.at("skipAnalysis").boolean(default=False),
            analysis=_analysis(analysis) if analysis else None,
            retries=bool(service.at("retries")),
            span=doc.span,
        )


def _analysis(node: Node) -> CanaryAnalysis:
    node.ignore(
        "alerts", "mirrorWeight", "primaryReadyThreshold", "canaryReadyThreshold", "stepWeightPromotion",
        "sessionAffinity", "maxConcurrency",
    )  # fmt: skip
    node.at("match").ignore_rest()
    return CanaryAnalysis(
        interval_s=node.at("interval").duration_s(None),
        threshold=node.at("threshold").count(None),
        max_weight=node.at("maxWeight").count(None),
        step_weight=node.at("stepWeight").count(None),
        step_weights=tuple(w for item in node.at("stepWeights").items() if (w := item.count(None)) is not None),
        iterations=node.at("iterations").count(None),
        matched=bool(node.at("match")),
        mirror=node.at("mirror").boolean(default=False),
        metrics=tuple(_metric(m) for m in node.at("metrics").items()),
        hooks=tuple(_hook(h) for h in node.at("webhooks").items()),
        span=node.span,
    )


def _metric(node: Node) -> CanaryMetric:
    node.ignore("interval", "query", "templateVariables")
    template, bounds = node.at("templateRef"), node.at("thresholdRange")
    template.ignore("namespace")
    bounds.ignore("min", "max")
    return CanaryMetric(
        name=node.at("name").text(""),
        template=template.at("name").text(None),
        bounded=bounds.has("min") or bounds.has("max") or bool(node.at("threshold")),
        span=node.span,
    )


def _hook(node: Node) -> CanaryHook:
    node.ignore("url", "timeout", "metadata", "muteAlert", "retries", "disableTLS")
    return CanaryHook(node.at("name").text(""), node.at("type").text("rollout"), node.span)


def _metric_template(doc: Node) -> Iterator[MetricTemplate]:
    found, provider = meta(doc), doc.at("spec", "provider")
    doc.at("spec").ignore("query")
    provider.ignore("address", "secretRef", "region", "insecureSkipVerify", "headers")
    if found is not None:
        yield MetricTemplate(found, provider.at("type").text(None), doc.span)


def _irrelevant(doc: Node) -> Iterator[object]:
    """Where alerts are sent to changes no call and no weight."""
    doc.ignore_rest()
    return iter(())


_READERS: dict[str, Callable[[Node], Iterator[object]]] = {
    "Canary": _canary,
    "MetricTemplate": _metric_template,
    "AlertProvider": _irrelevant,
}


def _parse(doc: Node) -> Iterator[object]:
    yield from _READERS[doc.at("kind").written()](doc)


FLAGGER = Dialect("flagger", frozenset((GROUP, k) for k in _READERS), _parse, frozenset({GROUP}))
