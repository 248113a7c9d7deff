"""PA016: a policy trusts the ``default`` service account.

Every workload of a namespace that names no service account runs as ``default``. A rule that allows it allows all of
them, also the next one that somebody adds.

Fix: a ServiceAccount of its own for each workload, and that one in the policy.

Source: istio/istio pkg/spiffe/spiffe.go:51-72; docs/standards.md, Authorization rules.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.context import Context
from analyzer.findings import Evidence, Finding, Severity
from analyzer.rules import Rule
from parsers.facts.istio import AuthorizationPolicy


def _check(context: Context) -> Iterator[Finding]:
    for policy in context.mesh.all(AuthorizationPolicy):
        if policy.action != "ALLOW":
            continue
        for rule in policy.rules or ():
            for source in rule.sources:
                named = (*source.principals, *source.service_accounts)
                for principal in (p for p in named if p.rpartition("/")[2] == "default"):
                    yield RULE.at(
                        source.span or rule.span,
                        f"{policy.meta.ns}/{policy.meta.name} trusts {principal}, which every workload without a "
                        "service account of its own shares",
                        subject=f"{policy.meta.ns}/{policy.meta.name} {principal}",
                        evidence=tuple(_sharing(context, principal)),
                    )


def _sharing(context: Context, principal: str) -> Iterator[Evidence]:
    for pod in context.mesh.pods.values():
        if context.mesh.principal(pod).endswith(principal.lstrip("*")):
            yield Evidence(f"{pod.id} runs as it", pod.span)


RULE = Rule("PA016", "shared-identity", Severity.WARNING, _check)
