"""PA014: a policy that lets everyone in.

``rules: [{}]`` matches every request. As an ALLOW policy it opens each workload that it selects, whatever other
policies say short of a DENY. (``spec: {}`` is the opposite: it matches nothing, so it denies everything.)

Fix: name the callers and operations, or remove the policy.

Source: istio/api security/v1beta1/authorization_policy.proto:23-33.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.context import Context
from analyzer.findings import Finding, Severity
from analyzer.rules import Rule
from parsers.facts.istio import AuthorizationPolicy


def _check(context: Context) -> Iterator[Finding]:
    for policy in context.mesh.all(AuthorizationPolicy):
        for rule in policy.rules or ():
            if policy.action == "ALLOW" and not rule.sources and not rule.operations and not rule.conditions:
                scope = "what its selector matches in" if policy.selector else "every workload in"
                yield RULE.at(
                    rule.span,
                    f"{policy.meta.ns}/{policy.meta.name} allows everyone to do everything: {scope} {policy.meta.ns}",
                    subject=f"{policy.meta.ns}/{policy.meta.name}",
                )


RULE = Rule("PA014", "allow-all", Severity.WARNING, _check)
