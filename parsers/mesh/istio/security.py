"""Istio's security kinds: AuthorizationPolicy, PeerAuthentication, RequestAuthentication.

Source: istio/api security/v1beta1/{authorization_policy,peer_authentication,request_authentication}.proto.
Shape: one fact per document; a list that is absent and a list that is empty differ for ``rules`` only.
Errors: none; what is not modelled is a diagnostic.
"""

from __future__ import annotations

from collections.abc import Iterator

from parsers.diagnostics import Code, Diagnostic
from parsers.facts.istio import (
    AuthorizationPolicy,
    AuthorizationRule,
    Condition,
    PeerAuthentication,
    PolicyOperation,
    RequestAuthentication,
    Source,
    TargetRef,
)
from parsers.mesh.istio.fields import match_labels, meta
from parsers.yamltree import Node

ACTIONS = ("ALLOW", "DENY", "AUDIT", "CUSTOM")
MTLS_MODES = ("UNSET", "DISABLE", "PERMISSIVE", "STRICT")


def authorization_policy(doc: Node) -> Iterator[AuthorizationPolicy | Diagnostic]:
    """Read one AuthorizationPolicy; an absent ``action`` is ALLOW."""
    spec = doc.at("spec")
    action = spec.at("action").text("ALLOW")
    if action not in ACTIONS:
        yield Diagnostic.at(
            spec.at("action").span, Code.INVALID_VALUE, field="$.spec.action", detail=f"{action} is not an action"
        )
    rules = spec.at("rules")
    yield AuthorizationPolicy(
        meta=meta(doc),
        action=action,
        provider=spec.at("provider", "name").text(None),
        selector=match_labels(spec.at("selector")),
        target_refs=target_refs(spec),
        rules=tuple(_rule(r) for r in rules.items()) if rules else None,
        span=doc.span,
    )


def _rule(node: Node) -> AuthorizationRule:
    return AuthorizationRule(
        sources=tuple(_source(f.at("source")) for f in node.at("from").items()),
        operations=tuple(_operation(t.at("operation")) for t in node.at("to").items()),
        conditions=tuple(_condition(w) for w in node.at("when").items()),
        span=node.span,
    )


def _source(node: Node) -> Source:
    return Source(
        principals=node.at("principals").strings(),
        not_principals=node.at("notPrincipals").strings(),
        request_principals=node.at("requestPrincipals").strings(),
        not_request_principals=node.at("notRequestPrincipals").strings(),
        namespaces=node.at("namespaces").strings(),
        not_namespaces=node.at("notNamespaces").strings(),
        service_accounts=node.at("serviceAccounts").strings(),
        not_service_accounts=node.at("notServiceAccounts").strings(),
        trust_domains=node.at("trustDomains").strings(),
        not_trust_domains=node.at("notTrustDomains").strings(),
        ip_blocks=node.at("ipBlocks").strings(),
        not_ip_blocks=node.at("notIpBlocks").strings(),
        remote_ip_blocks=node.at("remoteIpBlocks").strings(),
        not_remote_ip_blocks=node.at("notRemoteIpBlocks").strings(),
        span=node.span if node else None,
    )


def _operation(node: Node) -> PolicyOperation:
    return PolicyOperation(
        hosts=node.at("hosts").strings(),
        not_hosts=node.at("notHosts").strings(),
        ports=node.at("ports").strings(),
        not_ports=node.at("notPorts").strings(),
        methods=node.at("methods").strings(),
        not_methods=node.at("notMethods").strings(),
        paths=node.at("paths").strings(),
        not_paths=node.at("notPaths").strings(),
        span=node.span if node else None,
    )


def _condition(node: Node) -> Condition:
    return Condition(
        key=node.at("key").text(""),
        values=node.at("values").strings(),
        not_values=node.at("notValues").strings(),
        span=node.span,
    )


def target_refs(spec: Node) -> tuple[TargetRef, ...]:
    """``targetRefs``, or the older ``targetRef``."""
    single = spec.at("targetRef")
    refs = (*((single,) if single else ()), *spec.at("targetRefs").items())
    return tuple(
        TargetRef(
            kind=r.at("kind").text(""),
            group=r.at("group").text(""),
            name=r.at("name").text(""),
            namespace=r.at("namespace").text(None),
        )
        for r in refs
    )


def peer_authentication(doc: Node) -> Iterator[PeerAuthentication | Diagnostic]:
    """Read one PeerAuthentication."""
    spec = doc.at("spec")
    ports: list[tuple[int, str]] = []
    for port, settings in spec.at("portLevelMtls").entries():
        mode = settings.at("mode")
        yield from _mode_problem(mode)
        if port.isdecimal():
            ports.append((int(port), mode.text("UNSET")))
        else:
            yield Diagnostic.at(
                settings.span, Code.INVALID_VALUE, field="$.spec.portLevelMtls", detail=f"{port} is not a port"
            )
    mode = spec.at("mtls", "mode")
    yield from _mode_problem(mode)
    yield PeerAuthentication(
        meta=meta(doc),
        selector=match_labels(spec.at("selector")),
        mode=mode.text(None),
        port_modes=tuple(ports),
        span=doc.span,
    )


def _mode_problem(mode: Node) -> Iterator[Diagnostic]:
    if mode and mode.text("") not in MTLS_MODES:
        yield Diagnostic.at(
            mode.span, Code.INVALID_VALUE, field="mtls.mode", detail=f"{mode.text('')} is not an mTLS mode"
        )


def request_authentication(doc: Node) -> Iterator[RequestAuthentication]:
    """Read one RequestAuthentication; how a token travels and where its keys are cannot change a static answer."""
    spec = doc.at("spec")
    issuers = []
    for rule in spec.at("jwtRules").items():
        rule.ignore(
            "jwksUri", "jwks", "jwks_uri", "fromHeaders", "fromParams", "fromCookies", "forwardOriginalToken",
            "outputPayloadToHeader", "outputClaimToHeaders", "timeout", "audiences", "spaceDelimitedClaims",
        )  # fmt: skip
        issuers.append(rule.at("issuer").text(""))
    yield RequestAuthentication(
        meta=meta(doc),
        selector=match_labels(spec.at("selector")),
        target_refs=target_refs(spec),
        issuers=tuple(issuers),
        span=doc.span,
    )
