"""What Linkerd does with one call: the caller's proxy by profile or by routes and annotations, then the callee's.

Source: linkerd/linkerd2-proxy linkerd/app/outbound/src/{sidecar.rs, http/logical/profile.rs, http/endpoint.rs:162-176,
http/server.rs:125-158, http/logical/policy/route/retry.rs}; linkerd/linkerd2 policy-controller/grpc/src/outbound/
http.rs:248-253 (a route's group replaces the Service's whole).
Units: attempts count requests; durations in seconds.
Shape: one ``Passage``; where the code does not show which route is taken, the worst counts and it is an upper bound.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeVar

from analyzer.findings import Evidence
from analyzer.linking.mesh import Mesh, Pod, ServiceNode, Wire
from analyzer.model import Budget, Passage
from analyzer.options import Options
from analyzer.semantics.linkerd import profiles
from analyzer.semantics.linkerd.annotations import Retry, Timeouts, Unreadable, duration_s, retry, timeouts
from analyzer.semantics.linkerd.injection import member, service_membership, setting
from analyzer.semantics.linkerd.layers import bytes_only, from_profile, from_retry, inbound
from analyzer.semantics.linkerd.routes import Asked, Rule, attached, candidates
from analyzer.semantics.linkerd.worst import worst
from parsers.facts.gateway_api import Backend, KubernetesRoute
from parsers.facts.linkerd import ProfileRoute, ServiceProfile

G = TypeVar("G", Retry, Timeouts)

#: Ports that are bytes to the proxy unless said otherwise (charts/linkerd-control-plane/values.yaml, opaquePorts).
OPAQUE_PORTS = frozenset({25, 587, 3306, 4444, 5432, 6379, 9300, 11211})
_SKIP_OUT = "config.linkerd.io/skip-outbound-ports"
_SKIP_IN = "config.linkerd.io/skip-inbound-ports"
_OPAQUE = "config.linkerd.io/opaque-ports"
_ACCRUAL = "balancer.linkerd.io/failure-accrual"
_HTTP = frozenset({"http", "grpc", "ws"})
#: Filters that the controller does not convert: the whole route is dropped with them.
_UNSUPPORTED = frozenset({"RequestMirror", "URLRewrite", "ExtensionRef"})


@dataclass(frozen=True, slots=True)
class _Hop:
    wire: Wire
    callee: ServiceNode
    namespace: str  # the client's
    meshed: bool  # whether the callee has a proxy that sees the call
    mesh: Mesh

    @property
    def asked(self) -> Asked:
        method = None if self.wire.method == "*" else "POST" if self.wire.protocol == "grpc" else self.wire.method
        return Asked(method, None if self.wire.path == "*" else self.wire.path, self.wire.headers)


def passage(wire: Wire, mesh: Mesh, _options: Options) -> Passage | None:
    """What happens to the call, or ``None`` where no proxy of Linkerd stands on either side."""
    caller, callee = mesh.services.get(wire.caller.service), mesh.services.get(wire.callee.service)
    client = _client(caller, mesh)
    served = service_membership(callee, mesh)
    if client is None and served is None:
        return None
    target = callee.target_port(wire.port) if callee is not None else wire.port
    arrives = served is not None and callee is not None and not _listed(_SKIP_IN, target, callee.pods, mesh)
    inner = (inbound(wire, served.because),) if served is not None and arrives and _is_http(wire, callee, mesh) else ()
    direct = client is None or _listed(_SKIP_OUT, wire.port, (client[0],), mesh)
    if client is None or direct or callee is None or callee.external:
        why = client[1] if client is not None else Evidence("the caller has no proxy of Linkerd")
        return Passage(layers=inner, plaintext=True, evidence=(why,))
    hop = _Hop(wire, callee, client[0].namespace, bool(inner), mesh)
    found = _outbound(hop) if _is_http(wire, callee, mesh) else Passage(layers=(bytes_only(client[1]),))
    return replace(
        found,
        layers=(*found.layers, *(inner if found.answered is None else ())),
        plaintext=not arrives,
        evidence=(client[1], *found.evidence),
    )


def _client(caller: ServiceNode | None, mesh: Mesh) -> tuple[Pod, Evidence] | None:
    for pod in caller.pods if caller is not None else ():
        membership = member(pod, mesh)
        if membership is not None:
            return pod, membership.because
    return None


def _is_http(wire: Wire, callee: ServiceNode | None, mesh: Mesh) -> bool:
    """Whether the proxies see requests: a port of bytes stays one, whatever is sent over it."""
    if wire.protocol not in _HTTP:
        return False
    if callee is None or callee.external:
        return True
    written = callee.fact.meta.annotations.get(_OPAQUE) if callee.fact is not None else None
    if written is None:
        written = next((v for p in callee.pods if (v := setting(_OPAQUE, p, mesh)[0]) is not None), None)
    port = wire.port if wire.port is not None else callee.ports[0].port if len(callee.ports) == 1 else None
    numbers = {port, callee.target_port(port)} - {None}
    if written is not None:
        return not any(_in_list(written, n) for n in numbers if n is not None)
    return not numbers & OPAQUE_PORTS


def _listed(name: str, port: int | None, pods: tuple[Pod, ...], mesh: Mesh) -> bool:
    written = (setting(name, p, mesh)[0] for p in pods)
    return port is not None and any(w is not None and _in_list(w, port) for w in written)


def _in_list(written: str, port: int) -> bool:
    """``25,3000-3010``."""
    for part in written.split(","):
        low, dash, high = part.strip().partition("-")
        if low.isdecimal() and int(low) <= port <= (int(high) if dash and high.isdecimal() else int(low)):
            return True
    return False


# --------------------------------------------------------------------------------------------------------- outbound


def _outbound(hop: _Hop) -> Passage:
    """By the profile where it has routes; else by routes and annotations."""
    if hop.callee.fact is not None and hop.callee.fact.headless:
        said = f"{hop.callee.id} is headless: its pods are called one by one, and no route or annotation applies"
        return Passage(layers=(from_retry(hop.wire, None, None, meshed=hop.meshed),), evidence=(Evidence(said),))
    profile = profiles.profile_of(hop.callee, hop.namespace, hop.mesh)
    if profile is not None and profiles.takes_over(profile):
        return _by_profile(profile, hop)
    return _by_policy(hop)


def _by_profile(profile: ServiceProfile, hop: _Hop) -> Passage:
    asked = hop.asked
    ways = profiles.routes_for(profile, asked.method, asked.path)
    found = worst([_profiled(profile, route, hop) for route in ways])
    shadowed = len(attached(hop.mesh, "Service", hop.callee.name, hop.callee.namespace))
    own = hop.callee.fact.meta if hop.callee.fact is not None else None
    said = [Evidence(f"ServiceProfile {profile.meta.ns}/{profile.meta.name} decides", profile.span)]
    if shadowed or (own is not None and any("linkerd.io/" in k for k in own.annotations)):
        said.append(Evidence("its routes switch off HTTPRoutes and annotations of this service", profile.span))
    return replace(found, callees=_overrides(profile, hop), evidence=(*said, *found.evidence))


def _profiled(profile: ServiceProfile, route: ProfileRoute | None, hop: _Hop) -> Passage:
    tps = profiles.budget_of(profile.budget)
    layer = from_profile(hop.wire, profile, route, tps, meshed=hop.meshed)
    if tps is None or route is None or not route.retryable:
        return Passage(layers=(layer,))
    span = profile.budget.span if profile.budget is not None else profile.span
    said = f"every request earns {tps.share:g} retries, and {tps.per_s} a second stand ready in each client's proxy"
    return Passage(
        layers=(layer,), budgets=(Budget("earned", tps.share * 100, None, Evidence(said, span), per_s=tps.per_s),)
    )


def _overrides(profile: ServiceProfile, hop: _Hop) -> tuple[tuple[str, float], ...]:
    total = sum(w for _, w, _ in profile.overrides)
    if not total:
        return ()
    shares: dict[str, float] = {}
    for authority, weight, _ in profile.overrides:
        node = hop.mesh.service_for_host(authority.partition(":")[0], hop.callee.namespace)
        name = node.id if node is not None else f"external:{authority.partition(':')[0]}"
        if weight:
            shares[name] = shares.get(name, 0.0) + weight / total
    return tuple(shares.items())


def _by_policy(hop: _Hop) -> Passage:
    own = hop.callee.fact.meta if hop.callee.fact is not None else None
    routes = [r for r in _in_scope(hop) if _converted(r)]
    dropped = tuple(
        Evidence(f"{r.kind} {r.meta.ns}/{r.meta.name} is dropped: {_problem(r)}", r.span)
        for r in _in_scope(hop)
        if not _converted(r)
    )
    retried = retry(own) if own is not None else None
    timed = timeouts(own) if own is not None else None
    breakers = _accrual(hop)
    if not routes:
        layer = from_retry(hop.wire, _readable(retried), _readable(timed), meshed=hop.meshed)
        return Passage(layers=(layer,), budgets=breakers, evidence=(*dropped, *_unreadable(retried, timed)))
    ways = candidates(routes, hop.asked)
    found = worst([_ruled(rule, _readable(retried), _readable(timed), hop) for rule in ways])
    return replace(found, budgets=breakers, evidence=(*dropped, *_unreadable(retried, timed), *found.evidence))


def _in_scope(hop: _Hop) -> list[KubernetesRoute]:
    """Routes of the service's own namespace are for everyone, others for callers there; GRPCRoutes hide the rest."""
    every = attached(hop.mesh, "Service", hop.callee.name, hop.callee.namespace, hop.wire.port)
    seen = [r for r in every if r.meta.ns in (hop.callee.namespace, hop.namespace)]
    return [r for r in seen if r.kind == "GRPCRoute"] or seen


