"""Facts of the Kubernetes Gateway API, as written.

Source: kubernetes-sigs/gateway-api apis/v1 (HTTPRoute, GRPCRoute, Gateway), apisx/v1alpha1 (XBackendTrafficPolicy).
Units: durations in seconds; ``RouteRetry.attempts`` is converted here: it counts requests.
Shape: lists in document order; ``None`` means not written. What a field means is each implementation's to say.
"""

from __future__ import annotations

from dataclasses import dataclass

from parsers.facts import Meta
from parsers.quantities import Count
from parsers.source import Span


@dataclass(frozen=True, slots=True)
class ParentRef:
    """What a route is attached to: a ``Gateway`` (the default kind) or, in a mesh, a ``Service``."""

    kind: str
    name: str
    namespace: str | None
    port: int | None
    section: str | None


@dataclass(frozen=True, slots=True)
class Backend:
    """Where a rule sends to; an absent ``weight`` is 1."""

    kind: str
    name: str
    namespace: str | None
    port: int | None
    weight: int
    span: Span


@dataclass(frozen=True, slots=True)
class ValueMatch:
    """A named match (header, query parameter): ``Exact`` or ``RegularExpression``."""

    name: str
    kind: str
    value: str


@dataclass(frozen=True, slots=True)
class RouteMatch:
    """One match block: all parts must hold. ``path_kind`` is Exact, PathPrefix or RegularExpression."""

    path_kind: str
    path: str | None
    method: str | None
    headers: tuple[ValueMatch, ...]
    query_params: tuple[ValueMatch, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class RouteRetry:
    """``retry`` (experimental): ``attempts`` counts requests here; ``None`` where it is absent."""

    attempts: Count | None
    codes: tuple[int, ...]
    backoff_s: float | None
    declared: str
    span: Span


@dataclass(frozen=True, slots=True)
class RouteMirror:
    """A mirror filter; ``percent`` 0..100, absent is 100."""

    backend: Backend
    percent: float
    span: Span


@dataclass(frozen=True, slots=True)
class RouteRule:
    """One rule of an HTTPRoute or GRPCRoute; a gRPC method is ``/service/method`` in ``path``."""

    matches: tuple[RouteMatch, ...]
    backends: tuple[Backend, ...]
    mirrors: tuple[RouteMirror, ...]
    redirect: bool
    headers_set: tuple[tuple[str, str], ...]
    request_timeout_s: float | None
    backend_timeout_s: float | None
    retry: RouteRetry | None
    span: Span
    filters: tuple[str, ...] = ()  # kinds of all filters, as written
    extensions: tuple[tuple[str, str, str], ...] = ()  # (group, kind, name) of ExtensionRef filters
    request_timeout: str = ""  # as written: each implementation has a grammar of its own


@dataclass(frozen=True, slots=True)
class KubernetesRoute:
    """An HTTPRoute or a GRPCRoute (``kind``)."""

    kind: str
    meta: Meta
    parents: tuple[ParentRef, ...]
    hostnames: tuple[str, ...]
    rules: tuple[RouteRule, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Listener:
    """A listener of a Gateway; ``hostname`` ``None`` takes every host."""

    name: str
    port: int
    protocol: str
    hostname: str | None
    span: Span


@dataclass(frozen=True, slots=True)
class KubernetesGateway:
    """A Gateway of the Gateway API; also a waypoint, by its class."""

    meta: Meta
    class_name: str
    listeners: tuple[Listener, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class BackendBudget:
    """XBackendTrafficPolicy (or its ancestor BackendLBPolicy): a retry budget for Services."""

    meta: Meta
    services: tuple[str, ...]
    percent: float | None
    interval_s: float | None
    min_count: int | None
    span: Span


@dataclass(frozen=True, slots=True)
class GatewayClass:
    """A GatewayClass: the controller that serves the Gateways of that class."""

    meta: Meta
    controller: str
    span: Span


@dataclass(frozen=True, slots=True)
class ConnectionRoute:
    """A TLSRoute, TCPRoute or UDPRoute (``kind``): connections, not requests."""

    kind: str
    meta: Meta
    parents: tuple[ParentRef, ...]
    hostnames: tuple[str, ...]
    backends: tuple[Backend, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class ReferenceGrant:
    """Who of another namespace may refer to what of this one: every (kind, namespace) to every (kind, name)."""

    meta: Meta
    origins: tuple[tuple[str, str], ...]
    targets: tuple[tuple[str, str | None], ...]
    span: Span


@dataclass(frozen=True, slots=True)
class MeshRoute:
    """An HTTPRoute of ``policy.linkerd.io``: the same words in another API group, which only Linkerd reads."""

    meta: Meta
    route: KubernetesRoute
    span: Span
