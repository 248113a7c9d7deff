"""The words of the analysis: services, operations, calls, layers, causes, requests and verdicts.

Units: attempts and loads count requests (``Count``), the first included; durations in seconds.
Source: docs/concepts.md. Causes are spelled as there: ``connect-failure``, ``reset``, ``timeout``, ``truncated``,
statuses as digits, ``grpc-unavailable``, ``proxy-503``; a suffix ``+retry-after`` or ``+x-envoy-ratelimited`` names a
header.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from analyzer.findings import Evidence
from parsers.quantities import ONCE, Count
from parsers.source import Span


@dataclass(frozen=True, slots=True, order=True)
class Operation:
    """Something a service can be asked to do.

    ``service`` is ``ns/name``, ``external:host`` or ``unresolved``; ``name`` is ``POST /v1/payments/{id}``,
    ``/pkg.Service/Method`` or ``*``.
    """

    service: str
    name: str

    def __str__(self) -> str:
        return self.service if self.name == "*" else f"{self.service} {self.name}"

    def to_dict(self) -> dict[str, object]:
        return {"service": self.service, "operation": self.name}


class Precision(Enum):
    """How far a number or a call follows from lines."""

    EXACT = "exact"
    UPPER_BOUND = "upper-bound"
    UNKNOWN = "unknown"


def weaker(a: Precision, b: Precision) -> Precision:
    """The less certain of two."""
    order = (Precision.EXACT, Precision.UPPER_BOUND, Precision.UNKNOWN)
    return max(a, b, key=order.index)


@dataclass(frozen=True, slots=True)
class Layer:
    """One place that repeats a request, and what it does with a failure.

    ``attempts`` ``None``: not known (dynamic); counted as ``ONCE`` and marked unknown.
    ``fires_on`` are cause patterns the layer repeats on: exact causes, ``4xx``/``5xx``, ``grpc-*``, ``*``, ``*+header``
    (an answer with that header), or ``per-try-timeout`` (a ``timeout`` that ``per_try_timeout_s`` cut).
    ``methods``: only these HTTP methods.
    ``becomes``: what it hands up when it is done, (cause pattern, cause) in order; a cause not named passes unchanged.
    ``per_try_timeout_s`` cuts one attempt, ``timeout_s`` all of them with their waits; ``min_wait_s`` is the least time
    between two attempts. ``counts_arrivals`` is false where its repeats never reach the application (an inbound
    sidecar's connection attempts).
    """

    kind: str  # app sdk sidecar inbound gateway waypoint node-proxy
    name: str
    attempts: Count | None
    retries_on: tuple[str, ...]
    fires_on: frozenset[str]
    declared: str
    effective: bool
    span: Span | None
    note: str | None = None
    methods: frozenset[str] | None = None
    becomes: tuple[tuple[str, str], ...] = ()
    per_try_timeout_s: float | None = None
    timeout_s: float | None = None
    min_wait_s: float = 0.0
    counts_arrivals: bool = True
    evidence: tuple[Evidence, ...] = ()

    def to_dict(self) -> dict[str, object]:
        return {
            "kind": self.kind,
            "name": self.name,
            "attempts": self.attempts.to_json() if self.attempts else None,
            "retries_on": list(self.retries_on),
            "declared": self.declared,
            "effective": self.effective,
            "span": self.span.to_dict() if self.span else None,
            "note": self.note,
            "per_try_timeout_s": self.per_try_timeout_s,
            "timeout_s": self.timeout_s,
            "evidence": [e.to_dict() for e in self.evidence],
        }


@dataclass(frozen=True, slots=True)
class Budget:
    """What bounds the aggregate of a layer's retries, never one request: a budget or a concurrency cap.

    ``kind`` is ``retry-budget``, ``earned`` (each request earns ``percent`` of a retry, beside ``per_s`` retries a
    second that stand ready), ``max-retries`` or ``outlier``. ``percent`` is 0..100, of ``earned`` any number.
    ``interval_s``: the requests of so long a time are a budget's base; ``None``: those that are active.
    """

    kind: str
    percent: float | None
    min_concurrency: int | None
    evidence: Evidence
    interval_s: float | None = None
    per_s: float | None = None


@dataclass(frozen=True, slots=True)
class Shadow:
    """A mirror: copies of each request (not of each attempt) to another service; ``percent`` 0..100."""

    service: str
    percent: float
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Passage:
    """What the mesh does with one call on its way from caller to callee.

    ``layers`` outermost first (sidecar, then gateway or waypoint, then the callee's inbound sidecar).
    ``callees``: (service id, share of requests 0..1) that really receive; usually the service called.
    ``answered``: a cause with which the caller's own proxy answers every request, so that nothing arrives
    (``proxy-503`` for a fault, a missing subset or no upstream; ``404`` where no route matches).
    ``plaintext``: True where the callee sees no identity of the caller, False where it does, ``None`` if unknown.
    """

    layers: tuple[Layer, ...] = ()
    callees: tuple[tuple[str, float], ...] = ()
    shadows: tuple[Shadow, ...] = ()
    budgets: tuple[Budget, ...] = ()
    answered: str | None = None
    plaintext: bool | None = None
    evidence: tuple[Evidence, ...] = ()
    precision: Precision = Precision.EXACT  # upper-bound where several routes may be taken and the worst of each counts


@dataclass(frozen=True, slots=True)
class Gain:
    """Requests the callee receives per logical call, per cause."""

    worst: Count = ONCE
    cause: str = ""
    by_cause: tuple[tuple[str, Count], ...] = ()

    def to_dict(self) -> dict[str, object]:
        return {
            "worst": self.worst.to_json(),
            "cause": self.cause,
            "by_cause": {cause: count.to_json() for cause, count in self.by_cause},
        }


class Decision(Enum):
    """Whether a request is let through. Exactly these words are printed."""

    ALLOWED = "ALLOWED"
    DENIED = "DENIED"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True)
class Request:
    """One question: may ``principal`` (``None``: a peer without identity) send this?

    ``None`` for any other part means it is not given, and what depends on it is UNKNOWN.
    ``to`` is a service id, ``port`` the workload's port. ``headers`` has names in lower case.
    ``jwt`` is the token's claims. ``caller`` is the calling workload's service id where one is meant, for layers that
    look at pods, not identities.
    """

    principal: str | None
    to: str
    host: str | None = None
    port: int | None = None
    method: str | None = None
    path: str | None = None
    headers: tuple[tuple[str, str], ...] | None = None
    jwt: tuple[tuple[str, object], ...] | None = None
    source_ip: str | None = None
    destination_ip: str | None = None
    sni: str | None = None
    caller: str | None = None
    open_path: bool = False  # ``/v1/payments/{id}``: names in braces stand for any segment; else the path is literal


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer to a request, with the deciding lines; ``needs`` only where it is UNKNOWN.

    ``refused``: denied by a rule that says so, not only for want of one that allows.
    """

    decision: Decision
    because: tuple[Evidence, ...] = ()
    needs: tuple[str, ...] = ()
    refused: bool = False

    def to_dict(self) -> dict[str, object]:
        return {
            "verdict": self.decision.value,
            "because": [e.to_dict() for e in self.because],
            "needs": list(self.needs),
        }


def conjunction(verdicts: Iterable[Verdict]) -> Verdict:
    """The answer of layers that all must let a request through: one denial decides, one unknown leaves it open."""
    each = tuple(verdicts)
    for decision in (Decision.DENIED, Decision.UNKNOWN):
        chosen = [v for v in each if v.decision is decision]
        if chosen:
            because = chosen if decision is Decision.DENIED else each
            return Verdict(
                decision,
                tuple(dict.fromkeys(e for v in because for e in v.because)),
                tuple(dict.fromkeys(n for v in chosen for n in v.needs)),
                refused=any(v.refused for v in chosen),
            )
    return Verdict(Decision.ALLOWED, tuple(dict.fromkeys(e for v in each for e in v.because)))
