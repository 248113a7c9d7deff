"""Argo Rollouts: in which steps a new version gets traffic, and what is measured between them.

Source: argoproj/argo-rollouts pkg/apis/rollouts/v1alpha1/types.go, utils/replicaset/canary.go:559-580.
Units: weights in per cent; a pause is in seconds where it is a number (or digits), else a Go duration.
Shape: one ``Rollout`` beside the ``Workload`` that the Kubernetes dialect reads of the same document.
Errors: none; what is not modelled is a diagnostic.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from parsers.facts.delivery import AnalysisTemplate, Rollout, RolloutStep
from parsers.mesh import Dialect
from parsers.metadata import meta
from parsers.quantities import go_duration_s
from parsers.yamltree import Node

GROUP = "argoproj.io"
_STEPS = (
    "setWeight", "pause", "analysis", "experiment", "setCanaryScale", "setHeaderRoute", "setMirrorRoute", "plugin",
    "replicaProgressThreshold",
)  # fmt: skip
#: How pods are replaced, labelled and scaled: no weight and no measurement.
_POD_MATTERS = (
    "abortScaleDownDelaySeconds", "antiAffinity", "canaryMetadata", "dynamicStableScale", "maxSurge", "maxUnavailable",
    "minPodsPerReplicaSet", "pingPong", "scaleDownDelayRevisionLimit", "scaleDownDelaySeconds", "stableMetadata",
    "replicaProgressThreshold",
)  # fmt: skip
_GREEN_MATTERS = (
    "abortScaleDownDelaySeconds", "activeMetadata", "antiAffinity", "autoPromotionSeconds", "maxUnavailable",
    "previewMetadata", "previewReplicaCount", "scaleDownDelayRevisionLimit", "scaleDownDelaySeconds",
)  # fmt: skip


def _rollout(doc: Node) -> Iterator[Rollout]:
    spec, found = doc.at("spec"), meta(doc)
    for part in ("workloadRef", "analysis"):
        spec.at(part).ignore_rest()
    strategy = spec.at("strategy")
    canary, green = strategy.at("canary"), strategy.at("blueGreen")
    canary.ignore(*_POD_MATTERS)
    green.ignore(*_GREEN_MATTERS)
    if found is None:
        return
    routing = canary.at("trafficRouting")
    services = (
        *(canary.at(f"{which}Service") for which in ("stable", "canary")),
        *(green.at(f"{which}Service") for which in ("active", "preview")),
    )
    yield Rollout(
        meta=found,
        strategy="blueGreen" if green else "canary" if strategy.has("canary") else "",
        steps=tuple(_step(s) for s in canary.at("steps").items()),
        background=(
            *_templates(canary.at("analysis")),
            *_templates(green.at("prePromotionAnalysis")),
            *_templates(green.at("postPromotionAnalysis")),
        ),
        routers=tuple(_routers(routing)),
        routes=tuple(_routes(routing)),
        services=tuple(name for s in services if (name := s.text(None))),
        auto_promotion=green.at("autoPromotionEnabled").boolean(default=True),
        max_weight=routing.at("maxTrafficWeight").count(100),
        span=doc.span,
        strategy_span=(strategy or doc).span,
    )


def _step(node: Node) -> RolloutStep:
    kind = next((k for k in _STEPS if node.has(k)), "")
    pause = node.at("pause", "duration")
    templates = tuple(_templates(node.at("analysis")))
    for other in ("experiment", "setCanaryScale", "setHeaderRoute", "setMirrorRoute", "plugin"):
        node.at(other).ignore_rest()
    node.at("replicaProgressThreshold").ignore_rest()
    return RolloutStep(kind, node.at("setWeight").count(None), _pause(pause), templates, node.span)


def _pause(node: Node) -> float | None:
    written = node.scalar(None)
    if written is None:
        return None
    seconds = float(written) if written.isdecimal() else go_duration_s(written)
    if seconds is None:
        node.invalid(f"{written!r} is not a duration such as 10m, nor a number of seconds")
    return seconds


def _templates(node: Node) -> Iterator[str]:
    """The templates an analysis runs; how long their runs are kept does not matter."""
    node.ignore("args", "startingStep", "dryRun", "measurementRetention", "analysisRunMetadata")
    for template in node.at("templates").items():
        template.ignore("clusterScope")
        yield template.at("templateName").text("")
    if older := node.at("templateName").text(None):
        yield older


def _routers(node: Node) -> Iterator[str]:
    """Who moves the traffic; ``plugins`` by their own names."""
    for name, _ in node.names():
        if name == "plugins":
            yield from (plugin for plugin, _ in node.at("plugins").names())
        elif name not in ("managedRoutes", "maxTrafficWeight"):
            yield name
    for opaque in ("nginx", "alb", "smi", "traefik", "apisix", "ambassador", "appMesh", "managedRoutes"):
        node.at(opaque).ignore_rest()


def _routes(node: Node) -> Iterator[str]:
    """VirtualServices and HTTPRoutes whose weights the controller writes."""
    istio = node.at("istio")
    istio.at("destinationRule").ignore("name", "canarySubsetName", "stableSubsetName")
    for service in (istio.at("virtualService"), *istio.at("virtualServices").items()):
        service.ignore("routes", "tlsRoutes", "tcpRoutes")
        if name := service.at("name").text(None):
            yield name
    for plugin, _ in tuple(node.at("plugins").names()):
        own = node.at("plugins", plugin)
        own.ignore_rest()
        for kind in ("httpRoute", "grpcRoute"):
            if own.is_mapping and (name := own.at(kind).text(None)):
                yield name
        for kind in ("httpRoutes", "grpcRoutes"):
            for route in own.at(kind).items() if own.is_mapping else ():
                if name := route.at("name").text(None):
                    yield name


def _analysis_template(doc: Node) -> Iterator[AnalysisTemplate]:
    spec, found = doc.at("spec"), meta(doc)
    spec.ignore("args", "dryRun", "measurementRetention", "templates")
    names: list[str] = []
    judged: list[str] = []
    for metric in spec.at("metrics").items():
        metric.ignore_rest()
        names.append(metric.at("name").text(""))
        if metric.at("successCondition") or metric.at("failureCondition") or metric.at("provider", "job"):
            judged.append(names[-1])
    if found is not None:
        cluster = doc.at("kind").written() == "ClusterAnalysisTemplate"
        yield AnalysisTemplate(found, cluster, tuple(names), tuple(judged), doc.span)


_READERS: dict[str, Callable[[Node], Iterator[object]]] = {
    "Rollout": _rollout,
    "AnalysisTemplate": _analysis_template,
    "ClusterAnalysisTemplate": _analysis_template,
}


def _parse(doc: Node) -> Iterator[object]:
    yield from _READERS[doc.at("kind").written()](doc)


ARGO_ROLLOUTS = Dialect("argo-rollouts", frozenset((GROUP, k) for k in _READERS), _parse)
