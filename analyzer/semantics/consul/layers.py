"""Consul's Envoys as layers: what a router's route repeats, and what the proxies make of a failure.

Source: hashicorp/consul agent/xds/routes.go (getRetryPolicyForDestination: no conditions, no policy that fires);
envoyproxy/envoy source/common/router/retry_state_impl.cc (conditions), router.cc (15 s where no timeout is written).
Units: ``numRetries`` counts retries and is converted here; durations in seconds.
Shape: one layer a proxy; one that repeats nothing is a layer, too, for what it makes of a failure.
"""

from __future__ import annotations

from analyzer.findings import Evidence
from analyzer.linking.mesh import Wire
from analyzer.model import Layer
from parsers.facts.consul import ConsulRoute
from parsers.quantities import ONCE, Count

NAME = "consul"
#: Where neither route nor resolver says (Envoy's default for a route).
DEFAULT_TIMEOUT_S = 15.0
_NO_ANSWER = ("connect-failure", "reset", "refused-stream")

#: Condition -> causes. There is no per-try timeout in Consul, so that a hanging callee is never tried again.
_FIRES: dict[str, tuple[str, ...]] = {
    "5xx": ("5xx", *_NO_ANSWER),
    "gateway-error": ("502", "503", "504", *_NO_ANSWER),
    "reset": _NO_ANSWER,
    "connect-failure": ("connect-failure",),
    "refused-stream": ("refused-stream",),
    "retriable-4xx": ("409",),
    "envoy-ratelimited": ("*+x-envoy-ratelimited",),
    "cancelled": ("grpc-cancelled",),
    "deadline-exceeded": ("grpc-deadline-exceeded",),
    "internal": ("grpc-internal",),
    "resource-exhausted": ("grpc-resource-exhausted",),
    "unavailable": ("grpc-unavailable",),
}


def retries(route: ConsulRoute) -> tuple[Count, tuple[str, ...]]:
    """Requests at most, and the conditions: without conditions nothing fires, without a count it is one retry."""
    words = (
        *route.retry_on,
        *(("connect-failure",) if route.retry_on_connect_failure else ()),
        *(str(s) for s in route.retry_on_statuses),
    )
    if not words and not route.num_retries:
        return ONCE, ()
    return Count.from_retries(route.num_retries or 1), words


def outbound(wire: Wire, route: ConsulRoute | None, resolver_timeout_s: float | None) -> Layer:
    """The caller's sidecar on one route; ``None``: the catch-all, without retries and timeout of its own."""
    grpc = wire.protocol == "grpc"
    attempts, words = retries(route) if route is not None else (ONCE, ())
    written = route.request_timeout_s if route is not None else None
    timeout_s = written or resolver_timeout_s or DEFAULT_TIMEOUT_S
    return Layer(
        kind="sidecar",
        name=NAME,
        attempts=attempts,
        retries_on=words,
        fires_on=frozenset(c for w in words for c in _FIRES.get(w, (w,) if w.isdecimal() else ())),
        declared=(route.declared if route is not None else "") or "nothing written",
        effective=True,
        span=route.span if route is not None and route.declared else None,
        note=_note(route, words),
        becomes=_handed_up(grpc=grpc, limited=timeout_s > 0),
        timeout_s=timeout_s if timeout_s > 0 else None,
        evidence=_why(route, timeout_s, written=bool(written or resolver_timeout_s)),
    )


def _note(route: ConsulRoute | None, words: tuple[str, ...]) -> str | None:
    if route is not None and route.num_retries and not words:
        return f"numRetries: {route.num_retries} has no condition (retryOn, ...), so that Envoy never retries"
    return None


def _why(route: ConsulRoute | None, timeout_s: float, *, written: bool) -> tuple[Evidence, ...]:
    found: list[Evidence] = []
    if route is None or not route.declared:
        found.append(Evidence("Consul retries nothing unless a router's route says so"))
    else:
        found.append(Evidence(f"the router says {route.declared} (numRetries counts retries)", route.span))
    if not written:
        found.append(Evidence(f"no requestTimeout is written: Envoy's default of {timeout_s:g}s applies"))
    return tuple(found)


def inbound(wire: Wire, why: Evidence) -> Layer:
    """The callee's sidecar: it repeats nothing, and answers 503 where the application does not."""
    return Layer(
        kind="inbound",
        name=NAME,
        attempts=ONCE,
        retries_on=(),
        fires_on=frozenset(),
        declared="nothing written",
        effective=True,
        span=None,
        becomes=_handed_up(grpc=wire.protocol == "grpc", limited=False),
        counts_arrivals=False,
        evidence=(why,),
    )


def bytes_only(why: Evidence) -> Layer:
    """A proxy of bytes: nothing is repeated; the caller's connection stands, so that a refused one ends as a reset."""
    return Layer(
        kind="sidecar",
        name=NAME,
        attempts=ONCE,
        retries_on=(),
        fires_on=frozenset(),
        declared="nothing written",
        effective=True,
        span=why.span,
        note=why.text,
        becomes=(("connect-failure", "reset"), ("refused-stream", "reset")),
        evidence=(why,),
    )


def _handed_up(*, grpc: bool, limited: bool) -> tuple[tuple[str, str], ...]:
    failed, late = ("grpc-unavailable", "grpc-unavailable") if grpc else ("503", "504")
    pairs = [(cause, failed) for cause in _NO_ANSWER]
    return (*pairs, ("timeout", late)) if limited else tuple(pairs)
