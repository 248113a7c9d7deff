"""PA004: a workload that no authorization policy selects.

Mutual TLS says who calls; it does not say who may. A workload without a policy may be called by every workload in the
mesh, and in PERMISSIVE mode by everything that reaches its address.

Fix: an ALLOW policy with the principals, methods and paths that are meant; ``meshgain suggest authz`` writes one.

Source: istio/api security/v1beta1/authorization_policy.proto:23-33; docs/standards.md, pitfall 5.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.context import Context
from analyzer.findings import Finding, Severity
from analyzer.linking.mesh import Pod
from analyzer.rules import Rule
from parsers.facts.istio import AuthorizationPolicy


def _check(context: Context) -> Iterator[Finding]:
    mesh = context.mesh
    for service in mesh.services.values():
        if service.id not in context.in_mesh:
            continue
        for pod in service.pods:
            if pod.span is not None and not any(
                _selects(p, pod, mesh.root_namespace) for p in mesh.all(AuthorizationPolicy)
            ):
                yield RULE.at(
                    pod.span, f"no AuthorizationPolicy selects {pod.id}: everyone may call it", subject=pod.id
                )


def _selects(policy: AuthorizationPolicy, pod: Pod, root: str) -> bool:
    if policy.target_refs:
        return True  # attached by reference: whom it selects is the mesh's to say, not a gap to report here
    if policy.meta.ns not in (pod.namespace, root):
        return False
    return not policy.selector or pod.labels.contains(policy.selector)


RULE = Rule("PA004", "no-policy", Severity.WARNING, _check)
