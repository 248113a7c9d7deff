"""Linkerd's policies by what they are about, put in order once for a mesh.

Source: linkerd/linkerd2 policy-controller/k8s/index/src/inbound/index.rs (what selects a Server, what allows who).
Shape: Servers by the pods they select; what allows by the object it is for.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.linking.memory import remembered
from analyzer.linking.mesh import Mesh, Pod
from analyzer.semantics.linkerd.identities import of_account, patterns
from parsers.facts.linkerd import (
    LinkerdAuthorizationPolicy,
    MeshTLSAuthentication,
    PolicyServer,
    ServerAuthorization,
)

#: What a policy is for: (namespace, kind, name).
Target = tuple[str, str, str]


def servers_of(pod: Pod, mesh: Mesh) -> tuple[PolicyServer, ...]:
    """The Servers that select a pod, on whatever port."""
    return remembered(mesh, _servers).get(pod.id, ())


def _servers(mesh: Mesh) -> dict[str, tuple[PolicyServer, ...]]:
    near: dict[str, list[PolicyServer]] = {}
    for server in mesh.all(PolicyServer):
        near.setdefault(server.meta.ns, []).append(server)
    found: dict[str, tuple[PolicyServer, ...]] = {}
    for pod in mesh.pods.values():
        own = near.get(pod.namespace, ())
        found[pod.id] = tuple(s for s in own if s.pods is not None and s.pods.matches(pod.labels))
    return found


def policies_for(namespace: str, kind: str, name: str, mesh: Mesh) -> tuple[LinkerdAuthorizationPolicy, ...]:
    """The policies of a namespace whose target is the object."""
    return remembered(mesh, _policies).get((namespace, kind, name), ())


def _policies(mesh: Mesh) -> dict[Target, tuple[LinkerdAuthorizationPolicy, ...]]:
    found: dict[Target, list[LinkerdAuthorizationPolicy]] = {}
    for policy in mesh.all(LinkerdAuthorizationPolicy):
        found.setdefault((policy.meta.ns, policy.target.kind, policy.target.name), []).append(policy)
    return {target: tuple(items) for target, items in found.items()}


def authorizations_for(server: PolicyServer, mesh: Mesh) -> Iterator[ServerAuthorization]:
    """The older allowances of a Server: by its name, or by its labels."""
    for authorization in mesh.all(ServerAuthorization):
        if authorization.meta.ns == server.meta.ns and (
            authorization.server == server.meta.name
            or (authorization.selector is not None and authorization.selector.matches(server.meta.labels))
        ):
            yield authorization


def told_apart(pods: tuple[Pod, ...], mesh: Mesh) -> tuple[str, ...]:
    """Every pattern of identities that may matter for pods: what their Servers and the routes beside them allow by."""
    found: list[str] = []
    for pod in pods:
        for server in servers_of(pod, mesh):
            for authorization in authorizations_for(server, mesh):
                found += authorization.identities or ()
                own = authorization.meta.ns
                found += [of_account(n, ns or own, mesh) for ns, n in authorization.accounts]
        for policy in remembered(mesh, _by_namespace).get(pod.namespace, ()):
            if policy.target.kind in ("Namespace", "HTTPRoute", "GRPCRoute") or any(
                policy.target.name == s.meta.name for s in servers_of(pod, mesh)
            ):
                found += _of_policy(policy, mesh)
    return tuple(dict.fromkeys(found))


def _by_namespace(mesh: Mesh) -> dict[str, tuple[LinkerdAuthorizationPolicy, ...]]:
    found: dict[str, list[LinkerdAuthorizationPolicy]] = {}
    for policy in mesh.all(LinkerdAuthorizationPolicy):
        found.setdefault(policy.meta.ns, []).append(policy)
    return {namespace: tuple(items) for namespace, items in found.items()}


def _of_policy(policy: LinkerdAuthorizationPolicy, mesh: Mesh) -> Iterator[str]:
    for reference in policy.required:
        namespace = reference.namespace or policy.meta.ns
        if reference.kind == "ServiceAccount":
            yield of_account(reference.name, namespace, mesh)
        for authentication in remembered(mesh, _authentications).get((namespace, reference.name), ()):
            yield from patterns(authentication, mesh)


def _authentications(mesh: Mesh) -> dict[tuple[str, str], tuple[MeshTLSAuthentication, ...]]:
    found: dict[tuple[str, str], list[MeshTLSAuthentication]] = {}
    for authentication in mesh.all(MeshTLSAuthentication):
        found.setdefault((authentication.meta.ns, authentication.meta.name), []).append(authentication)
    return {name: tuple(items) for name, items in found.items()}
