"""TM006: nothing ejects an instance that fails.

Without outlier detection a pod that answers every request with an error keeps its share of the traffic, and every
retry may meet it again.

Fix: add ``outlierDetection`` to the DestinationRule of the service.

Source: istio/api networking/v1alpha3/destination_rule.proto (absent is off); docs/standards.md, Canary Deployments.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.context import Context
from analyzer.findings import Finding, Severity
from analyzer.rules import Rule
from parsers.facts.istio import DestinationRule


def _check(context: Context) -> Iterator[Finding]:
    for rule in context.mesh.all(DestinationRule):
        blocks = (rule.policy, *(s.policy for s in rule.subsets))
        if rule.policy is not None and rule.policy.tls_mode and not rule.subsets and _only_tls(rule):
            continue  # a rule that only sets TLS is not where a service's limits are kept
        if not any(b is not None and b.outlier_detection is not None for b in blocks):
            yield RULE.at(
                rule.span,
                f"DestinationRule {rule.meta.ns}/{rule.meta.name} has no outlierDetection: a failing instance of "
                f"{rule.host} keeps its share of the requests",
                subject=f"{rule.meta.ns}/{rule.meta.name}",
            )


def _only_tls(rule: DestinationRule) -> bool:
    policy = rule.policy
    return policy is not None and policy.connection_pool is None and policy.retry_budget is None


RULE = Rule("TM006", "outlier-detection", Severity.NOTE, _check)
