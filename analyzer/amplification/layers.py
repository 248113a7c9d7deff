"""One call through its layers: how often each repeats for a cause, and what it hands up.

Layers are composed inside out. A layer sees how an attempt of the layer below ends; where its conditions cover that, it
repeats it; what it hands up may be another cause (a sidecar makes a 503 of a refused connection, a 504 of a cut one).
Time: ``timeout`` means that nothing ever comes. A limit cuts it, and limits the attempts that can *start* before it; it
reaches through the proxies of a call (they stop when their client is gone) but never into the callee's own work.
Source: measured cases ``tests/truth/envoy_retry.jsonl`` (rows perTry*, timeout-*, app-timeout-*, orphan-*).
Units: seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import ceil, inf

from analyzer.amplification.causes import ANY, CUT, HANG, RATELIMITED, covers
from analyzer.amplification.numbers import Number, Unbounded, number
from analyzer.amplification.outcomes import Load, Ways, ways
from analyzer.model import Layer

#: How an attempt may end: cause or status -> the ways that lead there.
Ends = Mapping[str, Ways]
#: An attempt of what lies below, given the time that is left.
Attempt = Callable[[float], Ends]

PROXIES = frozenset({"sidecar", "inbound", "gateway", "waypoint", "node-proxy"})


@dataclass(frozen=True, slots=True)
class Setting:
    """What of a layer the engine uses. ``attempts`` may be a fraction where a budget bounds the aggregate."""

    attempts: Number
    fires: Callable[[str], bool]
    becomes: Callable[[str], str]
    late: str = HANG
    per_try_s: float = inf
    total_s: float = inf
    wait_s: float = 0.0
    counts: bool = True


def setting(layer: Layer, method: str, bound: Callable[[Number], Number] | None = None) -> Setting:
    """The layer for requests of one method; ``bound`` gives what its attempts come to in the long run."""
    attempts: Number = 1 if layer.attempts is None or not layer.effective else number(layer.attempts)
    if bound is not None:
        attempts = bound(attempts)
    if layer.methods is not None and method != "*" and method.upper() not in layer.methods:
        attempts = 1
    per_try = layer.per_try_timeout_s if layer.per_try_timeout_s is not None else inf
    total = layer.timeout_s if layer.timeout_s else inf
    return Setting(
        attempts=attempts,
        fires=lambda cause: fires(layer, cause),
        becomes=lambda cause: handed_up(layer, cause),
        late=timed_out(layer),
        per_try_s=per_try if 0 < per_try < total else inf,
        total_s=total,
        wait_s=layer.min_wait_s,
        counts=layer.counts_arrivals,
    )


def fires(layer: Layer, cause: str) -> bool:
    """Whether the layer repeats on a cause.

    A proxy never repeats an answer marked ``x-envoy-ratelimited`` unless its condition names the header (row 22).
    """
    if cause == ANY:
        return bool(layer.fires_on)
    marked = cause.endswith("+" + RATELIMITED) and layer.kind in PROXIES
    return any(covers(p, cause) for p in layer.fires_on if not marked or RATELIMITED in p)


def handed_up(layer: Layer, cause: str) -> str:
    """What the layer makes of a cause when it is done."""
    for pattern, result in layer.becomes:
        if covers(pattern, cause):
            return result
    return timed_out(layer) if cause == CUT else cause


def timed_out(layer: Layer) -> str:
    """What the layer says when its own time is over: a proxy answers 504."""
    named = next((result for pattern, result in layer.becomes if covers(pattern, HANG)), None)
    return named or ("504" if layer.kind in PROXIES else HANG)


def through(layer: Setting, below: Attempt, limit_s: float) -> Ends:
    """How a call ends above the layer, given how an attempt ends below it."""
    time_left = min(layer.total_s, limit_s)
    seen = below(min(layer.per_try_s, time_left))
    ended: dict[str, list[Load]] = {}
    firing: list[Load] = []
    for cause, loads in seen.items():
        for load in loads:
            cut = load.time_s >= layer.per_try_s < inf
            met = CUT if cut else cause
            tried = load.lasting(layer.per_try_s) if cut else load
            again = layer.attempts > 1 and layer.fires(met) and tried.time_s < inf
            if again:
                firing.append(tried)
            _end(layer, ended, met, tried, again=again, time_left=time_left)
    if firing and len(seen) + len(firing) > 2:
        _after_others(layer, ended, seen, firing, time_left)
    return {cause: ways(loads) for cause, loads in ended.items()}


def _end(layer: Setting, ended: dict[str, list[Load]], met: str, tried: Load, *, again: bool, time_left: float) -> None:
    """One way of ending: all attempts used where it fires, else the first."""
    n = startable(layer.attempts, tried.time_s, layer.wait_s, time_left) if again else 1
    whole = (tried if layer.counts else tried.lasting(tried.time_s)) if n == 1 else _repeated(layer, tried, n)
    if whole.time_s >= layer.total_s < inf:
        ended.setdefault(layer.late, []).append(whole.lasting(layer.total_s))
    else:
        ended.setdefault(layer.becomes(met), []).append(whole)


def _repeated(layer: Setting, tried: Load, n: Number) -> Load:
    whole = tried.times(n, layer.wait_s)
    return whole if layer.counts else tried.lasting(whole.time_s)


def _after_others(
    layer: Setting, ended: dict[str, list[Load]], seen: Ends, firing: list[Load], time_left: float
) -> None:
    """Attempts may end differently: all but the last in one way that fires, the last in any other."""
    for cause, loads in seen.items():
        for last in loads:
            for tried in firing:
                if last is tried or last.time_s >= layer.per_try_s < inf:
                    continue
                n = startable(layer.attempts, tried.time_s, layer.wait_s, time_left)
                if n == 1:
                    continue
                before = _repeated(layer, tried, n - 1)
                whole = before.plus(last) if layer.counts else last
                whole = whole.lasting(before.time_s + layer.wait_s + last.time_s)
                late = whole.time_s >= layer.total_s < inf
                result = layer.late if late else layer.becomes(cause)
                ended.setdefault(result, []).append(whole.lasting(layer.total_s) if late else whole)


def startable(attempts: Number, each_s: float, wait_s: float, time_left: float) -> Number:
    """Attempts that can start before the time is over: at 0, each + wait, 2 * (each + wait), ..."""
    step = each_s + wait_s
    if time_left == inf or step <= 0:
        return attempts
    most = max(1, ceil(round(time_left / step, 9)))
    return attempts if not isinstance(attempts, Unbounded) and attempts <= most else most
