"""PA004: a workload that no authorization policy selects.

Mutual TLS says who calls; it does not say who may. A workload without a policy may be called by every workload in the
mesh, and in PERMISSIVE mode by everything that reaches its address.

Fix: an ALLOW policy with the principals, methods and paths that are meant; ``meshgain suggest authz`` writes one.

In Linkerd a ``Server`` (or a default inbound policy) does it, in Consul ``ServiceIntentions``.

Source: istio/api security/v1beta1/authorization_policy.proto:23-33; docs/standards.md, pitfall 5; docs/meshes.md.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.context import Context
from analyzer.findings import Finding, Severity
from analyzer.linking.mesh import Mesh, Pod, ServiceNode
from analyzer.rules import Rule
from parsers.facts.consul import ConsulInstallation, ServiceIntentions
from parsers.facts.istio import AuthorizationPolicy
from parsers.facts.linkerd import LinkerdInstallation, PolicyServer

#: What says who may call, by the mesh a workload is in.
_POLICIES = {"linkerd": "Server", "consul": "ServiceIntentions"}
_DEFAULT = "config.linkerd.io/default-inbound-policy"
_OPEN = "all-unauthenticated"


def _check(context: Context) -> Iterator[Finding]:
    for service in context.mesh.services.values():
        member = context.graph.memberships.get(service.id)
        if member is None:
            continue
        wanted = _POLICIES.get(member.kind, "AuthorizationPolicy")
        for pod in service.pods:
            if pod.span is not None and not _guarded(service, pod, member.kind, context.mesh):
                said = f"no {wanted} selects {pod.id}: everyone may call it"
                yield RULE.at(pod.span, said, subject=pod.id)


def _guarded(service: ServiceNode, pod: Pod, kind: str, mesh: Mesh) -> bool:
    """Whether any policy of the pod's mesh is about it, or what is allowed without one is written down."""
    match kind:
        case "linkerd":
            around = mesh.namespaces.get(pod.namespace)
            default = pod.annotations.get(_DEFAULT) or (around.meta.annotations.get(_DEFAULT) if around else None)
            servers = (s for s in mesh.all(PolicyServer) if s.meta.ns == pod.namespace and s.pods is not None)
            default = default or next((i.default_inbound_policy for i in mesh.all(LinkerdInstallation)), None)
            return (default or _OPEN) not in (_OPEN, "audit") or any(
                s.pods.matches(pod.labels) for s in servers if s.pods is not None
            )
        case "consul":
            denied = any(i.acls for i in mesh.all(ConsulInstallation))
            return denied or any(i.destination in (service.name, "*") for i in mesh.all(ServiceIntentions))
        case _:
            return any(_selects(p, pod, mesh.root_namespace) for p in mesh.all(AuthorizationPolicy))


def _selects(policy: AuthorizationPolicy, pod: Pod, root: str) -> bool:
    if policy.target_refs:
        return True  # attached by reference: whom it selects is the mesh's to say, not a gap to report here
    if policy.meta.ns not in (pod.namespace, root):
        return False
    return not policy.selector or pod.labels.contains(policy.selector)


RULE = Rule("PA004", "no-policy", Severity.WARNING, _check)
