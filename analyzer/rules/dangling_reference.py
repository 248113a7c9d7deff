"""CF002: configuration that refers to something that is not there.

A route to an unknown host, port or subset is answered 503 by the caller's own proxy; a gateway nobody runs takes no
traffic; a rule or policy for a host or workload that does not exist does nothing. The confidence is low where the
missing part may be defined outside this repository.

Fix: name what exists, or define it; delete what nothing needs any more.

Source: docs/istio-analyze.md.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.context import Context
from analyzer.findings import Confidence, Finding, Severity
from analyzer.rules import Rule
from analyzer.semantics import Flaw, problems


def _check(context: Context) -> Iterator[Finding]:
    for problem in problems(context.mesh, Flaw.DANGLING):
        yield RULE.at(
            problem.span,
            f"{problem.subject}: {problem.message}",
            subject=f"{problem.subject} {problem.code}",
            evidence=problem.evidence,
            confidence=Confidence.HIGH if problem.sure else Confidence.LOW,
        )


RULE = Rule("CF002", "dangling-reference", Severity.ERROR, _check)
