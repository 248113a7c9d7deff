"""Istio ``DestinationRule``.

Source: istio/api networking/v1alpha3/destination_rule.proto:289-324, 621-750. A traffic policy's
keys are ``connectionPool loadBalancer outlierDetection portLevelSettings proxyProtocol retryBudget tls tunnel``.
Units: durations in seconds; percentages 0..100.
Shape: blocks as written; which of them applies is decided by the analyzer.
Errors: ``retries`` is no key of a traffic policy: it is read into ``declared_retries``, because guides write it there.
"""

from __future__ import annotations

from collections.abc import Iterator

from parsers.facts.istio import (
    ConnectionPool,
    DestinationRule,
    OutlierDetection,
    PortPolicy,
    RetryBudget,
    Subset,
    TrafficPolicy,
)
from parsers.mesh.istio.fields import match_labels, meta, optional_strings
from parsers.mesh.istio.retries import retry_policy
from parsers.yamltree import Node

#: What Istio knows in a traffic policy besides ``portLevelSettings``.
BLOCKS = ("connectionPool", "loadBalancer", "outlierDetection", "proxyProtocol", "retryBudget", "tls", "tunnel")


def destination_rule(doc: Node) -> Iterator[DestinationRule]:
    """Read one DestinationRule."""
    spec = doc.at("spec")
    yield DestinationRule(
        meta=meta(doc),
        host=spec.at("host").text(""),
        export_to=optional_strings(spec.at("exportTo")),
        workload_selector=match_labels(spec.at("workloadSelector")),
        policy=traffic_policy(spec.at("trafficPolicy")),
        subsets=tuple(_subset(s) for s in spec.at("subsets").items()),
        span=doc.span,
    )


def _subset(node: Node) -> Subset:
    return Subset(
        name=node.at("name").text(""),
        labels=node.at("labels").labels(),
        policy=traffic_policy(node.at("trafficPolicy")),
        span=node.span,
    )


def traffic_policy(node: Node) -> TrafficPolicy | None:
    """A traffic policy with its port-level entries; ``None`` where there is none."""
    if not node:
        return None
    return _blocks(node, tuple(_port(p) for p in node.at("portLevelSettings").items()))


def _port(node: Node) -> PortPolicy:
    return PortPolicy(node.at("port", "number").integer(0), _blocks(node, ()))


def _blocks(node: Node, port_level: tuple[PortPolicy, ...]) -> TrafficPolicy:
    node.ignore("proxyProtocol", "tunnel")  # how bytes travel to an external proxy
    mode, authority, credential = _tls(node.at("tls"))
    return TrafficPolicy(
        connection_pool=_connection_pool(node.at("connectionPool")),
        outlier_detection=_outlier_detection(node.at("outlierDetection")),
        retry_budget=_retry_budget(node.at("retryBudget")),
        tls_mode=mode,
        tls_ca=authority,
        consistent_hash=_consistent_hash(node.at("loadBalancer")),
        port_level=port_level,
        declared_retries=retry_policy(node.at("retries")),
        span=node.span,
        tls_credential=credential,
        otherwise_empty=not any(node.at(key) for key in BLOCKS),
    )


def _tls(node: Node) -> tuple[str | None, bool, bool]:
    node.ignore("clientCertificate", "privateKey", "subjectAltNames", "sni", "insecureSkipVerify", "caCrl")
    credential = node.at("credentialName").text(None)
    authority = node.at("caCertificates").text(None)
    mode = node.at("mode").text("DISABLE") if node else None  # the enum's zero value (destination_rule.proto)
    return mode, bool(authority), bool(credential)


def _consistent_hash(node: Node) -> bool:
    """Whether hashing picks the host; the rest only chooses among equal hosts."""
    node.ignore("simple", "localityLbSetting", "warmupDurationSecs", "warmup")
    hashing = node.at("consistentHash")
    hashing.ignore(
        "httpHeaderName", "httpCookie", "useSourceIp", "httpQueryParameterName", "minimumRingSize", "ringHash", "maglev"
    )
    return bool(hashing)


def _connection_pool(node: Node) -> ConnectionPool | None:
    if not node:
        return None
    tcp, http = node.at("tcp"), node.at("http")
    tcp.ignore("tcpKeepalive", "maxConnectionDuration", "idleTimeout")
    http.ignore("idleTimeout", "h2UpgradePolicy", "useClientProtocol", "maxConcurrentStreams")
    return ConnectionPool(
        max_connections=tcp.at("maxConnections").integer(None),
        connect_timeout_s=tcp.at("connectTimeout").duration_s(None),
        http1_max_pending_requests=http.at("http1MaxPendingRequests").integer(None),
        http2_max_requests=http.at("http2MaxRequests").integer(None),
        max_requests_per_connection=http.at("maxRequestsPerConnection").integer(None),
        max_retries=http.at("maxRetries").integer(None),
        span=node.span,
    )


def _outlier_detection(node: Node) -> OutlierDetection | None:
    if not node:
        return None
    node.ignore("splitExternalLocalOriginErrors", "consecutiveLocalOriginFailures", "outlierDetectionHttpErrorCodes")
    return OutlierDetection(
        consecutive_5xx_errors=node.at("consecutive5xxErrors").integer(None),
        consecutive_gateway_errors=node.at("consecutiveGatewayErrors").integer(None),
        consecutive_errors=node.at("consecutiveErrors").integer(None),
        interval_s=node.at("interval").duration_s(None),
        base_ejection_time_s=node.at("baseEjectionTime").duration_s(None),
        max_ejection_percent=node.at("maxEjectionPercent").integer(None),
        min_health_percent=node.at("minHealthPercent").integer(None),
        span=node.span,
    )


def _retry_budget(node: Node) -> RetryBudget | None:
    if not node:
        return None
    return RetryBudget(
        percent=node.at("percent").number(None),
        min_retry_concurrency=node.at("minRetryConcurrency").integer(None),
        budget_interval_s=node.at("budgetInterval").duration_s(None),
        span=node.span,
    )
