"""Facts of Istio resources, as written.

Source: istio/api networking/v1alpha3, security/v1beta1, mesh/v1alpha1 (field names are theirs in snake case).
Units: durations in seconds; ``HTTPRetry.attempts`` is converted here: ``RetryPolicy.attempts`` counts requests.
Shape: lists in document order; ``None`` means not written, which is often different from empty.
"""

from __future__ import annotations

from dataclasses import dataclass

from parsers.facts import NO_LABELS, Labels, Meta, Selector
from parsers.quantities import Count
from parsers.source import Span


@dataclass(frozen=True, slots=True)
class StringMatch:
    """``exact``, ``prefix``, ``regex`` or ``present`` (empty); ``segments``: a PathPrefix of the Gateway API."""

    kind: str
    value: str


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """An ``HTTPRetry`` block.

    ``attempts`` is ``None`` where the field is absent: then Istio reads 0, which switches retries off (retry.go).
    ``invalid`` says why the validation webhook refuses the block, where it does (agent/validation.go:940-998).
    """

    attempts: Count | None
    per_try_timeout_s: float | None
    retry_on: str | None
    retry_remote_localities: bool | None
    retry_ignore_previous_hosts: bool | None
    backoff_s: float | None
    declared: str
    invalid: str | None
    span: Span


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a route sends to, with its weight (``None``: not written)."""

    host: str
    subset: str | None
    port: int | None
    weight: int | None
    span: Span


@dataclass(frozen=True, slots=True)
class HttpMatch:
    """One match block: all parts must hold."""

    name: str | None
    uri: StringMatch | None
    ignore_uri_case: bool
    method: StringMatch | None
    scheme: StringMatch | None
    authority: StringMatch | None
    headers: tuple[tuple[str, StringMatch], ...]
    without_headers: tuple[tuple[str, StringMatch], ...]
    query_params: tuple[tuple[str, StringMatch], ...]
    port: int | None
    source_labels: Labels
    source_namespace: str | None
    gateways: tuple[str, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Fault:
    """Fault injection; percentages are 0..100, absent is 0."""

    delay_s: float | None
    delay_percent: float
    abort_status: str | None
    abort_percent: float
    span: Span


@dataclass(frozen=True, slots=True)
class Mirror:
    """A shadow destination; ``percent`` is 0..100, absent is 100."""

    destination: Destination
    percent: float
    span: Span


@dataclass(frozen=True, slots=True)
class HttpRoute:
    """One ``http[]`` entry."""

    name: str | None
    matches: tuple[HttpMatch, ...]
    destinations: tuple[Destination, ...]
    redirect: bool
    direct_response_status: int | None
    delegate: tuple[str | None, str] | None  # (namespace, name)
    rewrite_uri: str | None
    rewrite_authority: str | None
    timeout_s: float | None
    retries: RetryPolicy | None
    fault: Fault | None
    mirrors: tuple[Mirror, ...]
    headers_set: Labels
    span: Span


@dataclass(frozen=True, slots=True)
class L4Match:
    """A ``tls[]``/``tcp[]`` match block."""

    sni_hosts: tuple[str, ...]
    port: int | None
    source_labels: Labels
    source_namespace: str | None
    gateways: tuple[str, ...]
    destination_subnets: tuple[str, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class L4Route:
    """One ``tls[]`` or ``tcp[]`` entry."""

    protocol: str  # "tls" or "tcp"
    matches: tuple[L4Match, ...]
    destinations: tuple[Destination, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class VirtualService:
    """A VirtualService. ``gateways`` empty as written means the default, ``mesh``."""

    meta: Meta
    hosts: tuple[str, ...]
    gateways: tuple[str, ...]
    export_to: tuple[str, ...] | None
    http: tuple[HttpRoute, ...]
    l4: tuple[L4Route, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class CanaryRoute:
    """What Flagger makes a VirtualService of: its ``route`` has no destinations, as Flagger names them itself."""

    meta: Meta
    apex: str
    provider: str | None
    hosts: tuple[str, ...]
    gateways: tuple[str, ...]
    delegation: bool
    route: HttpRoute
    policy: TrafficPolicy | None
    span: Span


@dataclass(frozen=True, slots=True)
class RetryBudget:
    """``retryBudget``: percent 0..100 and minimum concurrency; ``None``: not written."""

    percent: float | None
    min_retry_concurrency: int | None
    budget_interval_s: float | None
    span: Span


@dataclass(frozen=True, slots=True)
class ConnectionPool:
    """Connection pool limits; ``None``: not written."""

    max_connections: int | None
    connect_timeout_s: float | None
    http1_max_pending_requests: int | None
    http2_max_requests: int | None
    max_requests_per_connection: int | None
    max_retries: int | None
    span: Span


@dataclass(frozen=True, slots=True)
class OutlierDetection:
    """Outlier detection; ``None``: not written. ``consecutive_errors`` is the dead field of that name."""

    consecutive_5xx_errors: int | None
    consecutive_gateway_errors: int | None
    consecutive_errors: int | None
    interval_s: float | None
    base_ejection_time_s: float | None
    max_ejection_percent: int | None
    min_health_percent: int | None
    span: Span


@dataclass(frozen=True, slots=True)
class PortPolicy:
    """A ``portLevelSettings`` entry: replaces the top-level blocks, never merges."""

    port: int
    policy: TrafficPolicy


@dataclass(frozen=True, slots=True)
class TrafficPolicy:
    """A trafficPolicy block. ``declared_retries`` is the ``retries`` that stock Istio does not have."""

    connection_pool: ConnectionPool | None
    outlier_detection: OutlierDetection | None
    retry_budget: RetryBudget | None
    tls_mode: str | None
    tls_ca: bool
    consistent_hash: bool
    port_level: tuple[PortPolicy, ...]
    declared_retries: RetryPolicy | None
    span: Span
    tls_credential: bool = False  # ``credentialName`` is set; ``tls_ca`` is about ``caCertificates``
    otherwise_empty: bool = False  # no block that Istio knows: the webhook refuses the whole object


@dataclass(frozen=True, slots=True)
class Subset:
    """A labelled part of a destination."""

    name: str
    labels: Labels
    policy: TrafficPolicy | None
    span: Span


@dataclass(frozen=True, slots=True)
class DestinationRule:
    """A DestinationRule."""

    meta: Meta
    host: str
    export_to: tuple[str, ...] | None
    workload_selector: Labels | None
    policy: TrafficPolicy | None
    subsets: tuple[Subset, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Source:
    """A ``from.source`` block: each field a list, each with its negation."""

    principals: tuple[str, ...] = ()
    not_principals: tuple[str, ...] = ()
    request_principals: tuple[str, ...] = ()
    not_request_principals: tuple[str, ...] = ()
    namespaces: tuple[str, ...] = ()
    not_namespaces: tuple[str, ...] = ()
    service_accounts: tuple[str, ...] = ()
    not_service_accounts: tuple[str, ...] = ()
    trust_domains: tuple[str, ...] = ()
    not_trust_domains: tuple[str, ...] = ()
    ip_blocks: tuple[str, ...] = ()
    not_ip_blocks: tuple[str, ...] = ()
    remote_ip_blocks: tuple[str, ...] = ()
    not_remote_ip_blocks: tuple[str, ...] = ()
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class PolicyOperation:
    """A ``to.operation`` block."""

    hosts: tuple[str, ...] = ()
    not_hosts: tuple[str, ...] = ()
    ports: tuple[str, ...] = ()
    not_ports: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    not_methods: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    not_paths: tuple[str, ...] = ()
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Condition:
    """A ``when`` entry."""

    key: str
    values: tuple[str, ...]
    not_values: tuple[str, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class AuthorizationRule:
    """One rule: ``from``/``to`` empty means any."""

    sources: tuple[Source, ...]
    operations: tuple[PolicyOperation, ...]
    conditions: tuple[Condition, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class TargetRef:
    """A policy attachment."""

    kind: str
    group: str
    name: str
    namespace: str | None


@dataclass(frozen=True, slots=True)
class AuthorizationPolicy:
    """An AuthorizationPolicy. ``rules`` is ``None`` where absent; ``selector`` ``None`` where absent."""

    meta: Meta
    action: str
    provider: str | None
    selector: Labels | None
    target_refs: tuple[TargetRef, ...]
    rules: tuple[AuthorizationRule, ...] | None
    span: Span


@dataclass(frozen=True, slots=True)
class PeerAuthentication:
    """A PeerAuthentication. ``mode`` ``None`` or ``UNSET`` inherits."""

    meta: Meta
    selector: Labels | None
    mode: str | None
    port_modes: tuple[tuple[int, str], ...]
    span: Span


@dataclass(frozen=True, slots=True)
class RequestAuthentication:
    """A RequestAuthentication: issuers whose tokens are checked where present."""

    meta: Meta
    selector: Labels | None
    target_refs: tuple[TargetRef, ...]
    issuers: tuple[str, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class GatewayServer:
    """One ``servers[]`` entry of an Istio Gateway."""

    port: int
    protocol: str
    hosts: tuple[str, ...]
    tls_mode: str | None
    credential_name: str | None
    span: Span


@dataclass(frozen=True, slots=True)
class Gateway:
    """An Istio Gateway."""

    meta: Meta
    selector: Labels
    servers: tuple[GatewayServer, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class ServiceEntry:
    """A ServiceEntry: hosts added to the registry."""

    meta: Meta
    hosts: tuple[str, ...]
    addresses: tuple[str, ...]
    ports: tuple[tuple[int, str, str], ...]  # (number, protocol, name)
    location: str
    resolution: str
    endpoints: tuple[str, ...]
    workload_selector: Labels | None
    export_to: tuple[str, ...] | None
    span: Span


@dataclass(frozen=True, slots=True)
class SidecarEgress:
    """One egress listener of a Sidecar: ``ns/host`` patterns it imports."""

    hosts: tuple[str, ...]
    port: int | None
    span: Span


@dataclass(frozen=True, slots=True)
class Sidecar:
    """A Sidecar resource: scoping of a proxy's configuration; never access control."""

    meta: Meta
    selector: Labels | None
    egress: tuple[SidecarEgress, ...] | None
    outbound_mode: str | None
    span: Span


