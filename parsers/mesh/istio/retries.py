"""Istio's ``HTTPRetry`` block, wherever it stands, and whether the validation webhook takes it.

Source: istio/api networking/v1alpha3/virtual_service.proto:1336-1378; istio/istio
pkg/config/validation/agent/validation.go:940-998 (the webhook) and :300-330 (durations).
Units: ``attempts`` there counts retries; it is converted here. Durations in seconds.
Errors: a block that the webhook refuses is still read; ``RetryPolicy.invalid`` says why it is refused.
"""

from __future__ import annotations

import re
from decimal import Decimal
from http import HTTPStatus

from parsers.facts.istio import RetryPolicy
from parsers.quantities import Count
from parsers.yamltree import Node

#: What ``retryOn`` may name besides a status (agent/validation.go:46-75).
KNOWN_CONDITIONS = frozenset(
    {
        "5xx",
        "gateway-error",
        "reset",
        "reset-before-request",
        "connect-failure",
        "retriable-4xx",
        "refused-stream",
        "retriable-status-codes",
        "retriable-headers",
        "envoy-ratelimited",
        "http3-post-connect-failure",
        "cancelled",
        "deadline-exceeded",
        "internal",
        "resource-exhausted",
        "unavailable",
    }
)

#: Statuses that Go's ``net/http`` has a text for and Python's ``HTTPStatus`` has too; 418 is "I'm a teapot" in both.
KNOWN_STATUSES = frozenset(int(s) for s in HTTPStatus)

_FIELDS = (
    "attempts",
    "perTryTimeout",
    "retryOn",
    "retryRemoteLocalities",
    "retryIgnorePreviousHosts",
    "backoff",
)

_PART = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)")
_NANOSECONDS = {
    "ns": 1,
    "us": 10**3,
    "µs": 10**3,
    "μs": 10**3,
    "ms": 10**6,
    "s": 10**9,
    "m": 60 * 10**9,
    "h": 3600 * 10**9,
}


def retry_policy(node: Node) -> RetryPolicy | None:
    """The block as written; ``None`` where there is none."""
    if not node:
        return None
    attempts = node.at("attempts")
    written = attempts.integer(None) if attempts else None
    return RetryPolicy(
        attempts=None if written is None else Count.from_retries(max(written, 0)),
        per_try_timeout_s=node.at("perTryTimeout").duration_s(None),
        retry_on=node.at("retryOn").text(None),
        retry_remote_localities=node.at("retryRemoteLocalities").boolean(None),
        retry_ignore_previous_hosts=node.at("retryIgnorePreviousHosts").boolean(None),
        backoff_s=node.at("backoff").duration_s(None),
        declared=_declared(node),
        invalid=refusal(node, written or 0),
        span=node.span,
    )


def _declared(node: Node) -> str:
    """The block in one line, as a report quotes it, in the order written; a key that Istio lacks is not quoted."""
    values = sorted((node.at(key) for key in _FIELDS if node.at(key)), key=lambda v: v.span)
    keys = {id(node.at(key)): key for key in _FIELDS}
    return "retries: {" + ", ".join(f"{keys[id(value)]}: {value.written()}" for value in values) + "}"


def refusal(node: Node, attempts: int) -> str | None:
    """Why the webhook refuses the block, or ``None`` (agent/validation.go:940-998)."""
    if attempts < 0:
        return "attempts cannot be negative"
    if attempts == 0 and any(node.at(k) for k in ("perTryTimeout", "retryOn", "retryRemoteLocalities")):
        return "attempts is 0 (or absent) but other retry fields are set"
    for key in ("perTryTimeout", "backoff"):
        if node.at(key) and (problem := duration_problem(node.at(key).written())):
            return f"{key} {problem}"
    for token in (node.at("retryOn").text(None) or "").split(","):
        if problem := token_problem(token):
            return problem
    return None


def duration_problem(text: str) -> str | None:
    """Why Istio refuses a duration: under a millisecond, or not a whole number of them."""
    body = text.lstrip("+")
    parts = _PART.findall(body)
    if not parts or "".join(n + u for n, u in parts) != body:
        return f"{text!r} is not a duration"
    nanoseconds = sum(Decimal(n) * _NANOSECONDS[u] for n, u in parts)
    if nanoseconds < 10**6:
        return "must be at least 1ms"
    return "must be a whole number of milliseconds" if nanoseconds % 10**6 else None


def token_problem(token: str) -> str | None:
    """Why the webhook refuses one ``retryOn`` token; it does not trim, though the converter does."""
    if token == "" or token in KNOWN_CONDITIONS:
        return None
    if token.isdecimal() and int(token) in KNOWN_STATUSES:
        return None
    if token.strip() in KNOWN_CONDITIONS:
        return f"retryOn {token!r} has a blank, which the webhook does not trim"
    return f"retryOn {token!r} is no condition and no HTTP status"
