"""Envoy configuration for the layers of calls: what a proxy of the mesh would be given, on loopback.

Source: istio/istio pilot/pkg/networking/core/route/retry/retry.go, httproute.go, cluster_traffic_policy.go; the same
shapes as the program that measured ``tests/truth/envoy_retry.jsonl``.
Shape: one listener for each caller, one cluster for each call; a header names the call, and routes are chosen by it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from analyzer.model import Layer

#: The request header that names a call.
CALL = "x-meshgain-call"
#: Waits between attempts, short: they change no count unless a timeout is near.
BACK_OFF_S = 0.002
_HCM = "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
_LOG = "envoy.extensions.access_loggers.file.v3.FileAccessLog"
_TCP = "envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy"
_ROUTER = "envoy.extensions.filters.http.router.v3.Router"


@dataclass(frozen=True, slots=True)
class Leg:
    """One call through one proxy: its layer, where it goes on to, copies, and what the proxy answers itself, if so."""

    call: str
    layer: Layer
    port: int | None
    mirrors: tuple[int, ...] = ()
    answered: str | None = None
    scale: float = 1.0

    @property
    def bytes_only(self) -> bool:
        """Whether the proxy knows connections, not requests: what is refused behind it, it resets."""
        return ("connect-failure", "reset") in self.layer.becomes


def listeners(legs: Iterable[Leg]) -> list[dict[str, object]]:
    """One listener for all requests, and one for each leg that is bytes only, under the name of its call."""
    every = tuple(legs)
    requests = [leg for leg in every if not leg.bytes_only]
    found = [_tcp_listener(leg) for leg in every if leg.bytes_only]
    return [listener("calls", requests), *found] if requests else found


def _tcp_listener(leg: Leg) -> dict[str, object]:
    proxy = {
        "@type": f"type.googleapis.com/{_TCP}",
        "stat_prefix": "bytes",
        "cluster": leg.call,
        "access_log": [_access_log(tries="1")],
    }
    chain = {"filters": [{"name": "tcp", "typed_config": proxy}]}
    return {"name": leg.call, "address": _loopback(0), "filter_chains": [chain]}


def listener(name: str, legs: Iterable[Leg]) -> dict[str, object]:
    """A listener with a route for each leg."""
    routes = [_route(leg) for leg in legs]
    manager = {
        "@type": f"type.googleapis.com/{_HCM}",
        "stat_prefix": name,
        "route_config": {
            "virtual_hosts": [{"name": "all", "domains": ["*"], "routes": routes}],
            "validate_clusters": False,
        },
        "stream_idle_timeout": "0s",
        "http_filters": [{"name": "router", "typed_config": {"@type": f"type.googleapis.com/{_ROUTER}"}}],
        "access_log": [_access_log()],
    }
    chain = {"filters": [{"name": "http", "typed_config": manager}]}
    return {"name": name, "address": _loopback(0), "filter_chains": [chain]}


def _access_log(tries: str = "%UPSTREAM_REQUEST_ATTEMPT_COUNT%") -> dict[str, object]:
    fields = {"cluster": "%UPSTREAM_CLUSTER_RAW%", "tries": tries}
    config = {"@type": f"type.googleapis.com/{_LOG}", "path": "@ACCESS_LOG@", "log_format": {"json_format": fields}}
    return {"name": "file", "typed_config": config}


def clusters(legs: Iterable[Leg]) -> list[dict[str, object]]:
    """A cluster for each leg and for each of its copies."""
    found = []
    for leg in legs:
        if leg.port is not None:
            found.append(_cluster(leg.call, leg.port))
        found.extend(_cluster(_mirror(leg, n), port) for n, port in enumerate(leg.mirrors))
    return found


def _mirror(leg: Leg, number: int) -> str:
    return f"{leg.call} copy {number}"


def _cluster(name: str, port: int) -> dict[str, object]:
    big = 4294967295
    thresholds = {"max_retries": big, "max_requests": big, "max_connections": big, "max_pending_requests": big}
    endpoint = {"endpoint": {"address": _loopback(port)}}
    return {
        "name": name,
        "type": "STATIC",
        "connect_timeout": "5s",
        "circuit_breakers": {"thresholds": [thresholds]},
        "load_assignment": {"cluster_name": name, "endpoints": [{"lb_endpoints": [endpoint]}]},
    }


def _loopback(port: int) -> dict[str, object]:
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}


def _route(leg: Leg) -> dict[str, object]:
    named = {"name": CALL, "string_match": {"exact": leg.call}}
    matched: dict[str, object] = {"match": {"prefix": "/", "headers": [named]}}
    status = leg.answered.removeprefix("proxy-") if leg.answered else None
    if status is not None and status.isdecimal():
        return {**matched, "direct_response": {"status": int(status)}}
    action: dict[str, object] = {"cluster": leg.call, "timeout": _seconds((leg.layer.timeout_s or 0) * leg.scale)}
    policy = retry_policy(leg.layer, leg.scale)
    if policy is not None:
        action["retry_policy"] = policy
    if leg.mirrors:
        action["request_mirror_policies"] = [{"cluster": _mirror(leg, n)} for n in range(len(leg.mirrors))]
    return {**matched, "route": action}


def retry_policy(layer: Layer, scale: float = 1.0) -> dict[str, object] | None:
    """The ``retry_policy`` of a layer: its conditions as they are written, its attempts as retries."""
    attempts = layer.attempts.value if layer.attempts is not None else None
    if attempts is None or attempts <= 1 or not layer.effective or not layer.fires_on:
        return None
    codes = [int(w) for w in layer.retries_on if w.isdecimal()]
    words = [w for w in layer.retries_on if not w.isdecimal()]
    if codes and "retriable-status-codes" not in words:
        words.append("retriable-status-codes")
    policy: dict[str, object] = {
        "num_retries": attempts - 1,
        "retry_on": ",".join(words),
        "retriable_status_codes": codes,
        "retry_back_off": {"base_interval": _seconds(BACK_OFF_S)},
    }
    if layer.per_try_timeout_s:
        policy["per_try_timeout"] = _seconds(layer.per_try_timeout_s * scale)
    return policy


def _seconds(value: float) -> str:
    return f"{value:.3f}s"
