"""PA003: nothing denies by default.

Where no ALLOW policy selects a workload, Istio lets every request through. Only a policy that selects everything and
allows nothing turns that round.

Fix: an AuthorizationPolicy with ``spec: {}`` in the root namespace (or one in each namespace), then one ALLOW for each
call that is meant.

Source: istio/api security/v1beta1/authorization_policy.proto:23-33; docs/standards.md, Authorization Policies.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.context import Context
from analyzer.findings import Evidence, Finding, Severity
from analyzer.rules import Rule
from parsers.facts.istio import AuthorizationPolicy


def _check(context: Context) -> Iterator[Finding]:
    mesh = context.mesh
    policies = mesh.all(AuthorizationPolicy)
    covered = {p.meta.ns for p in policies if _denies_by_default(p)}
    if not policies or mesh.root_namespace in covered:
        return
    spaces = sorted({p.namespace for s in mesh.services.values() if s.id in context.in_mesh for p in s.pods})
    open_spaces = [n for n in spaces if n not in covered]
    if open_spaces:
        yield RULE.at(
            policies[0].span,
            f"no policy denies by default in {', '.join(open_spaces)}: a workload there that no ALLOW policy "
            "selects may be called by everyone",
            subject="mesh",
            evidence=tuple(Evidence("denies by default", p.span) for p in policies if _denies_by_default(p)),
        )


def _denies_by_default(policy: AuthorizationPolicy) -> bool:
    """Selects all and allows nothing (or denies what has no identity at all: not that)."""
    return policy.action == "ALLOW" and not policy.selector and not policy.target_refs and not policy.rules


RULE = Rule("PA003", "no-default-deny", Severity.WARNING, _check)
