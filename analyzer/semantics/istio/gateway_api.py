"""Gateway API routes as Istio understands them: as VirtualServices it makes itself.

Source: istio/istio pilot/pkg/config/kube/gateway/conversion.go:186-259, backend_policies.go:792-807;
pilot/pkg/networking/core/route/route.go:279-291, 1098-1104; kubernetes-sigs/gateway-api (precedence of matches).
Shape: one VirtualService a host and scope: a route in the Service's own namespace is for everyone, one elsewhere for
callers of its own namespace; rules of several routes are merged by precedence.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from analyzer.linking.mesh import CLUSTER_DOMAIN, Mesh
from analyzer.semantics.istio.hosts import MESH
from analyzer.semantics.istio.memory import remembered
from parsers.facts import NO_LABELS, Labels
from parsers.facts.gateway_api import (
    Backend,
    BackendBudget,
    GatewayClass,
    KubernetesGateway,
    KubernetesRoute,
    RouteMatch,
    RouteRetry,
    RouteRule,
    ValueMatch,
)
from parsers.facts.istio import (
    Destination,
    HttpMatch,
    HttpRoute,
    Mirror,
    RetryBudget,
    RetryPolicy,
    StringMatch,
    VirtualService,
)
from parsers.quantities import Count

#: Classes that Istio's controller takes; a waypoint is no way in.
GATEWAY_CLASSES = frozenset({"istio", "istio-remote"})
CONTROLLER = "istio.io/gateway-controller"
#: What a ``retry`` stanza repeats, besides its codes (conversion.go:199).
RETRY_ON = "connect-failure,refused-stream,unavailable,cancelled"
DEFAULT_RETRIES = 2
_BUDGET_INTERVAL_S = 10.0
_BUDGET_CONCURRENCY = 10


@dataclass(frozen=True, slots=True)
class _Scope:
    """Who a made VirtualService is for. ``namespace`` is the routes' own; ``private``: for its callers only."""

    host: str
    namespace: str
    gateway: str
    private: bool


def made(mesh: Mesh) -> tuple[VirtualService, ...]:
    """The VirtualServices that istiod makes of Gateway API routes."""
    return remembered(mesh, _made)


def _made(mesh: Mesh) -> tuple[VirtualService, ...]:
    ours = {f"{g.meta.ns}/{g.meta.name}" for g in istio_gateways(mesh)}
    scopes: dict[_Scope, list[KubernetesRoute]] = {}
    for route in mesh.all(KubernetesRoute):
        for scope in _scopes(route, ours):
            scopes.setdefault(scope, []).append(route)
    return tuple(_virtual_service(scope, routes, mesh) for scope, routes in scopes.items())


def istio_gateways(mesh: Mesh) -> tuple[KubernetesGateway, ...]:
    """Gateways of the Gateway API that Istio runs."""
    classes = {c.meta.name: c.controller for c in mesh.all(GatewayClass)}
    return tuple(g for g in mesh.all(KubernetesGateway) if _ours(g.class_name, classes))


def _ours(name: str, classes: Mapping[str, str]) -> bool:
    """Whether Istio's controller serves a class: one of its own, or one that names it."""
    return name in GATEWAY_CLASSES or classes.get(name) == CONTROLLER


def _scopes(route: KubernetesRoute, gateways: set[str]) -> Iterator[_Scope]:
    for parent in route.parents:
        namespace = parent.namespace or route.meta.ns
        if parent.kind == "Service":
            host = f"{parent.name}.{namespace}.svc.{CLUSTER_DOMAIN}"
            yield _Scope(host, route.meta.ns, MESH, private=namespace != route.meta.ns)
        elif parent.kind == "Gateway" and f"{namespace}/{parent.name}" in gateways:
            for host in route.hostnames or ("*",):
                yield _Scope(host.lower(), route.meta.ns, f"{namespace}/{parent.name}", private=False)


def _virtual_service(scope: _Scope, routes: list[KubernetesRoute], mesh: Mesh) -> VirtualService:
    rules = [(r, rule) for r in routes for rule in r.rules]
    entries = [entry for r, rule in rules for entry in _entries(r, rule, mesh)]
    ordered = sorted(entries, key=_precedence)
    return VirtualService(
        meta=routes[0].meta,
        hosts=(scope.host,),
        gateways=(scope.gateway,),
        export_to=(".",) if scope.private else ("*",),
        http=tuple(ordered),
        l4=(),
        span=routes[0].span,
    )


