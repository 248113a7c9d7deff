"""AD006: nothing watches the control plane.

When istiod has too little memory or too many changes to push, proxies work with stale routes and policies, and no
request fails in a way that says so.

Fix: a ServiceMonitor for istiod and alerts on its CPU, its memory and ``pilot_proxy_convergence_time``.

Source: docs/standards.md, pitfall 6 and Checklist.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from analyzer.context import Context
from analyzer.findings import Confidence, Finding, Severity
from analyzer.rules import Rule

_MONITOR = re.compile(r"^kind:\s*[\"']?(ServiceMonitor|PodMonitor|PrometheusRule)\b", re.M)
_ISTIOD = re.compile(r"istiod|\bpilot_|discovery")
#: What should be watched: what to call it, and how a rule about it reads.
SIGNALS = (
    ("CPU", re.compile(r"cpu", re.I)),
    ("memory", re.compile(r"memory", re.I)),
    ("xDS push latency", re.compile(r"pilot_proxy_convergence_time|pilot_xds_push_time|pilot_proxy_queue_time")),
)


def _check(context: Context) -> Iterator[Finding]:
    kinds = [m.kind for m in context.graph.memberships.values() if m is not None]
    if not any(k.startswith("istio") for k in kinds):
        return
    watching = [t for t in context.documents.values() if _MONITOR.search(t) and _ISTIOD.search(t)]
    missing = [name for name, signal in SIGNALS if not any(signal.search(t) for t in watching)]
    if missing:
        member = context.mesh.services[min(context.in_mesh)]
        span = next((p.span for p in member.pods if p.span), None)
        if span is not None:
            yield RULE.at(
                span,
                f"nothing in this repository watches istiod's {', '.join(missing)}",
                subject="mesh",
                confidence=Confidence.LOW if not watching else Confidence.MEDIUM,
            )


RULE = Rule("AD006", "control-plane-monitoring", Severity.NOTE, _check)
