"""PA005: a rule that names callers but neither methods nor paths.

Such a caller may do everything that the service can do, today and after the next release.

Fix: add ``to.operation`` with the methods and paths that are called.

Source: docs/standards.md, Authorization Policies.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.context import Context
from analyzer.findings import Finding, Severity
from analyzer.rules import Rule
from parsers.facts.istio import AuthorizationPolicy, AuthorizationRule


def _check(context: Context) -> Iterator[Finding]:
    for policy in context.mesh.all(AuthorizationPolicy):
        if policy.action != "ALLOW":
            continue
        for rule in policy.rules or ():
            if rule.sources and not _scoped(rule):
                yield RULE.at(
                    rule.span,
                    f"{policy.meta.ns}/{policy.meta.name} allows callers without saying which methods and paths",
                    subject=f"{policy.meta.ns}/{policy.meta.name}",
                )


def _scoped(rule: AuthorizationRule) -> bool:
    return any(o.methods or o.paths or o.not_methods or o.not_paths or o.ports for o in rule.operations)


RULE = Rule("PA005", "identity-only", Severity.NOTE, _check)
