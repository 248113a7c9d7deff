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
from parsers.facts.istio import AuthorizationPolicy, AuthorizationRule


def _check(context: Context) -> Iterator[Finding]:
    deployed = context.mesh.all(AuthorizationPolicy)
    named = {p.meta.name for p in deployed if _opening(p)}
    for policy in (*deployed, *(p for p in _as_written(context) if p.meta.name not in named)):
        for rule in _opening(policy):
            scope = "what its selector matches in" if policy.selector else "every workload in"
            yield RULE.at(
                rule.span,
                f"{policy.meta.ns}/{policy.meta.name} allows everyone to do everything: {scope} {policy.meta.ns}",
                subject=f"{policy.meta.ns}/{policy.meta.name}",
            )


def _opening(policy: AuthorizationPolicy) -> tuple[AuthorizationRule, ...]:
    """Its rules that ask for nothing."""
    rules = policy.rules or () if policy.action == "ALLOW" else ()
    return tuple(r for r in rules if not r.sources and not r.operations and not r.conditions)


def _as_written(context: Context) -> Iterator[AuthorizationPolicy]:
    """Policies before any overlay: a base is deployed as it stands where nobody takes the overlay."""
    yield from (f for f in context.written if isinstance(f, AuthorizationPolicy) and f.meta.namespace is None)


RULE = Rule("PA014", "allow-all", Severity.WARNING, _check)
