"""AD005: the mesh's telemetry is not connected to anything.

Proxies can report every request; without a Telemetry resource or a tracing provider nobody receives it, and the trace
of a retried request cannot be followed from service to service.

Fix: a Telemetry resource with an OpenTelemetry provider, and the collector's address in the mesh configuration.

Source: docs/standards.md, Defaults (Observability) and Checklist.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from analyzer.context import Context
from analyzer.findings import Confidence, Finding, Severity
from analyzer.rules import Rule
from parsers.facts.istio import Telemetry

_PIPELINE = re.compile(r"otel|opentelemetry", re.I)


def _check(context: Context) -> Iterator[Finding]:
    mesh = context.mesh
    members = sorted(context.in_mesh)
    if not members or mesh.all(Telemetry):
        return
    names = (c.image for p in mesh.pods.values() if p.fact for c in p.fact.containers)
    if any(_PIPELINE.search(n) for n in (*names, *mesh.services)):
        return
    span = next((p.span for p in mesh.services[members[0]].pods if p.span), None)
    if span is not None:
        yield RULE.at(
            span,
            "no Telemetry resource and no OpenTelemetry collector is defined here: the proxies' reports go nowhere",
            subject="mesh",
            confidence=Confidence.LOW,
        )


RULE = Rule("AD005", "mesh-telemetry", Severity.NOTE, _check)
