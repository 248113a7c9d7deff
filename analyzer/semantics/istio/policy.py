"""The retry policy that Istio gives Envoy for what is written: conversion, defaults by version, inbound.

Source: istio/istio pilot/pkg/networking/core/route/retry/retry.go:37-68, 107-224; releasenotes 50506, 52055 (1.24).
Units: ``retries`` are retries as Envoy counts them; durations in seconds.
Errors: none; ``None`` means no retries at all.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from http import HTTPStatus

from analyzer.semantics.istio.conditions import STATUS_CODES
from parsers.facts.istio import RetryPolicy
from parsers.quantities import Count

#: Retries where nothing is written (retry.go:36, defaultNumRetries).
DEFAULT_RETRIES = 2
#: Conditions where none are written (retry.go:37). With an empty code list no status is repeated.
DEFAULT_CONDITIONS = ("connect-failure", "refused-stream", "unavailable", "cancelled", STATUS_CODES)
INBOUND_CONDITIONS = ("reset-before-request",)
#: Picks of a host within one retry; never a number of requests (retry.go:42).
HOST_SELECTION_ATTEMPTS = 5

_STATUSES = frozenset(int(s) for s in HTTPStatus)


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What a release, and flags that take a change of it back, decide about retries."""

    retries_503: bool
    resource_exhausted: bool
    inbound: bool


@dataclass(frozen=True, slots=True)
class EnvoyPolicy:
    """An Envoy ``retry_policy``. ``status_codes`` ``None``: not set, which differs from empty only in print."""

    retries: int
    conditions: tuple[str, ...]
    status_codes: tuple[int, ...] | None
    per_try_timeout_s: float | None = None
    backoff_s: float | None = None
    previous_hosts: bool = False
    previous_priorities: bool = False
    host_selection_attempts: int = 0

    @property
    def attempts(self) -> Count:
        return Count.from_retries(self.retries)


def behaviour(version: tuple[int, ...], flags: dict[str, str]) -> Behaviour:
    """What istiod of ``version`` does; ``flags`` is its environment, of which only 1.24 to 1.26 look at these two."""
    flagged = (1, 24) <= version[:2] < (1, 27)
    legacy = version[:2] < (1, 24)
    without_503 = flagged and flags.get("EXCLUDE_UNSAFE_503_FROM_DEFAULT_RETRY", "true").lower() == "false"
    without_inbound = flagged and flags.get("ENABLE_INBOUND_RETRY_POLICY", "true").lower() == "false"
    return Behaviour(
        retries_503=legacy or without_503,
        resource_exhausted=version[:2] < (1, 6),
        inbound=not legacy and not without_inbound,
    )


def default_policy(release: Behaviour, *, consistent_hash: bool = False) -> EnvoyPolicy:
    """The policy of a route for which nothing is written (retry.go:70-104)."""
    conditions: tuple[str, ...] = DEFAULT_CONDITIONS
    if release.resource_exhausted:
        conditions = (*conditions[:-1], "resource-exhausted", STATUS_CODES)
    return EnvoyPolicy(
        retries=DEFAULT_RETRIES,
        conditions=conditions,
        status_codes=(503,) if release.retries_503 else None,
        previous_hosts=not consistent_hash,
        host_selection_attempts=HOST_SELECTION_ATTEMPTS,
    )


def convert(written: RetryPolicy | None, release: Behaviour, *, consistent_hash: bool = False) -> EnvoyPolicy | None:
    """An outbound route's policy (retry.go:107-161); ``attempts`` absent or 0 switches retries off."""
    default = default_policy(release, consistent_hash=consistent_hash)
    if written is None:
        return default
    retries = _retries(written)
    if retries <= 0:
        return None
    conditions, codes = parsed(written.retry_on) if written.retry_on else (default.conditions, default.status_codes)
    ignored = written.retry_ignore_previous_hosts
    return replace(
        default,
        retries=retries,
        conditions=conditions,
        status_codes=codes,
        per_try_timeout_s=written.per_try_timeout_s or None,
        backoff_s=written.backoff_s,
        previous_hosts=default.previous_hosts if ignored is None else ignored,
        previous_priorities=bool(written.retry_remote_localities),
    )


def convert_inbound(written: RetryPolicy | None, release: Behaviour) -> EnvoyPolicy | None:
    """An inbound route's policy (retry.go:64-68, 167-200); hosts, localities and per-try timeouts do not apply."""
    if written is None:
        return EnvoyPolicy(DEFAULT_RETRIES, INBOUND_CONDITIONS, None) if release.inbound else None
    retries = _retries(written)
    if retries <= 0:
        return None
    conditions, codes = parsed(written.retry_on) if written.retry_on else (INBOUND_CONDITIONS, None)
    return EnvoyPolicy(retries, conditions, codes, backoff_s=written.backoff_s)


def parsed(retry_on: str) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """Conditions and status codes of a ``retryOn`` (retry.go:202-224): trimmed, no empty ones, numbers apart."""
    conditions: list[str] = []
    codes: list[int] = []
    for token in (part.strip() for part in retry_on.split(",")):
        if token.isascii() and token.isdecimal() and int(token) in _STATUSES:
            codes.append(int(token))
        elif token:
            conditions.append(token)
    if codes and STATUS_CODES not in ",".join(conditions):
        conditions.append(STATUS_CODES)
    return tuple(conditions), tuple(codes)


def _retries(written: RetryPolicy) -> int:
    return written.attempts.value - 1 if written.attempts is not None and written.attempts.value is not None else 0
