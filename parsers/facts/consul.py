"""Facts of Consul's configuration entries as Kubernetes resources, as written.

Source: hashicorp/consul-k8s control-plane/api/v1alpha1 (field names are theirs in snake case).
Units: durations in seconds; ``num_retries`` counts retries, as written (0 and nothing mean different things elsewhere).
Shape: lists in document order; ``None`` means not written.
"""

from __future__ import annotations

from dataclasses import dataclass

from parsers.facts import Meta
from parsers.source import Span


@dataclass(frozen=True, slots=True)
class ConsulValue:
    """A named match: ``kind`` is Present, Exact, Prefix, Suffix, Contains or Regex, in lower case."""

    name: str
    kind: str
    value: str
    invert: bool


@dataclass(frozen=True, slots=True)
class ConsulMatch:
    """A match of requests: ``path_kind`` is exact, prefix or regex; all parts must hold."""

    path_kind: str | None
    path: str
    headers: tuple[ConsulValue, ...]
    query_params: tuple[ConsulValue, ...]
    methods: tuple[str, ...]
    ignore_case: bool


ANY_REQUEST = ConsulMatch(None, "", (), (), (), ignore_case=False)


@dataclass(frozen=True, slots=True)
class ConsulRoute:
    """One route of a router; ``service`` ``None``: the router's own."""

    match: ConsulMatch
    service: str | None
    num_retries: int | None
    retry_on: tuple[str, ...]
    retry_on_statuses: tuple[int, ...]
    retry_on_connect_failure: bool
    request_timeout_s: float | None
    declared: str
    span: Span


@dataclass(frozen=True, slots=True)
class ServiceRouter:
    """A ServiceRouter; its name is the service's."""

    meta: Meta
    routes: tuple[ConsulRoute, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class ServiceResolver:
    """A ServiceResolver: ``redirect`` is the service that is called instead; ``failover`` those called at need."""

    meta: Meta
    redirect: str | None
    failover: tuple[str, ...]
    request_timeout_s: float | None
    span: Span


@dataclass(frozen=True, slots=True)
class ServiceSplitter:
    """A ServiceSplitter: (service or ``None`` for its own, weight 0..100)."""

    meta: Meta
    splits: tuple[tuple[str | None, float], ...]
    span: Span


@dataclass(frozen=True, slots=True)
class ServiceDefaults:
    """Defaults of a service, or of all proxies (``everything``: a ProxyDefaults named ``global``).

    ``exposed`` are paths served without mTLS and intentions; ``expose_checks`` does so for health checks.
    """

    meta: Meta
    everything: bool
    protocol: str | None
    mutual_tls: str | None
    exposed: tuple[str, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class ConsulMesh:
    """The Mesh entry: whether services may ask for permissive mTLS."""

    meta: Meta
    permissive_allowed: bool
    span: Span


@dataclass(frozen=True, slots=True)
class IntentionPermission:
    """One permission; ``jwt``: it asks for a token."""

    action: str
    match: ConsulMatch
    jwt: bool
    span: Span


@dataclass(frozen=True, slots=True)
class IntentionSource:
    """Who calls, and what of that is allowed; ``action`` ``None``: the permissions decide."""

    name: str
    action: str | None
    permissions: tuple[IntentionPermission, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class ServiceIntentions:
    """Intentions of one destination (``*``: of every one without its own)."""

    meta: Meta
    destination: str
    sources: tuple[IntentionSource, ...]
    jwt: bool
    span: Span


@dataclass(frozen=True, slots=True)
class ConsulInstallation:
    """What Helm values say of Consul: ``None`` where they do not say it."""

    acls: bool | None
    inject: bool | None
    span: Span
