"""AD003: a sidecar without resource requests and limits of its own.

A sidecar competes with the application for processor time and memory. Setting any one of the four annotations drops
all of the chart's defaults (requests of 100m and 128Mi, limits of 2000m and 1024Mi), so that a pod with only some of
them has no limit for the rest.

Fix: set all four of ``sidecar.istio.io/proxyCPU``, ``proxyCPULimit``, ``proxyMemory`` and ``proxyMemoryLimit`` on the
pod template.

Source: istio/istio manifests/charts/istio-control/istio-discovery/files/injection-template.yaml:1-26;
docs/standards.md, pitfall 3.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.context import Context
from analyzer.findings import Finding, Severity
from analyzer.rules import Rule

ANNOTATIONS = tuple(f"sidecar.istio.io/proxy{name}" for name in ("CPU", "CPULimit", "Memory", "MemoryLimit"))


def _check(context: Context) -> Iterator[Finding]:
    for pod in context.mesh.pods.values():
        membership = context.graph.pod_memberships.get(pod.id)
        if membership is None or membership.kind != "istio-sidecar" or pod.span is None:
            continue
        missing = [a for a in ANNOTATIONS if a not in pod.annotations]
        if len(missing) == len(ANNOTATIONS):
            yield RULE.at(
                pod.span,
                f"the sidecar of {pod.id} has no resource annotations: the chart's defaults apply, if it has them",
                subject=pod.id,
                severity=Severity.NOTE,
            )
        elif missing:
            names = ", ".join(a.rpartition("/")[2] for a in missing)
            yield RULE.at(
                pod.span,
                f"the sidecar of {pod.id} has no {names}, and the annotations it has switch the chart's defaults off",
                subject=pod.id,
            )


RULE = Rule("AD003", "sidecar-resources", Severity.WARNING, _check)
