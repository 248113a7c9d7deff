"""``x-envoy-*`` request headers: what the code, or a route, says over the head of the route's policy.

Source: envoyproxy/envoy source/common/router/retry_state_impl.cc (merging), source/common/http/conn_manager_utility.cc
(stripping). Measured on Envoy 1.40: a sidecar strips them unless ``X-Forwarded-For`` is one internal address; those
that a VirtualService sets (``headers.request.set``) count always, even with retries switched off, except timeouts.
Units: the headers' own, milliseconds and retries; converted here.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import replace

from analyzer.findings import Evidence
from analyzer.linking.mesh import Mesh, Wire
from analyzer.model import Layer
from analyzer.semantics.istio.conditions import becomes, fires_on
from analyzer.semantics.istio.policy import EnvoyPolicy
from parsers.facts.istio import HttpRoute
from parsers.quantities import Count

RETRY_HEADERS = frozenset(
    {"x-envoy-max-retries", "x-envoy-retry-on", "x-envoy-retry-grpc-on", "x-envoy-retriable-status-codes"}
)
TIMEOUT_HEADERS = frozenset({"x-envoy-upstream-rq-timeout-ms", "x-envoy-upstream-rq-per-try-timeout-ms"})
#: Retries of a route without a policy, where only a header asks for them (route_entry.num_retries' default).
UNWRITTEN_RETRIES = 1


def overridden(layer: Layer, policy: EnvoyPolicy | None, wire: Wire, mesh: Mesh, route: HttpRoute | None) -> Layer:
    """The layer as headers change it."""
    sent = {k: v for name, v in wire.headers if (k := name.lower()) in RETRY_HEADERS | TIMEOUT_HEADERS}
    added = {k: v for k, v in route.headers_set.items() if k in RETRY_HEADERS} if route is not None else {}
    if sent:
        listed = ", ".join(sorted(sent))
        if not _internal(wire, mesh):
            said = f"the code sends {listed}; the sidecar strips them, as the caller is no internal address to it"
            layer, sent = replace(layer, evidence=(*layer.evidence, Evidence(said, wire.span))), {}
        else:
            said = f"the code sends {listed}, which the proxy obeys: X-Forwarded-For makes the caller internal"
            layer = replace(layer, evidence=(*layer.evidence, Evidence(said, wire.span)))
    if added and route is not None:
        said = f"the route sets {', '.join(sorted(added))}, which its own proxy obeys"
        layer = replace(layer, evidence=(*layer.evidence, Evidence(said, route.span)))
    known = {**sent, **added}
    return _timeouts(_retries(layer, policy, known), sent, wire) if known else layer


def _retries(layer: Layer, policy: EnvoyPolicy | None, sent: Mapping[str, str]) -> Layer:
    """Conditions are added to the route's; the count is replaced. Without any condition there is nothing to count."""
    asked = (*_listed(sent, "x-envoy-retry-on"), *_listed(sent, "x-envoy-retry-grpc-on"))
    if policy is None and not asked:
        return layer
    most = sent.get("x-envoy-max-retries", "").strip()
    retries = int(most) if most.isdecimal() else policy.retries if policy is not None else UNWRITTEN_RETRIES
    codes = [int(c) for c in _listed(sent, "x-envoy-retriable-status-codes") if c.isdecimal()]
    codes += (policy.status_codes or ()) if policy is not None else ()
    conditions = (*(policy.conditions if policy is not None else ()), *asked)
    return replace(
        layer,
        attempts=Count.from_retries(retries),
        fires_on=fires_on(conditions, codes),
        retries_on=tuple(dict.fromkeys((*conditions, *(str(c) for c in codes)))),
    )


def _listed(sent: Mapping[str, str], name: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in sent.get(name, "").split(",") if word.strip())


def _timeouts(layer: Layer, sent: Mapping[str, str], wire: Wire) -> Layer:
    total = _seconds(sent, "x-envoy-upstream-rq-timeout-ms", layer.timeout_s)
    per_try = _seconds(sent, "x-envoy-upstream-rq-per-try-timeout-ms", layer.per_try_timeout_s)
    if (total, per_try) == (layer.timeout_s, layer.per_try_timeout_s):
        return layer
    if per_try is not None and total is not None and per_try >= total:
        per_try = None
    handed = becomes(grpc=wire.protocol == "grpc", limited=total is not None or per_try is not None)
    return replace(layer, timeout_s=total, per_try_timeout_s=per_try, becomes=handed)


def _seconds(sent: Mapping[str, str], name: str, otherwise: float | None) -> float | None:
    text = sent.get(name, "").strip()
    return int(text) / 1000 or None if text.isdecimal() else otherwise


def _internal(wire: Wire, mesh: Mesh) -> bool:
    """Whether ``X-Forwarded-For`` is one address of a mesh network, or, before Envoy 1.33, any private one.

    Istio 1.25 is the first with Envoy 1.33. A value that the code computes may be such an address.
    """
    values = [v for name, v in wire.headers if name.lower() == "x-forwarded-for"]
    if not values:
        return False
    written = mesh.config.internal_networks if mesh.config is not None else ()
    networks = [n for text in written if (n := _network(text)) is not None]
    if not networks and mesh.istio_version[:2] >= (1, 25):
        return False
    try:
        address = ipaddress.ip_address(values[-1].strip())
    except ValueError:
        return "," not in values[-1]
    return any(address in n for n in networks) if networks else address.is_private


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None
