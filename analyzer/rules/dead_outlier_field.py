"""TM014: ``consecutiveErrors`` has no effect.

The field was replaced by ``consecutive5xxErrors`` and ``consecutiveGatewayErrors`` and is read by no supported release.
The rule then works with the default of 5 consecutive 5xx errors, whatever is written.

Fix: rename the field to ``consecutive5xxErrors``.

Source: istio/istio pilot/pkg/networking/core/cluster_traffic_policy.go:493-560 (gone since 1.10).
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.context import Context
from analyzer.findings import Finding, Severity
from analyzer.rules import Rule
from parsers.facts.istio import DestinationRule


def _check(context: Context) -> Iterator[Finding]:
    for rule in context.mesh.all(DestinationRule):
        for block in (rule.policy, *(s.policy for s in rule.subsets)):
            outlier = block.outlier_detection if block is not None else None
            if outlier is not None and outlier.consecutive_errors is not None:
                yield RULE.at(
                    outlier.span,
                    f"consecutiveErrors: {outlier.consecutive_errors} has no effect; 5 consecutive 5xx errors apply",
                    subject=f"{rule.meta.ns}/{rule.meta.name}",
                )


RULE = Rule("TM014", "dead-outlier-field", Severity.WARNING, _check)
