"""AD001: a mesh for fewer than five services.

The control plane, the sidecars and their upgrades are work that only pays off from some number of services on.

Fix: start without a mesh; take one when mutual TLS between all services or fine-grained traffic control is needed.

Source: docs/standards.md, When to Adopt and pitfall 1.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.context import Context
from analyzer.findings import Confidence, Evidence, Finding, Severity
from analyzer.rules import Rule

#: Below this many services the overhead is not justified.
ENOUGH = 5


def _check(context: Context) -> Iterator[Finding]:
    members = sorted(context.in_mesh)
    if not 0 < len(members) < ENOUGH:
        return
    first = context.mesh.services[members[0]]
    span = next((p.span for p in first.pods if p.span), None)
    because = context.graph.memberships[members[0]]
    if span is not None and because is not None:
        yield RULE.at(
            span,
            f"{len(members)} service(s) are in the mesh; below {ENOUGH} its overhead is rarely justified",
            subject="mesh",
            evidence=(because.because, Evidence(", ".join(members))),
            confidence=Confidence.MEDIUM,
        )


RULE = Rule("AD001", "few-services", Severity.NOTE, _check)
