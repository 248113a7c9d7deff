"""The proxies of Linkerd as layers: what they repeat, and what they make of a failure.

Source: linkerd/linkerd2-proxy linkerd/app/outbound/src/http/{retry.rs, endpoint.rs:162-176, server.rs:125-158,
logical/policy/route/retry.rs}, linkerd/app/inbound/src/http/server.rs; policy-controller/grpc/src/outbound/http.rs:560.
Units: attempts count requests; durations in seconds.
Shape: one layer a proxy; one that repeats nothing is a layer, too, for what it makes of a failure.
"""

from __future__ import annotations

from analyzer.findings import Evidence
from analyzer.linking.mesh import Wire
from analyzer.model import Layer
from analyzer.semantics.linkerd.annotations import BUFFER_BYTES, Retry, Timeouts
from analyzer.semantics.linkerd.profiles import Tps, failures
from parsers.facts.linkerd import ProfileRoute, ServiceProfile
from parsers.quantities import ONCE, Count

NAME = "linkerd"
_CUT = "per-try-timeout"
#: What the proxy answers for a connection that fails: below its own retries, so that they see an answer.
_IO = ("connect-failure", "reset", "refused-stream")
_IO_STATUS, _IO_CODE = "502", "grpc-unavailable"


def from_retry(wire: Wire, retry: Retry | None, time: Timeouts | None, *, meshed: bool) -> Layer:
    """The caller's proxy by annotations (or by nothing: then it repeats nothing)."""
    grpc = wire.protocol == "grpc"
    fires = _conditions(retry, grpc=grpc) if retry is not None else ()
    note = None
    if retry is not None and _too_large(wire):
        fires, note = (), f"a body of {wire.body_bytes} bytes is above the buffer of 64 KiB: sent once"
    limited = time is not None and (time.request_s is not None or time.response_s is not None)
    per_try = retry.per_try_timeout_s if retry is not None else None
    return Layer(
        kind="sidecar",
        name=NAME,
        attempts=retry.attempts if retry is not None else ONCE,
        retries_on=(*(retry.statuses if retry is not None else ()), *(retry.codes if retry is not None else ())),
        fires_on=_seen(fires, grpc=grpc, meshed=meshed),
        declared=retry.declared if retry is not None else "nothing written",
        effective=True,
        span=retry.span if retry is not None else None,
        note=note,
        becomes=_handed_up(grpc=grpc, limited=limited or per_try is not None),
        per_try_timeout_s=per_try,
        timeout_s=time.request_s if time is not None else None,
        evidence=_why(retry, time),
    )


def _why(retry: Retry | None, time: Timeouts | None) -> tuple[Evidence, ...]:
    found: list[Evidence] = []
    if retry is None:
        found.append(Evidence("Linkerd retries nothing unless an annotation or a profile says so"))
    else:
        found.append(Evidence(f"{retry.declared} (limit counts retries; 0 or nothing is 1)", retry.span))
    if time is not None:
        found.append(Evidence(time.declared, time.span))
    return tuple(found)


def _conditions(retry: Retry, *, grpc: bool) -> tuple[str, ...]:
    """What is named, and what is retried wherever there is a policy at all."""
    return (*(retry.codes if grpc else retry.statuses), "refused-stream", _CUT)


def from_profile(
    wire: Wire, profile: ServiceProfile, route: ProfileRoute | None, tps: Tps | None, *, meshed: bool
) -> Layer:
    """The caller's proxy by a profile: what one request may become is what its budget holds when idle."""
    grpc = wire.protocol == "grpc"
    retries = route is not None and route.retryable and tps is not None
    fires = failures(route, grpc=grpc) if route is not None and retries and not _too_large(wire) else ()
    budget = profile.budget
    timeout_s = route.timeout_s if route is not None else None
    return Layer(
        kind="sidecar",
        name="linkerd ServiceProfile",
        attempts=Count.from_retries(tps.burst) if tps is not None and retries else ONCE,
        retries_on=fires,
        fires_on=_seen(fires, grpc=grpc, meshed=meshed),
        declared=_declared(route, profile),
        effective=True,
        span=(budget.span if budget is not None else route.span) if retries and route is not None else profile.span,
        note="no count per request: as many as an idle proxy's budget holds" if retries else None,
        becomes=_handed_up(grpc=grpc, limited=timeout_s is not None),
        timeout_s=timeout_s,
        evidence=_profile_evidence(route, profile, tps),
    )


def _declared(route: ProfileRoute | None, profile: ServiceProfile) -> str:
    if route is None or not route.retryable:
        return "isRetryable is not set"
    return f"isRetryable: true, {profile.budget.declared if profile.budget is not None else 'no retryBudget'}"


def _profile_evidence(route: ProfileRoute | None, profile: ServiceProfile, tps: Tps | None) -> tuple[Evidence, ...]:
    if route is None:
        return (Evidence("no route of the profile takes it: no retries, no timeout", profile.span),)
    said = Evidence(f"route {route.name} of the profile takes it", route.span)
    if not route.retryable:
        return (said,)
    span = profile.budget.span if profile.budget is not None else None
    if tps is None:
        return (said, Evidence("the proxy refuses the budget (ttl 1s to 60s, ratio 0 to 1000): no retries", span))
    default = "" if profile.budget is not None else " (no retryBudget: 0.2, 10 a second, 10s)"
    return (said, Evidence(f"an idle proxy's budget holds {tps.burst} retries for one request{default}", span))


def inbound(wire: Wire, why: Evidence) -> Layer:
    """The callee's own proxy: it repeats nothing, and answers 502 where the application does not."""
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
    """A proxy that passes bytes: nothing is repeated, and a refused connection ends as a closed one."""
    return Layer(
        kind="sidecar",
        name=NAME,
        attempts=ONCE,
        retries_on=(),
        fires_on=frozenset(),
        declared="nothing written",
        effective=True,
        span=None,
        note="the port is opaque: the proxy sees bytes, no requests",
        becomes=(("connect-failure", "reset"),),
        evidence=(why,),
    )


def _seen(conditions: tuple[str, ...], *, grpc: bool, meshed: bool) -> frozenset[str]:
    """Conditions as causes. Without a proxy at the callee its connection failures arrive here, as 502 to a retry."""
    found = frozenset(conditions)
    answers = found & ({_IO_CODE} if grpc else {_IO_STATUS, "5xx"})
    return found | {"connect-failure", "reset"} if answers and not meshed else found


def _handed_up(*, grpc: bool, limited: bool) -> tuple[tuple[str, str], ...]:
    failed, late = (_IO_CODE, "grpc-deadline-exceeded") if grpc else (_IO_STATUS, "504")
    pairs = [(cause, failed) for cause in _IO]
    if limited:
        pairs += [(_CUT, late), ("timeout", late)]
    return tuple(pairs)


def _too_large(wire: Wire) -> bool:
    return wire.body_bytes is not None and wire.body_bytes > BUFFER_BYTES
