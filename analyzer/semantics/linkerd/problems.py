"""Linkerd configuration that does not do what it says.

Source: linkerd/linkerd2 controller/api/destination (profiles by full name), policy-controller/k8s/index/src
(annotations, references, Servers for one port); linkerd2-proxy linkerd/service-profiles/src/proto.rs (budgets).
Shape: one ``Problem`` a fact; what may just as well be defined outside the repository is not sure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from analyzer.linking.mesh import CLUSTER_DOMAIN, Mesh, ServiceNode
from analyzer.semantics import Flaw, Problem
from analyzer.semantics.linkerd.annotations import Unreadable, retry, timeouts
from analyzer.semantics.linkerd.injection import service_membership
from analyzer.semantics.linkerd.profiles import budget_of, takes_over
from analyzer.semantics.linkerd.routes import attached, every_route
from parsers.facts import Meta
from parsers.facts.linkerd import (
    LinkerdAuthorizationPolicy,
    MeshTLSAuthentication,
    NetworkAuthentication,
    PolicyServer,
    ServiceProfile,
)
from parsers.source import Span

_FULL_NAME = re.compile(rf"[^.]+\.[^.]+\.svc\.{re.escape(CLUSTER_DOMAIN)}")
_IDENTITIES = ("MeshTLSAuthentication", "ServiceAccount")


def problems(mesh: Mesh) -> Iterator[Problem]:
    """Problems of profiles, annotations, routes and policies."""
    for profile in mesh.all(ServiceProfile):
        yield from _profile(profile, mesh)
    for service in mesh.services.values():
        if service.fact is not None:
            yield from _annotations("Service", service.fact.meta, service.fact.span)
    for route in every_route(mesh):
        if any(p.kind == "Service" for p in route.parents):
            yield from _annotations(route.kind, route.meta, route.span)
    for service in mesh.services.values():
        yield from _routes(service, mesh)
    for policy in mesh.all(LinkerdAuthorizationPolicy):
        yield from _policy(policy, mesh)


def _profile(profile: ServiceProfile, mesh: Mesh) -> Iterator[Problem]:
    who = f"ServiceProfile {profile.meta.ns}/{profile.meta.name}"
    if not _FULL_NAME.fullmatch(profile.meta.name):
        said = f"its name is not <service>.<namespace>.svc.{CLUSTER_DOMAIN}, so that no client ever asks for it"
        yield Problem(Flaw.INEFFECTIVE, "linkerd-profile-name", who, said, profile.span)
        return
    if profile.budget is not None and budget_of(profile.budget) is None:
        said = "the proxy refuses its retryBudget (ttl 1s to 60s, retryRatio 0 to 1000): its routes are not retried"
        yield Problem(Flaw.INEFFECTIVE, "linkerd-refused-budget", who, said, profile.budget.span)
    name, namespace = profile.meta.name.split(".")[:2]
    node = mesh.services.get(f"{namespace}/{name}")
    others = [f"{r.kind} {r.meta.ns}/{r.meta.name}" for r in attached(mesh, "Service", name, namespace)]
    if node is not None and node.fact is not None and retry(node.fact.meta) is not None:
        others.append("the retry annotations of the Service")
    if others and takes_over(profile):
        said = f"it has routes, so that Linkerd does not use {', '.join(others)}"
        yield Problem(Flaw.CONTRADICTORY, "linkerd-profile-shadows", who, said, profile.span)


def _annotations(kind: str, meta: Meta, span: Span) -> Iterator[Problem]:
    who = f"{kind} {meta.ns}/{meta.name}"
    for group in (retry(meta), timeouts(meta)):
        if isinstance(group, Unreadable):
            dropped = "the annotations of this sort are" if kind == "Service" else "the whole route is"
            said = f"{group.why}: {dropped} dropped"
            yield Problem(Flaw.INEFFECTIVE, "linkerd-unreadable-annotation", who, said, span)
    if meta.annotations.get("retry.linkerd.io/limit") == "0" and retry(meta) is not None:
        said = "retry.linkerd.io/limit: 0 is dropped, and without a limit it is one retry"
        yield Problem(Flaw.INEFFECTIVE, "linkerd-limit-zero", who, said, span)


def _routes(service: ServiceNode, mesh: Mesh) -> Iterator[Problem]:
    if service_membership(service, mesh) is None:
        return
    for route in attached(mesh, "Service", service.name, service.namespace):
        for rule in route.rules:
            if rule.retry is not None:
                said = "Linkerd does not read retry: its annotations say it (retry.linkerd.io/...)"
                who = f"{route.kind} {route.meta.ns}/{route.meta.name}"
                yield Problem(Flaw.INEFFECTIVE, "linkerd-ignores-retry", who, said, rule.retry.span)


def _policy(policy: LinkerdAuthorizationPolicy, mesh: Mesh) -> Iterator[Problem]:
    who = f"AuthorizationPolicy {policy.meta.ns}/{policy.meta.name}"
    if sum(r.kind in _IDENTITIES for r in policy.required) > 1:
        said = "it requires two identities, and Linkerd then ignores the whole policy"
        yield Problem(Flaw.REFUSED, "linkerd-two-identities", who, said, policy.span)
    servers = {(s.meta.ns, s.meta.name) for s in mesh.all(PolicyServer)}
    if policy.target.kind == "Server" and (policy.meta.ns, policy.target.name) not in servers:
        said = f"no Server {policy.target.name} is defined here"
        yield Problem(Flaw.DANGLING, "linkerd-unknown-server", who, said, policy.target.span, sure=False)
    known: dict[str, set[tuple[str, str]]] = {
        "MeshTLSAuthentication": {(a.meta.ns, a.meta.name) for a in mesh.all(MeshTLSAuthentication)},
        "NetworkAuthentication": {(a.meta.ns, a.meta.name) for a in mesh.all(NetworkAuthentication)},
    }
    for reference in policy.required:
        where = (reference.namespace or policy.meta.ns, reference.name)
        if reference.kind in known and where not in known[reference.kind]:
            said = f"no {reference.kind} {'/'.join(where)} is defined here: without it the policy allows nobody"
            yield Problem(Flaw.DANGLING, "linkerd-unknown-authentication", who, said, reference.span, sure=False)
