"""AD002: a mesh that no decision record explains.

A service mesh is not a default. Why it was taken, which one, and where the team departs from the usual choices should
be written down where the next team finds it.

Fix: an architecture decision record (``docs/adr/``, ``docs/decisions/``) that names the mesh.

Source: docs/standards.md, Defaults and Checklist.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from analyzer.context import Context
from analyzer.findings import Confidence, Finding, Severity
from analyzer.rules import Rule

_RECORD = re.compile(
    r"(^|/)(adrs?|decisions?|decision-records|architecture-decisions?)/[^/]+\.(md|rst|adoc|txt)$", re.I
)
_MESH = re.compile(r"\b(service mesh|istio|linkerd|consul connect|cilium|ambient)\b", re.I)


def _check(context: Context) -> Iterator[Finding]:
    if not context.in_mesh:
        return
    records = [text for path, text in context.documents.items() if _RECORD.search(path)]
    if any(_MESH.search(text) for text in records):
        return
    service = context.mesh.services[min(context.in_mesh)]
    because = context.graph.memberships[service.id]
    span = (
        because.because.span
        if because and because.because.span
        else next((p.span for p in service.pods if p.span), None)
    )
    if span is not None:
        looked = f"none of {len(records)} decision records names it" if records else "there are no decision records"
        yield RULE.at(
            span,
            f"the repository uses a service mesh, and {looked}",
            subject="mesh",
            confidence=Confidence.MEDIUM,
        )


RULE = Rule("AD002", "mesh-decision", Severity.NOTE, _check)
