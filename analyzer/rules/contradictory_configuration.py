"""CF003: objects of which only one can count.

Where two objects claim the same host, workload or port, one wins, often the oldest in the cluster. Files hold no ages,
so what counts may change when a cluster is set up again. Numbers take the worse of both.

Fix: merge them, or give each its own host, selector, scope or port.

Source: docs/istio-analyze.md.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.context import Context
from analyzer.findings import Confidence, Finding, Severity
from analyzer.rules import Rule
from analyzer.semantics import Flaw, problems


def _check(context: Context) -> Iterator[Finding]:
    for problem in problems(context.mesh, Flaw.CONTRADICTORY):
        yield RULE.at(
            problem.span,
            f"{problem.subject}: {problem.message}",
            subject=f"{problem.subject} {problem.code}",
            evidence=problem.evidence,
            confidence=Confidence.HIGH if problem.sure else Confidence.LOW,
        )


RULE = Rule("CF003", "contradictory-configuration", Severity.WARNING, _check)
