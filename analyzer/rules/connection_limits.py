"""TM007: nothing limits the connections to a destination.

Istio's default limits are 4,294,967,295 connections, pending requests and concurrent retries: a caller can use up all
of its own resources, and the callee's, on one destination that hangs.

Fix: set ``connectionPool`` limits in the DestinationRule.

Source: istio/istio pilot/pkg/networking/core/cluster_traffic_policy.go:138-233; docs/standards.md, Canary Deployments.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.context import Context
from analyzer.findings import Finding, Severity
from analyzer.rules import Rule
from parsers.facts.istio import DestinationRule


def _check(context: Context) -> Iterator[Finding]:
    for rule in context.mesh.all(DestinationRule):
        blocks = [b for b in (rule.policy, *(s.policy for s in rule.subsets)) if b is not None]
        limits = any(b.connection_pool is not None for b in blocks)
        relevant = any(b.outlier_detection or b.retry_budget or b.declared_retries for b in blocks) or rule.subsets
        if relevant and not limits:
            yield RULE.at(
                rule.span,
                f"DestinationRule {rule.meta.ns}/{rule.meta.name} sets no connectionPool limits for {rule.host}",
                subject=f"{rule.meta.ns}/{rule.meta.name}",
            )


RULE = Rule("TM007", "connection-limits", Severity.NOTE, _check)
