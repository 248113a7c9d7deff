"""What each ``retryOn`` condition really repeats, as patterns of causes, and what a proxy hands up.

Source: envoyproxy/envoy source/common/router/retry_state_impl.cc (``wouldRetryFromHeaders``, ``wouldRetryFromReset``),
router.cc (per-try timeouts, local replies); measured on Envoy 1.40 (docs/istio.md names the cases).
Shape: patterns as ``analyzer.model.Layer.fires_on`` spells them. ``per-try-timeout`` is a hanging attempt that the
proxy cut; ``*+x-envoy-ratelimited`` an answer with that header, which no other condition repeats.
"""

from __future__ import annotations

from collections.abc import Iterable

PER_TRY_TIMEOUT = "per-try-timeout"
RATE_LIMITED = "*+x-envoy-ratelimited"
STATUS_CODES = "retriable-status-codes"

_NO_ANSWER = ("connect-failure", "reset", "refused-stream", PER_TRY_TIMEOUT)

#: Condition -> causes. A per-try timeout is a reset to Envoy, not a 504, so that numbers never cover it.
_FIRES: dict[str, tuple[str, ...]] = {
    "5xx": ("5xx", *_NO_ANSWER),
    "gateway-error": ("502", "503", "504", *_NO_ANSWER),
    "reset": _NO_ANSWER,
    # Only before the first byte went out: of our causes that is the connection that never was.
    "reset-before-request": ("connect-failure", "refused-stream"),
    "connect-failure": ("connect-failure",),
    "refused-stream": ("refused-stream",),
    "retriable-4xx": ("409",),
    "envoy-ratelimited": (RATE_LIMITED,),
    # gRPC statuses count where they stand in the response headers; a failed call without a message has them there.
    "cancelled": ("grpc-cancelled",),
    "deadline-exceeded": ("grpc-deadline-exceeded",),
    "internal": ("grpc-internal",),
    "resource-exhausted": ("grpc-resource-exhausted",),
    "unavailable": ("grpc-unavailable",),
}

#: Conditions that Envoy knows and that never fire for HTTP/1.1 and HTTP/2 as Istio configures it.
INERT = frozenset({"retriable-headers", "http3-post-connect-failure", STATUS_CODES})


def fires_on(conditions: Iterable[str], status_codes: Iterable[int]) -> frozenset[str]:
    """The causes that a proxy repeats with these conditions; a condition Envoy does not know never fires."""
    written = tuple(conditions)
    found = {cause for condition in written for cause in _FIRES.get(condition, ())}
    if STATUS_CODES in written:
        found |= {str(code) for code in status_codes}
    return frozenset(found)


def becomes(*, grpc: bool, limited: bool) -> tuple[tuple[str, str], ...]:
    """What an HTTP proxy hands up: its own answer for what gave none; ``limited``: it has a timeout of its own.

    A gRPC request gets the answer as a gRPC status: 502, 503 and 504 are all UNAVAILABLE
    (envoyproxy/envoy source/common/grpc/status.cc ``httpToGrpcStatus``).
    """
    failed, late = ("grpc-unavailable", "grpc-unavailable") if grpc else ("503", "504")
    pairs = [(cause, failed) for cause in ("connect-failure", "reset", "refused-stream", "proxy-503")]
    if limited:
        pairs += [(PER_TRY_TIMEOUT, late), ("timeout", late)]
    return tuple(pairs)


#: What a proxy of bytes hands up: the caller's connection to its own sidecar stands, so a refused one ends as a reset.
TCP_BECOMES = (("connect-failure", "reset"), ("refused-stream", "reset"), ("proxy-503", "reset"))
