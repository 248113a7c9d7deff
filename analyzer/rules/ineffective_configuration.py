"""CF004: configuration that is valid and has no effect, or less than it seems.

A VirtualService for gateways only does nothing for callers inside; a wildcard rule in a caller's namespace hides the
owner's; a port-level entry drops what stands above it; a route after one that takes everything is never reached.

Fix: move it to where it counts, or delete it.

Source: docs/istio-analyze.md.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.context import Context
from analyzer.findings import Confidence, Finding, Severity
from analyzer.rules import Rule
from analyzer.semantics import Flaw, problems


def _check(context: Context) -> Iterator[Finding]:
    for problem in problems(context.mesh, Flaw.INEFFECTIVE):
        yield RULE.at(
            problem.span,
            f"{problem.subject}: {problem.message}",
            subject=f"{problem.subject} {problem.code}",
            evidence=problem.evidence,
            confidence=Confidence.HIGH if problem.sure else Confidence.LOW,
        )


RULE = Rule("CF004", "ineffective-configuration", Severity.WARNING, _check)
