"""TM013: a canary gets more traffic without anything that looks at it.

Weights alone only decide how many users meet a bad version first. What makes a canary safe is that error rate and
latency are measured at each step, and that a bad value takes the version back: by Flagger's ``analysis`` with metrics
that have a threshold, or by an analysis of Argo Rollouts. Weights in a VirtualService or HTTPRoute that no controller
owns are moved by hand, at whatever hour somebody thinks of it.

Fix: let Flagger or Argo Rollouts move the weights, with at least one metric that can fail.

Source: docs/standards.md, Canary; fluxcd/flagger pkg/controller/scheduler.go (``skipAnalysis``, metrics);
argoproj/argo-rollouts docs/features/analysis.md.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.context import Context
from analyzer.findings import Confidence, Finding, Severity
from analyzer.rules import Rule
from parsers.facts.delivery import Canary, Rollout
from parsers.facts.gateway_api import KubernetesRoute
from parsers.facts.istio import VirtualService
from parsers.source import Span


def _check(context: Context) -> Iterator[Finding]:
    for canary in context.mesh.all(Canary):
        yield from _flagger(canary)
    for rollout in context.mesh.all(Rollout):
        yield from _rollout(rollout)
    yield from _by_hand(context)


def _flagger(canary: Canary) -> Iterator[Finding]:
    subject, analysis = f"{canary.meta.ns}/{canary.apex}", canary.analysis
    if canary.skip_analysis or analysis is None:
        why = "skipAnalysis is set" if canary.skip_analysis else "it has no analysis"
        yield RULE.at(canary.span, f"Flagger promotes every version of {subject} unseen: {why}", subject=subject)
    elif not analysis.metrics:
        hooks = ", ".join(h.name or h.kind for h in analysis.hooks if h.kind != "event")
        besides = f"; only {hooks} can stop it" if hooks else ""
        yield RULE.at(
            analysis.span,
            f"the canary of {subject} is moved by time alone: its analysis has no metrics{besides}",
            subject=subject,
            severity=Severity.NOTE if hooks else None,
        )
    elif not any(m.bounded for m in analysis.metrics):
        names = ", ".join(m.name for m in analysis.metrics)
        yield RULE.at(
            analysis.span,
            f"no metric of the canary of {subject} has a threshold, so none can fail: {names}",
            subject=subject,
        )


def _rollout(rollout: Rollout) -> Iterator[Finding]:
    subject = f"{rollout.meta.ns}/{rollout.meta.name}"
    if rollout.strategy == "canary" and rollout.weights and not rollout.analysed:
        steps = " -> ".join(f"{w} %" for w in rollout.weights)
        manual = any(s.kind == "pause" and s.duration_s is None for s in rollout.steps)
        who = "somebody has to look and go on" if manual else "time alone decides"
        yield RULE.at(
            rollout.strategy_span,
            f"the canary of {subject} goes {steps} and nothing is measured on the way: {who}",
            subject=subject,
        )


def _by_hand(context: Context) -> Iterator[Finding]:
    """Canaries of routes that no controller writes, as far as the repository says."""
    owned = {*_owned_by_rollouts(context), *((c.meta.ns, c.apex) for c in context.mesh.all(Canary))}
    for namespace, name, kind, span in (*_virtual_services(context), *_kubernetes_routes(context)):
        if (namespace, name) not in owned:
            yield RULE.at(
                span,
                f"the weights of {kind} {namespace}/{name} are moved by hand: no Flagger Canary and no Argo Rollout "
                "of this repository owns them, so no metric decides",
                subject=f"{namespace}/{name}",
                severity=Severity.NOTE,
                confidence=Confidence.MEDIUM,
            )


def _owned_by_rollouts(context: Context) -> Iterator[tuple[str, str]]:
    for rollout in context.mesh.all(Rollout):
        for route in rollout.routes:
            namespace, _, name = route.rpartition("/")
            yield (namespace or rollout.meta.ns, name)


def _virtual_services(context: Context) -> Iterator[tuple[str, str, str, Span]]:
    for service in context.mesh.all(VirtualService):
        for route in service.http:
            shared = [d for d in route.destinations if d.weight]
            if len(shared) > 1 and len({d.host for d in shared}) == 1:
                yield service.meta.ns, service.meta.name, "VirtualService", route.span
                break


def _kubernetes_routes(context: Context) -> Iterator[tuple[str, str, str, Span]]:
    """Two backends with a share each: which of them is the new version only people know."""
    for route in context.mesh.all(KubernetesRoute):
        for rule in route.rules:
            if len([b for b in rule.backends if b.weight]) > 1:
                yield route.meta.ns, route.meta.name, route.kind, rule.span
                break


RULE = Rule("TM013", "canary-analysis", Severity.WARNING, _check)
