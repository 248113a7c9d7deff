"""PA007: ``*`` in the middle of a path is a literal.

Istio takes ``*`` only at one end of a path. ``/v1/payments/*/refund`` matches that very text and nothing a client
sends, so an ALLOW rule denies the call and a DENY rule lets it through.

Fix: write a path template, ``/v1/payments/{*}/refund`` (Istio 1.22 and later).

Source: istio/istio pilot/pkg/security/authz/matcher/string.go:100-116; measured on Envoy 1.40.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.context import Context
from analyzer.findings import Finding, Severity
from analyzer.rules import Rule
from parsers.facts.istio import AuthorizationPolicy, PolicyOperation


def _check(context: Context) -> Iterator[Finding]:
    for policy in context.mesh.all(AuthorizationPolicy):
        for rule in policy.rules or ():
            for operation in rule.operations:
                for path in _literal(operation):
                    effect = (
                        "denies the calls it is meant to allow" if policy.action == "ALLOW" else "does not match them"
                    )
                    yield RULE.at(
                        operation.span or rule.span,
                        f"{path!r} is a literal text for Istio, not a pattern: the rule {effect}; write "
                        f"{_template(path)!r}",
                        subject=f"{policy.meta.ns}/{policy.meta.name} {path}",
                    )


def _literal(operation: PolicyOperation) -> Iterator[str]:
    for path in (*operation.paths, *operation.not_paths):
        if "{*" not in path and "*" in path[1:-1]:
            yield path


def _template(path: str) -> str:
    middle = path[1:-1].replace("*", "{*}")
    end = "{**}" if path.endswith("/*") else path[-1:]
    return f"{path[:1]}{middle}{end}"


RULE = Rule("PA007", "literal-wildcard", Severity.ERROR, _check)
