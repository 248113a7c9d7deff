"""Linkerd's inbound policies: Server, ServerAuthorization, AuthorizationPolicy and what they authenticate by.

Source: linkerd/linkerd2 policy-controller/k8s/api/src/policy/{server,server_authorization,authorization_policy,
meshtls_authentication,network}.rs.
Shape: one fact a document; references as written, nothing is resolved.
Errors: none; what is not modelled is a diagnostic.
"""

from __future__ import annotations

from collections.abc import Iterator

from parsers.facts.linkerd import (
    LinkerdAuthorizationPolicy,
    MeshTLSAuthentication,
    Network,
    NetworkAuthentication,
    PolicyServer,
    Reference,
    ServerAuthorization,
)
from parsers.metadata import meta, selector
from parsers.yamltree import Node


def server(doc: Node) -> Iterator[PolicyServer]:
    """Read one Server."""
    spec, found = doc.at("spec"), meta(doc)
    outside, pods = spec.at("externalWorkloadSelector"), spec.at("podSelector")
    outside.ignore_rest()
    if found is not None:
        yield PolicyServer(
            meta=found,
            pods=None if outside and not pods else selector(pods),
            port=spec.at("port").port(None),
            protocol=spec.at("proxyProtocol").text("unknown"),
            access=spec.at("accessPolicy").text(None),
            span=doc.span,
        )


def server_authorization(doc: Node) -> Iterator[ServerAuthorization]:
    """Read one ServerAuthorization."""
    spec, found = doc.at("spec"), meta(doc)
    of, client = spec.at("server"), spec.at("client")
    tls = client.at("meshTLS")
    accounts = tuple((a.at("namespace").text(None), a.at("name").text("")) for a in tls.at("serviceAccounts").items())
    if found is not None:
        yield ServerAuthorization(
            meta=found,
            server=of.at("name").text(None),
            selector=selector(of.at("selector")) if of.at("selector") else None,
            networks=tuple(_network(n) for n in client.at("networks").items()) if client.at("networks") else None,
            unauthenticated=client.at("unauthenticated").boolean(default=False),
            any_tls=tls.at("unauthenticatedTLS").boolean(default=False),
            identities=tls.at("identities").strings() if tls else None,
            accounts=accounts,
            span=doc.span,
        )


def authorization_policy(doc: Node) -> Iterator[LinkerdAuthorizationPolicy]:
    """Read one AuthorizationPolicy of Linkerd."""
    spec, found = doc.at("spec"), meta(doc)
    if found is not None:
        yield LinkerdAuthorizationPolicy(
            meta=found,
            target=_reference(spec.at("targetRef")),
            required=tuple(_reference(r) for r in spec.at("requiredAuthenticationRefs").items()),
            span=doc.span,
        )


def mesh_tls_authentication(doc: Node) -> Iterator[MeshTLSAuthentication]:
    """Read one MeshTLSAuthentication."""
    spec, found = doc.at("spec"), meta(doc)
    if found is not None:
        references = tuple(_reference(r) for r in spec.at("identityRefs").items())
        yield MeshTLSAuthentication(found, spec.at("identities").strings(), references, doc.span)


def network_authentication(doc: Node) -> Iterator[NetworkAuthentication]:
    """Read one NetworkAuthentication."""
    spec, found = doc.at("spec"), meta(doc)
    if found is not None:
        yield NetworkAuthentication(found, tuple(_network(n) for n in spec.at("networks").items()), doc.span)


def _network(node: Node) -> Network:
    return Network(node.at("cidr").text(""), node.at("except").strings())


def _reference(node: Node) -> Reference:
    return Reference(
        node.at("group").text(""),
        node.at("kind").text(""),
        node.at("name").text(""),
        node.at("namespace").text(None),
        node.span,
    )
