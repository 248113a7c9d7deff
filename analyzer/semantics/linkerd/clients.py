"""Who a client is to a policy, and whether an authentication takes it.

Source: linkerd/linkerd2 policy-controller/k8s/index/src/inbound/{authorization_policy,server_authorization}.rs,
index.rs:1873, 1984 (how many references a policy may have).
Shape: three-valued; what is left open names what it depends on.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address, ip_network

from analyzer.findings import Evidence
from analyzer.linking.mesh import Mesh
from analyzer.requestsets.matching import Answer, both, either
from analyzer.semantics.linkerd.identities import of_account, patterns, takes
from parsers.facts.linkerd import (
    LinkerdAuthorizationPolicy,
    MeshTLSAuthentication,
    Network,
    NetworkAuthentication,
    Reference,
    ServerAuthorization,
)

#: Where clients of the cluster come from (charts/linkerd-control-plane/values.yaml, clusterNetworks).
CLUSTER = tuple(
    Network(cidr, ()) for cidr in ("10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16", "fd00::/8")
)
_IDENTITIES = frozenset({"MeshTLSAuthentication", "ServiceAccount"})


@dataclass(frozen=True, slots=True)
class Client:
    """A sender: its identity (``None``: none arrives), its address, whether it is surely a pod of the cluster."""

    identity: str | None
    ip: str | None
    inside: bool


@dataclass(frozen=True, slots=True)
class Allowance:
    """One authorization: whether it takes the client, and the line that says so."""

    answer: Answer
    evidence: Evidence


def in_networks(client: Client, networks: Iterable[Network]) -> Answer:
    """Whether the client's address is in one of the networks."""
    every = tuple(networks)
    if any(n.cidr in ("0.0.0.0/0", "::/0") and not n.excepts for n in every):
        return True
    if client.ip is None:
        return (True if every == CLUSTER and client.inside else None) if every else False
    return either(_holds(n.cidr, client.ip) and not any(_holds(e, client.ip) for e in n.excepts) for n in every)


def _holds(cidr: str, address: str) -> bool:
    try:
        return ip_address(address) in ip_network(cidr, strict=False)
    except ValueError:
        return False


def of_policy(policy: LinkerdAuthorizationPolicy, client: Client, mesh: Mesh) -> Allowance:
    """A policy allows where all of its references authenticate; none at all allows everybody."""
    kinds = [r.kind for r in policy.required]
    name = f"AuthorizationPolicy {policy.meta.ns}/{policy.meta.name}"
    if sum(k in _IDENTITIES for k in kinds) > 1 or kinds.count("NetworkAuthentication") > 1:
        said = f"{name} has two references of one sort, so Linkerd ignores it"
        return Allowance(answer=False, evidence=Evidence(said, policy.span))
    if not policy.required:
        return Allowance(answer=True, evidence=Evidence(f"{name} requires nothing: everybody is allowed", policy.span))
    answer = both(_authenticates(r, policy.meta.ns, client, mesh) for r in policy.required)
    return Allowance(answer, Evidence(name, policy.span))


def _authenticates(reference: Reference, own: str, client: Client, mesh: Mesh) -> Answer:
    namespace = reference.namespace or own
    if reference.kind == "ServiceAccount":
        return client.identity is not None and takes(of_account(reference.name, namespace, mesh), client.identity)
    if reference.kind == "MeshTLSAuthentication":
        return either(
            _identified(a, client, mesh)
            for a in mesh.all(MeshTLSAuthentication)
            if (a.meta.ns, a.meta.name) == (namespace, reference.name)
        )
    if reference.kind == "NetworkAuthentication":
        return either(
            in_networks(client, a.networks)
            for a in mesh.all(NetworkAuthentication)
            if (a.meta.ns, a.meta.name) == (namespace, reference.name)
        )
    return False


def _identified(authentication: MeshTLSAuthentication, client: Client, mesh: Mesh) -> bool:
    return client.identity is not None and any(takes(p, client.identity) for p in patterns(authentication, mesh))


def of_authorization(authorization: ServerAuthorization, client: Client, mesh: Mesh) -> Allowance:
    """The older allowance: networks (the cluster's where none are written) and one way to authenticate."""
    networks = in_networks(client, CLUSTER if authorization.networks is None else authorization.networks)
    own = authorization.meta.ns
    named = (*(authorization.identities or ()), *(of_account(n, ns or own, mesh) for ns, n in authorization.accounts))
    known = client.identity is not None and any(takes(p, client.identity) for p in named)
    # unauthenticatedTLS takes a proxy that has not got its identity yet; whoever has one passes, too
    tls = authorization.any_tls and client.identity is not None
    said = f"ServerAuthorization {own}/{authorization.meta.name}"
    return Allowance(
        both((networks, authorization.unauthenticated or tls or known)), Evidence(said, authorization.span)
    )
