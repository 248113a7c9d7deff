"""RA003: ``retries`` in a DestinationRule, a field that Istio does not have.

Guides show it, the API does not know it. A strict client refuses the object, a lenient one drops the field without a
word, and then the route's own retries or the defaults apply: not the number that is written.

Fix: move the block to ``http[].retries`` of a VirtualService for the host.

Source: istio/api networking/v1alpha3/destination_rule.proto and istio/istio manifests/charts/base/files/
crd-all.gen.yaml (the keys of trafficPolicy); pkg/config/validation/validation.go:1039-1043 where it is the only key.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.context import Context
from analyzer.findings import Evidence, Finding, Severity
from analyzer.rules import Rule
from parsers.facts.istio import DestinationRule, RetryPolicy


def _check(context: Context) -> Iterator[Finding]:
    for rule in context.mesh.all(DestinationRule):
        for retries in _declared(rule):
            yield RULE.at(
                retries.span,
                f"DestinationRule {rule.meta.ns}/{rule.meta.name} writes {retries.declared} for {rule.host}, a field "
                f"that Istio does not have; {_instead(context, rule)}",
                subject=f"{rule.meta.ns}/{rule.meta.name}",
                evidence=_counted(context),
            )


def _declared(rule: DestinationRule) -> Iterator[RetryPolicy]:
    for block in (rule.policy, *(s.policy for s in rule.subsets)):
        if block is not None:
            found = (block.declared_retries, *(p.policy.declared_retries for p in block.port_level))
            yield from (r for r in found if r is not None)


def _instead(context: Context, rule: DestinationRule) -> str:
    target = context.mesh.service_for_host(rule.host, rule.meta.ns)
    calls = context.graph.incoming(target.id) if target is not None else ()
    notes = (x.note for c in calls for x in c.layers if x.note and "trafficPolicy.retries" in x.note)
    return next(notes, "stock Istio drops it, and the route's retries or the defaults apply")


def _counted(context: Context) -> tuple[Evidence, ...]:
    if context.options.destination_rule_retries == "count":
        return (Evidence("counted in the worst case; --destination-rule-retries=ignore counts what stock Istio does"),)
    return (Evidence("not counted (--destination-rule-retries=ignore)"),)


RULE = Rule("RA003", "destination-rule-retries", Severity.ERROR, _check)
