"""Retries and timeouts as annotations of Services and routes.

Source: linkerd/linkerd2 policy-controller/k8s/index/src/outbound/index/http.rs:371-444, grpc.rs:224, index.rs:2236-2257
(grammar; a limit of 0 is dropped); policy-controller/grpc/src/outbound/http.rs:560-570 (buffer, backoff).
Units: durations in seconds; ``limit`` counts retries, and is converted here.
Shape: one group for retries and one for timeouts; a group that cannot be read is ``Unreadable``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from parsers.facts import Meta
from parsers.quantities import Count
from parsers.source import Span

#: Bodies above this are sent once (policy-controller/grpc/src/outbound/http.rs:566).
BUFFER_BYTES = 64 * 1024

_RETRY = "retry.linkerd.io/"
_TIMEOUT = "timeout.linkerd.io/"
_DURATION = re.compile(r"(\d{1,12})(ms|s|m|h|d)")
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_CODES = ("cancelled", "deadline-exceeded", "internal", "resource-exhausted", "unavailable")
_MAX_LIMIT = 65535


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A group that Linkerd cannot read."""

    why: str
    span: Span


@dataclass(frozen=True, slots=True)
class Retry:
    """Retries of one request: at most ``attempts`` requests; ``statuses`` are patterns, ``codes`` of gRPC."""

    attempts: Count
    statuses: tuple[str, ...]
    codes: tuple[str, ...]
    per_try_timeout_s: float | None
    declared: str
    span: Span


@dataclass(frozen=True, slots=True)
class Timeouts:
    """``request_s`` is over all attempts; the others of one stream."""

    request_s: float | None
    response_s: float | None
    declared: str
    span: Span


class _BadValueError(ValueError):
    """A value that is none."""


def retry(meta: Meta) -> Retry | Unreadable | None:
    """The retry group of an object."""
    found = {k.removeprefix(_RETRY): v for k, v in meta.annotations.items() if k.startswith(_RETRY)}
    try:
        return _retry(found, meta.span)
    except _BadValueError as error:
        return Unreadable(str(error), meta.span)


def _retry(found: Mapping[str, str], span: Span) -> Retry | None:
    limit = _limit(found.get("limit"))
    per_try = _duration(found.get("timeout"))
    statuses = tuple(p for part in _parts(found.get("http")) for p in _statuses(part))
    codes = tuple(_code(part) for part in _parts(found.get("grpc")))
    if limit is None and per_try is None and not statuses and not codes:
        return None
    declared = ", ".join(f"{_RETRY}{k}: {found[k]}" for k in ("http", "grpc", "limit", "timeout") if k in found)
    return Retry(Count.from_retries(limit or 1), statuses, codes, per_try, declared, span)


def timeouts(meta: Meta) -> Timeouts | Unreadable | None:
    """The timeout group of an object."""
    found = {k.removeprefix(_TIMEOUT): v for k, v in meta.annotations.items() if k.startswith(_TIMEOUT)}
    try:
        request, response = _duration(found.get("request")), _duration(found.get("response"))
        idle = _duration(found.get("idle"))
    except _BadValueError as error:
        return Unreadable(str(error), meta.span)
    if request is None and response is None and idle is None:
        return None
    declared = ", ".join(f"{_TIMEOUT}{k}: {v}" for k, v in sorted(found.items()))
    return Timeouts(request, response, declared, meta.span)


def duration_s(written: str) -> float | None:
    """Seconds of a duration in Linkerd's own grammar; ``None`` for none, and for 0."""
    try:
        return _duration(written or None)
    except _BadValueError:
        return None


def _duration(written: str | None) -> float | None:
    if written is None or written == "0":
        return None
    match = _DURATION.fullmatch(written)
    if match is None:
        raise _BadValueError(f"{written!r} is not a whole number with one of ms, s, m, h, d")
    return int(match[1]) * _UNITS[match[2]] or None


def _limit(written: str | None) -> int | None:
    """0 is as good as nothing (index/http.rs: filtered out), and nothing is 1 where any other part is there."""
    if written is None:
        return None
    if not re.fullmatch(r"[0-9]{1,5}", written) or int(written) > _MAX_LIMIT:
        raise _BadValueError(f"limit {written!r} is no number from 0 to {_MAX_LIMIT}")
    return int(written) or None


def _parts(written: str | None) -> tuple[str, ...]:
    """Nothing is trimmed: a blank after a comma is a mistake."""
    return tuple(written.split(",")) if written is not None else ()


def _statuses(part: str) -> tuple[str, ...]:
    if part == "5xx":
        return ("5xx",)
    if part == "gateway-error":
        return ("502", "503", "504")
    low, dash, high = part.partition("-")
    numbers = (low, high) if dash else (low, low)
    if not all(re.fullmatch(r"[1-5][0-9][0-9]", n) for n in numbers) or int(numbers[0]) > int(numbers[1]):
        raise _BadValueError(f"http {part!r} is no status, range of statuses, 5xx or gateway-error")
    return status_patterns(range(int(numbers[0]), int(numbers[1]) + 1))


def status_patterns(statuses: range | frozenset[int]) -> tuple[str, ...]:
    """Statuses as patterns: whole hundreds as ``5xx``."""
    found: list[str] = []
    for hundred in range(1, 6):
        own = [s for s in range(hundred * 100, hundred * 100 + 100) if s in statuses]
        found += [f"{hundred}xx"] if len(own) == 100 else [str(s) for s in own]
    return tuple(found)


def _code(part: str) -> str:
    if part not in _CODES:
        raise _BadValueError(f"grpc {part!r} is none of {', '.join(_CODES)}")
    return f"grpc-{part}"
