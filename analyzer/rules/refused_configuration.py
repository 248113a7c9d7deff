"""CF001: an object that Istio refuses.

The validation webhook rejects the whole object, so none of what it says is in force. Where the webhook is off or
skipped, parts of it do something else than written.

Fix: correct the field the finding names; `istioctl validate -f FILE` refuses it too.

Source: docs/istio-analyze.md.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.context import Context
from analyzer.findings import Confidence, Finding, Severity
from analyzer.rules import Rule
from analyzer.semantics import Flaw, problems


def _check(context: Context) -> Iterator[Finding]:
    for problem in problems(context.mesh, Flaw.REFUSED):
        yield RULE.at(
            problem.span,
            f"{problem.subject}: {problem.message}",
            subject=f"{problem.subject} {problem.code}",
            evidence=problem.evidence,
            confidence=Confidence.HIGH if problem.sure else Confidence.LOW,
        )


RULE = Rule("CF001", "refused-configuration", Severity.ERROR, _check)