def _converted(route: KubernetesRoute) -> bool:
    return _problem(route) is None


def _problem(route: KubernetesRoute) -> str | None:
    """Why the controller cannot convert a route; then it is as if it were not there."""
    for group in (retry(route.meta), timeouts(route.meta)):
        if isinstance(group, Unreadable):
            return group.why
    filters = {f for rule in route.rules for f in rule.filters} & _UNSUPPORTED
    return f"Linkerd has no filter {', '.join(sorted(filters))}" if filters else None


def _readable(group: G | Unreadable | None) -> G | None:
    return None if isinstance(group, Unreadable) else group


def _unreadable(*groups: Retry | Timeouts | Unreadable | None) -> tuple[Evidence, ...]:
    return tuple(Evidence(f"dropped: {g.why}", g.span) for g in groups if isinstance(g, Unreadable))


def _accrual(hop: _Hop) -> tuple[Budget, ...]:
    meta = hop.callee.fact.meta if hop.callee.fact is not None else None
    kind = meta.annotations.get(_ACCRUAL) if meta is not None else None
    if meta is None or kind not in ("consecutive", "unified"):
        return ()
    return (Budget("outlier", None, None, Evidence(f"{_ACCRUAL}: {kind} leaves failing endpoints out", meta.span)),)


def _ruled(rule: Rule | None, service_retry: Retry | None, service_time: Timeouts | None, hop: _Hop) -> Passage:
    if rule is None:
        return Passage(answered="404", evidence=(Evidence(f"no route of {hop.callee.id} takes it: 404"),))
    route, own = rule
    said = Evidence(f"{route.kind} {route.meta.ns}/{route.meta.name} takes it", own.span)
    if own.redirect:
        return Passage(answered="301", evidence=(said,))
    retried, timed = retry(route.meta), timeouts(route.meta)
    chosen = _readable(retried) or service_retry
    time = _readable(timed) or service_time
    if (written := duration_s(own.request_timeout)) is not None and (
        time is None or time.request_s is None or not timed
    ):
        time = Timeouts(
            written, time.response_s if time else None, f"timeouts.request: {own.request_timeout}", own.span
        )
    callees, gone = _backends(own.backends, route, hop)
    if own.backends and not callees:
        return Passage(answered="500", evidence=(said, *gone))
    layer = from_retry(hop.wire, chosen, time, meshed=hop.meshed)
    ignored = (Evidence("Linkerd does not read retry of a route", own.retry.span),) if own.retry is not None else ()
    lost = retried is not None and service_retry is not None and not isinstance(retried, Unreadable)
    if lost:
        ignored = (*ignored, Evidence("the route's retry annotations replace the Service's as a whole", route.span))
    receivers = callees or ((hop.callee.id, 1.0),)
    return Passage(layers=(layer,), callees=receivers, evidence=(said, *gone, *ignored))


def _backends(
    backends: tuple[Backend, ...], route: KubernetesRoute, hop: _Hop
) -> tuple[tuple[tuple[str, float], ...], tuple[Evidence, ...]]:
    """Who receives how much; a backend that is no Service with a port gets its share as errors."""
    total = sum(b.weight for b in backends)
    shares: dict[str, float] = {}
    gone: list[Evidence] = []
    for backend in backends:
        node = hop.mesh.services.get(f"{backend.namespace or route.meta.ns}/{backend.name}")
        if backend.kind != "Service" or backend.port is None or node is None:
            gone.append(Evidence(f"backend {backend.name} is no Service with a port: 500", backend.span))
        elif backend.weight:
            shares[node.id] = shares.get(node.id, 0.0) + backend.weight / total
    return tuple(shares.items()), tuple(gone)
