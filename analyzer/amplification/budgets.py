"""Retry budgets and concurrency caps: what they bound in the aggregate, and what they never bound.

A budget looks at everything in flight, so it never lowers what one request can become (measured: one request, budget
1 %, still 3). In the long run retries count as active requests themselves, so that a share p allows 1 / (1 - p)
attempts for each request, not 1 + p.
Source: cases ``steady-*``, ``burst200-*``, ``budget-*`` of ``tests/truth/envoy_retry.jsonl``, which the law fits;
envoyproxy/envoy source/common/upstream/upstream_impl.cc (``RetryBudget``).
Units: seconds, requests per second.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from analyzer.amplification.numbers import Number
from analyzer.model import Budget


@dataclass(frozen=True, slots=True)
class Traffic:
    """What is known of the load: fresh requests per second of one proxy, how long the callee takes to fail, a burst."""

    rate_rps: float | None = None
    latency_s: float | None = None
    at_once: int | None = None


UNKNOWN = Traffic()


def long_run(budgets: Iterable[Budget], attempts: Number, traffic: Traffic = UNKNOWN) -> Number:
    """Attempts per request in the long run, of ``attempts`` that one request may make."""
    allowed = attempts
    for budget in budgets:
        share = _allows(budget, attempts, traffic)
        if share is not None and share < allowed:
            allowed = share
    return allowed


def _allows(budget: Budget, attempts: Number, traffic: Traffic) -> Fraction | None:
    if budget.kind == "retry-budget" and budget.percent is not None:
        return _budget(budget, attempts, traffic)
    if budget.kind == "earned" and budget.percent is not None:
        return _earned(budget, traffic)
    if budget.kind == "max-retries" and budget.min_concurrency is not None:
        return _concurrent(budget.min_concurrency, attempts, traffic)
    return None


def _budget(budget: Budget, attempts: Number, traffic: Traffic) -> Fraction | None:
    """The share of what is active, or the least concurrency, whichever allows more."""
    p = Fraction(str(budget.percent)) / 100
    if budget.interval_s:  # the base is all requests of the last seconds: with a quick callee hardly a bound
        share = 1 + p * _exactly(budget.interval_s) / _exactly(traffic.latency_s) if traffic.latency_s else None
    else:
        share = 1 / (1 - p) if p < 1 else None
    least = _concurrent(budget.min_concurrency or 0, attempts, traffic)
    if share is None:
        return None
    if traffic is UNKNOWN:
        return share
    return None if least is None else max(share, least)


def _earned(budget: Budget, traffic: Traffic) -> Fraction:
    """What each request earns, and what stands ready every second anyway (Linkerd's ServiceProfile, tower's budget)."""
    earned = 1 + Fraction(str(budget.percent)) / 100
    if not traffic.rate_rps or budget.per_s is None:
        return earned
    return earned + Fraction(str(budget.per_s)) / Fraction(str(traffic.rate_rps))


def _concurrent(at_one_time: int, attempts: Number, traffic: Traffic) -> Fraction | None:
    """So many retries at one time: what they add for each request depends on the load."""
    if at_one_time == 0:
        return Fraction(1)
    if traffic.at_once and isinstance(attempts, int | Fraction):
        return 1 + Fraction(at_one_time) * (attempts - 1) / traffic.at_once
    if traffic.rate_rps and traffic.latency_s:
        return 1 + at_one_time / (_exactly(traffic.rate_rps) * _exactly(traffic.latency_s))
    return None


def _exactly(value: float) -> Fraction:
    """The number as it is written."""
    return Fraction(str(value))
