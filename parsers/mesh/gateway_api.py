"""The Kubernetes Gateway API: Gateways, their classes, routes, grants, retry budgets; Linkerd's copy of HTTPRoute.

Source: kubernetes-sigs/gateway-api apis/v1/{gateway,httproute,grpcroute}_types.go, apisx/v1alpha1.
Units: ``retry.attempts`` there counts retries; durations in seconds (GEP-2257, a part of Go's grammar).
Shape: one fact a document; any version of the group is read alike.
Errors: none; what is not modelled is a diagnostic.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from parsers.facts.gateway_api import (
    Backend,
    BackendBudget,
    ConnectionRoute,
    GatewayClass,
    KubernetesGateway,
    KubernetesRoute,
    Listener,
    MeshRoute,
    ParentRef,
    ReferenceGrant,
    RouteMatch,
    RouteMirror,
    RouteRetry,
    RouteRule,
    ValueMatch,
)
from parsers.mesh import Dialect
from parsers.metadata import meta
from parsers.quantities import Count
from parsers.yamltree import Node

GROUP = "gateway.networking.k8s.io"
EXPERIMENTAL = "gateway.networking.x-k8s.io"
LINKERD = "policy.linkerd.io"


def _gateway(doc: Node) -> Iterator[KubernetesGateway]:
    spec, found = doc.at("spec"), meta(doc)
    spec.ignore("addresses", "infrastructure", "backendTLS", "allowedListeners", "defaultScope", "tls")
    if found is not None:
        listeners = tuple(_listener(x) for x in spec.at("listeners").items())
        yield KubernetesGateway(found, spec.at("gatewayClassName").text(""), listeners, doc.span)


def _listener(node: Node) -> Listener:
    node.ignore("tls", "allowedRoutes")
    return Listener(
        node.at("name").text(""),
        node.at("port").integer(0),
        node.at("protocol").text(""),
        node.at("hostname").text(None),
        node.span,
    )


def _http_route(doc: Node) -> Iterator[KubernetesRoute]:
    yield from _route(doc, "HTTPRoute", _http_match)


def _grpc_route(doc: Node) -> Iterator[KubernetesRoute]:
    yield from _route(doc, "GRPCRoute", _grpc_match)


def _route(doc: Node, kind: str, match: Callable[[Node], RouteMatch]) -> Iterator[KubernetesRoute]:
    spec, found = doc.at("spec"), meta(doc)
    spec.ignore("useDefaultGateways")
    if found is not None:
        yield KubernetesRoute(
            kind=kind,
            meta=found,
            parents=tuple(_parent(p) for p in spec.at("parentRefs").items()),
            hostnames=spec.at("hostnames").strings(),
            rules=tuple(_rule(r, match) for r in spec.at("rules").items()),
            span=doc.span,
        )


def _parent(node: Node) -> ParentRef:
    node.ignore("group")
    return ParentRef(
        node.at("kind").text("Gateway"),
        node.at("name").text(""),
        node.at("namespace").text(None),
        node.at("port").integer(None),
        node.at("sectionName").text(None),
    )


def _rule(node: Node, match: Callable[[Node], RouteMatch]) -> RouteRule:
    node.ignore("name", "sessionPersistence")
    filters = tuple(node.at("filters").items())
    return RouteRule(
        matches=tuple(match(m) for m in node.at("matches").items()),
        backends=tuple(_backend(b) for b in node.at("backendRefs").items()),
        mirrors=tuple(_mirror(f.at("requestMirror")) for f in filters if f.at("requestMirror")),
        redirect=any(_redirects(f) for f in filters),
        headers_set=tuple(pair for f in filters for pair in _headers(f.at("requestHeaderModifier"))),
        request_timeout_s=node.at("timeouts", "request").duration_s(None),
        backend_timeout_s=node.at("timeouts", "backendRequest").duration_s(None),
        retry=_retry(node.at("retry")),
        span=node.span,
        filters=tuple(_kind_of(f) for f in filters),
        extensions=tuple(_extension(f.at("extensionRef")) for f in filters if f.at("extensionRef")),
        request_timeout=node.at("timeouts", "request").written(),
    )


def _kind_of(node: Node) -> str:
    """A filter's ``type``; where none is written, the key that it would have."""
    written = node.at("type").written()
    return written or next((name[:1].upper() + name[1:] for name, _ in node.names()), "")


