"""PA006: mutual TLS without any authorization.

Callers prove who they are and then may do anything: lateral movement is not restricted.

Fix: deny by default and allow what is meant; ``meshgain suggest authz`` writes the policies.

Source: docs/standards.md, Don't and pitfall 5.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.context import Context
from analyzer.findings import Finding, Severity
from analyzer.rules import Rule
from parsers.facts.istio import AuthorizationPolicy, PeerAuthentication


def _check(context: Context) -> Iterator[Finding]:
    mesh = context.mesh
    strict = [p for p in mesh.all(PeerAuthentication) if p.mode == "STRICT"]
    if strict and not mesh.all(AuthorizationPolicy):
        yield RULE.at(
            strict[0].span, "mutual TLS is enforced, but no AuthorizationPolicy says who may call whom", subject="mesh"
        )


RULE = Rule("PA006", "no-authorization", Severity.WARNING, _check)
