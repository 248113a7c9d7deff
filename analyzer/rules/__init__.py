"""Rules: one module each, one public ``Rule`` per module.

A rule's module docstring is its page (``meshgain rules ID``, docs/rules/): first line the summary, then why it matters,
then how to fix it. A rule reads the context and yields findings; it knows no dialect's syntax and prints nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analyzer.findings import Confidence, Evidence, Finding, Severity
from analyzer.semantics import Flaw, problems
from parsers.source import Span

if TYPE_CHECKING:
    from analyzer.context import Context


@dataclass(frozen=True, slots=True)
class Rule:
    """A stable id, the name people use, how bad it usually is, and the check itself."""

    id: str
    slug: str
    severity: Severity
    check: Callable[[Context], Iterator[Finding]]

    def at(
        self,
        span: Span,
        message: str,
        *,
        subject: str,
        evidence: tuple[Evidence, ...] = (),
        severity: Severity | None = None,
        confidence: Confidence = Confidence.HIGH,
    ) -> Finding:
        """A finding of this rule. ``subject`` says what it is about without a line number."""
        return Finding(self.id, severity or self.severity, confidence, message, span, evidence, subject)


def of_paths(rule: Rule, kind: str, context: Context) -> Iterator[Finding]:
    """One finding a path of a kind, at the first line that it follows from: a document's, else the target's own."""
    for path in context.reachability.paths:
        node = context.mesh.services.get(path.target.service)
        written = [*(e.span for e in path.evidence), *(pod.span for pod in (node.pods if node else ()))]
        span = next((s for s in written if s is not None), None)
        if path.kind == kind and not path.granted and span is not None:
            evidence = (*path.evidence, *path.cut)
            yield rule.at(span, path.message, subject=f"{path.source}=>{path.target}", evidence=evidence)


def of_flaw(rule: Rule, flaw: Flaw, context: Context) -> Iterator[Finding]:
    """One finding a problem that a mesh has with the configuration; unsure where the repository may not hold it all."""
    for problem in problems(context.mesh, flaw):
        yield rule.at(
            problem.span,
            f"{problem.subject}: {problem.message}",
            subject=f"{problem.subject} {problem.code}",
            evidence=problem.evidence,
            confidence=Confidence.HIGH if problem.sure else Confidence.LOW,
        )