def _extension(node: Node) -> tuple[str, str, str]:
    return (node.at("group").text(""), node.at("kind").text(""), node.at("name").text(""))


def _redirects(node: Node) -> bool:
    """Whether the filter redirects; the other kinds change no call that is modelled here."""
    node.ignore("type", "responseHeaderModifier", "urlRewrite", "cors", "externalAuth")
    node.at("requestRedirect").ignore_rest()
    return bool(node.at("requestRedirect"))


def _headers(node: Node) -> Iterator[tuple[str, str]]:
    node.ignore("remove")
    for key in ("set", "add"):
        for header in node.at(key).items():
            yield header.at("name").text("").lower(), header.at("value").text("")


def _backend(node: Node) -> Backend:
    node.ignore("group", "filters")
    return Backend(
        node.at("kind").text("Service"),
        node.at("name").text(""),
        node.at("namespace").text(None),
        node.at("port").integer(None),
        node.at("weight").count(1),
        node.span,
    )


def _mirror(node: Node) -> RouteMirror:
    fraction = node.at("fraction")
    share = node.at("percent").number(100.0)
    if fraction:
        share = 100.0 * fraction.at("numerator").number(0.0) / (fraction.at("denominator").number(100.0) or 100.0)
    return RouteMirror(_backend(node.at("backendRef")), share, node.span)


def _retry(node: Node) -> RouteRetry | None:
    if not node:
        return None
    attempts = node.at("attempts").count(None)
    codes = tuple(code for c in node.at("codes").items() if (code := c.integer(None)) is not None)
    parts = [f"{key}: {node.at(key).written()}" for key in ("attempts", "backoff") if node.at(key)]
    parts += [f"codes: {list(codes)}"] if codes else []
    return RouteRetry(
        attempts=None if attempts is None else Count.from_retries(attempts),
        codes=codes,
        backoff_s=node.at("backoff").duration_s(None),
        declared="retry: {" + ", ".join(parts) + "}",
        span=node.span,
    )


def _http_match(node: Node) -> RouteMatch:
    path = node.at("path")
    return RouteMatch(
        path_kind=path.at("type").text("PathPrefix"),
        path=path.at("value").text("/") if path else None,
        method=node.at("method").text(None),
        headers=tuple(_value(h) for h in node.at("headers").items()),
        query_params=tuple(_value(q) for q in node.at("queryParams").items()),
        span=node.span,
    )


def _grpc_match(node: Node) -> RouteMatch:
    """A service without a method is a prefix of paths, a method without a service is any path that ends with it."""
    method = node.at("method")
    kind, service, name = (
        method.at("type").text("Exact"),
        method.at("service").text(None),
        method.at("method").text(None),
    )
    path: str | None = None
    if service is not None or name is not None:
        path = f"/{service or '[^/]+'}/{name or ('[^/]+' if kind == 'RegularExpression' else '')}"
    regular = kind == "RegularExpression" or service is None
    return RouteMatch(
        path_kind="RegularExpression" if regular else "Exact" if name else "PathPrefix",
        path=path,
        method=None,
        headers=tuple(_value(h) for h in node.at("headers").items()),
        query_params=(),
        span=node.span,
    )


def _value(node: Node) -> ValueMatch:
    return ValueMatch(node.at("name").text(""), node.at("type").text("Exact"), node.at("value").text(""))