def _entries(route: KubernetesRoute, rule: RouteRule, mesh: Mesh) -> Iterator[HttpRoute]:
    """One entry a match block: blocks of one rule may have different precedence."""
    for match in rule.matches or (None,):
        yield HttpRoute(
            name=route.meta.name,
            matches=(_match(match),) if match is not None else (),
            destinations=tuple(_destinations(rule.backends, route.meta.ns)),
            redirect=rule.redirect,
            direct_response_status=None if rule.redirect or any(b.weight for b in rule.backends) else 500,
            delegate=None,
            rewrite_uri=None,
            rewrite_authority=None,
            timeout_s=_timeout(rule, mesh),
            retries=_retries(rule, mesh),
            fault=None,
            mirrors=tuple(
                Mirror(d, m.percent, m.span)
                for m in rule.mirrors
                for d in _destinations((m.backend,), route.meta.ns, always=True)
            ),
            headers_set=Labels(dict(rule.headers_set)),
            span=rule.span,
        )


def _destinations(backends: Iterable[Backend], namespace: str, *, always: bool = False) -> Iterator[Destination]:
    for backend in backends:
        if backend.weight or always:
            host = f"{backend.name}.{backend.namespace or namespace}.svc.{CLUSTER_DOMAIN}"
            yield Destination(host, None, backend.port, backend.weight, backend.span)


def _match(match: RouteMatch) -> HttpMatch:
    return HttpMatch(
        name=None,
        uri=_path(match),
        ignore_uri_case=False,
        method=StringMatch("exact", match.method) if match.method else None,
        scheme=None,
        authority=None,
        headers=tuple(_value(h, lower=True) for h in match.headers),
        without_headers=(),
        query_params=tuple(_value(q, lower=False) for q in match.query_params),
        port=None,
        source_labels=NO_LABELS,
        source_namespace=None,
        gateways=(),
        span=match.span,
    )


def _path(match: RouteMatch) -> StringMatch | None:
    if match.path is None or (match.path_kind == "PathPrefix" and match.path == "/"):
        return None
    kind = {"Exact": "exact", "PathPrefix": "segments"}.get(match.path_kind, "regex")
    return StringMatch(kind, match.path)


def _value(value: ValueMatch, *, lower: bool) -> tuple[str, StringMatch]:
    kind = "regex" if value.kind == "RegularExpression" else "exact"
    return (value.name.lower() if lower else value.name, StringMatch(kind, value.value))


def _precedence(route: HttpRoute) -> tuple[int, int, bool, int, int]:
    """Exact paths, then the longest prefix, a method, more headers, more parameters; else as written."""
    if not route.matches:
        return (3, 0, True, 0, 0)
    match = route.matches[0]
    kind = match.uri.kind if match.uri is not None else ""
    rank = {"exact": 0, "regex": 1, "segments": 2}.get(kind, 3)
    length = len(match.uri.value) if match.uri is not None else 0
    return (rank, -length, match.method is None, -len(match.headers), -len(match.query_params))


def _timeout(rule: RouteRule, mesh: Mesh) -> float | None:
    """``backendRequest`` is a per-try timeout beside a ``retry`` stanza; without one it takes the timeout's place."""
    if rule.backend_timeout_s and (rule.retry is None or not _knows_retry(mesh)):
        return rule.backend_timeout_s
    return rule.request_timeout_s or None


def _knows_retry(mesh: Mesh) -> bool:
    """Istio reads ``retry`` since 1.25."""
    return mesh.istio_version[:2] >= (1, 25)


def _retries(rule: RouteRule, mesh: Mesh) -> RetryPolicy | None:
    written = rule.retry
    if written is None or not _knows_retry(mesh):
        return None
    return RetryPolicy(
        attempts=written.attempts or Count.from_retries(DEFAULT_RETRIES),
        per_try_timeout_s=rule.backend_timeout_s or None,
        retry_on=_retry_on(written),
        retry_remote_localities=None,
        retry_ignore_previous_hosts=None,
        backoff_s=written.backoff_s,
        declared=written.declared,
        invalid=None,
        span=written.span,
    )


def _retry_on(written: RouteRetry) -> str:
    return ",".join((RETRY_ON, *(str(code) for code in written.codes)))


def budget_of(service: str | None, mesh: Mesh) -> RetryBudget | None:
    """The retry budget that a backend policy sets for a service id; unwritten parts have Istio's defaults."""
    found = remembered(mesh, _budgets).get(service or "")
    if found is None:
        return None
    least = _BUDGET_CONCURRENCY if found.min_count is None else found.min_count
    interval = _BUDGET_INTERVAL_S if found.interval_s is None else found.interval_s
    return RetryBudget(found.percent, least, interval, found.span)


def _budgets(mesh: Mesh) -> dict[str, BackendBudget]:
    return {f"{b.meta.ns}/{name}": b for b in reversed(mesh.all(BackendBudget)) for name in b.services}
