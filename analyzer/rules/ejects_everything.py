"""TM008: outlier detection may eject every instance.

With ``maxEjectionPercent: 100`` a fault that all instances share (a bad database, a bad release) empties the pool, and
callers get 503 from their own sidecars instead of the service's answers.

Fix: keep ``maxEjectionPercent`` at 50 or below.

Source: istio/api networking/v1alpha3/destination_rule.proto (default 10); docs/standards.md, Mesh-Level Resilience.
Units: per cent of the instances.
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
            if outlier is not None and (outlier.max_ejection_percent or 0) >= 100:
                yield RULE.at(
                    outlier.span,
                    f"maxEjectionPercent {outlier.max_ejection_percent} can eject every instance of {rule.host}",
                    subject=f"{rule.meta.ns}/{rule.meta.name}",
                )


RULE = Rule("TM008", "ejects-everything", Severity.WARNING, _check)