@dataclass(frozen=True, slots=True)
class MeshConfig:
    """Mesh-wide settings, from the ``istio`` ConfigMap, an IstioOperator or Helm values. ``None``: not written."""

    root_namespace: str | None
    trust_domain: str | None
    trust_domain_aliases: tuple[str, ...]
    default_retries: RetryPolicy | None
    default_inbound_retries: RetryPolicy | None
    enable_auto_mtls: bool | None
    outbound_mode: str | None
    path_normalization: str | None
    default_virtual_service_export_to: tuple[str, ...] | None
    default_destination_rule_export_to: tuple[str, ...] | None
    inject_by_default: bool | None
    internal_networks: tuple[str, ...]
    span: Span
    compatibility_version: str | None = None  # Helm's ``compatibilityVersion``: behave as that older release did
    dns_auto_allocate: bool = False  # hosts without addresses get one each
    pilot_env: Labels = NO_LABELS  # istiod's environment where it is written with these settings


@dataclass(frozen=True, slots=True)
class MeshVersion:
    """A statement of the Istio version in the repository (IstioOperator, image tag, Helm chart, revision label)."""

    version: str
    where: str
    span: Span


@dataclass(frozen=True, slots=True)
class EnvoyFilter:
    """An EnvoyFilter: opaque; ``applies_to`` tells which results it may change."""

    meta: Meta
    selector: Labels | None
    applies_to: tuple[str, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class WorkloadEntry:
    """A WorkloadEntry: a machine outside the cluster that is in the mesh."""

    meta: Meta
    address: str
    labels: Labels
    service_account: str | None
    span: Span


@dataclass(frozen=True, slots=True)
class Telemetry:
    """A Telemetry resource; ``providers`` are the tracing, metrics and logging providers it names."""

    meta: Meta
    selector: Selector | None
    providers: tuple[str, ...]
    span: Span
