"""Rules: one module each, one public ``Rule`` per module.

A rule's module docstring is its page (``meshgain rules ID``, docs/rules/): first line the summary, then why it matters,
then how to fix it. A rule reads the context and yields findings; it knows no dialect's syntax and prints nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analyzer.findings import Confidence, Evidence, Finding, Severity
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