def _budget(doc: Node) -> Iterator[BackendBudget]:
    spec, found = doc.at("spec"), meta(doc)
    spec.ignore("sessionPersistence")
    constraint = spec.at("retryConstraint")
    services = []
    for target in spec.at("targetRefs").items():
        target.ignore("group", "kind", "sectionName")
        services.append(target.at("name").text(""))
    constraint.at("minRetryRate").ignore("interval")
    if found is not None and constraint:
        yield BackendBudget(
            meta=found,
            services=tuple(services),
            percent=constraint.at("budget", "percent").number(None),
            interval_s=constraint.at("budget", "interval").duration_s(None),
            min_count=constraint.at("minRetryRate", "count").integer(None),
            span=doc.span,
        )


def _class(doc: Node) -> Iterator[GatewayClass]:
    spec, found = doc.at("spec"), meta(doc)
    spec.ignore("description", "parametersRef")
    if found is not None:
        yield GatewayClass(found, spec.at("controllerName").text(""), doc.span)


def _connections(doc: Node) -> Iterator[ConnectionRoute]:
    spec, found = doc.at("spec"), meta(doc)
    spec.ignore("useDefaultGateways")
    if found is not None:
        rules = tuple(spec.at("rules").items())
        for rule in rules:
            rule.ignore("name")
        yield ConnectionRoute(
            kind=doc.at("kind").written(),
            meta=found,
            parents=tuple(_parent(p) for p in spec.at("parentRefs").items()),
            hostnames=spec.at("hostnames").strings(),
            backends=tuple(_backend(b) for rule in rules for b in rule.at("backendRefs").items()),
            span=doc.span,
        )


def _grant(doc: Node) -> Iterator[ReferenceGrant]:
    spec, found = doc.at("spec"), meta(doc)
    origins: list[tuple[str, str]] = []
    targets: list[tuple[str, str | None]] = []
    for origin in spec.at("from").items():
        origin.ignore("group")
        origins.append((origin.at("kind").text(""), origin.at("namespace").text("")))
    for target in spec.at("to").items():
        target.ignore("group")
        targets.append((target.at("kind").text(""), target.at("name").text(None)))
    if found is not None:
        yield ReferenceGrant(found, tuple(origins), tuple(targets), doc.span)


def _linkerd_route(doc: Node) -> Iterator[MeshRoute]:
    for route in _http_route(doc):
        yield MeshRoute(route.meta, route, route.span)


def _irrelevant(doc: Node) -> Iterator[object]:
    """TLS from a gateway to a backend, more listeners, a mesh's description: no call, no retry, no permission."""
    doc.ignore_rest()
    return iter(())


_READERS: dict[tuple[str, str], Callable[[Node], Iterator[object]]] = {
    (GROUP, "Gateway"): _gateway,
    (GROUP, "HTTPRoute"): _http_route,
    (GROUP, "GRPCRoute"): _grpc_route,
    (GROUP, "BackendLBPolicy"): _budget,
    (EXPERIMENTAL, "XBackendTrafficPolicy"): _budget,
    (GROUP, "GatewayClass"): _class,
    **{(GROUP, kind): _connections for kind in ("TLSRoute", "TCPRoute", "UDPRoute")},
    (GROUP, "ReferenceGrant"): _grant,
    (GROUP, "BackendTLSPolicy"): _irrelevant,
    (GROUP, "ListenerSet"): _irrelevant,
    (EXPERIMENTAL, "XListenerSet"): _irrelevant,
    (EXPERIMENTAL, "XMesh"): _irrelevant,
    (LINKERD, "HTTPRoute"): _linkerd_route,
}


def _parse(doc: Node) -> Iterator[object]:
    group = doc.at("apiVersion").written().rpartition("/")[0]
    yield from _READERS[(group, doc.at("kind").written())](doc)


GATEWAY_API = Dialect("gateway-api", frozenset(_READERS), _parse, frozenset({GROUP, EXPERIMENTAL}))
