"""What budgets and caps allow in the long run, and that they never lower what one request can become."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from analyzer.amplification import System, amplify
from analyzer.amplification.budgets import Traffic, long_run
from analyzer.amplification.numbers import INF
from analyzer.findings import Evidence
from analyzer.model import Budget
from parsers.quantities import UNBOUNDED, Count
from tests.analyzer.amplification.chains import Hop, chain, op, passes_on, sidecar

HERE = Evidence("here")
TWENTY = Budget("retry-budget", 20.0, 3, HERE)


def _bounded(*budgets: Budget, attempts: int | None = 3) -> System:
    layer = replace(sidecar(3, "503"), attempts=Count(attempts))
    system = chain([Hop("a", passes_on(1), (layer,)), Hop("b", passes_on(1), (layer,))], "c")
    calls = {k: replace(c, passage=replace(c.passage, budgets=budgets)) for k, c in system.calls.items()}
    return System(system.programs, calls)


def test_a_share_of_active_requests_allows_more_than_one_plus_itself() -> None:
    assert long_run([TWENTY], 10) == Fraction(5, 4)
    assert long_run([replace(TWENTY, percent=50.0)], 10) == 2


def test_budgets_on_two_hops_multiply() -> None:
    pair = next(p for p in amplify(_bounded(TWENTY), (op("a"),)).pairs if p.target == op("c"))
    assert (pair.worst, pair.sustained) == (Count(9), Count(2))
    assert pair.ratio == pytest.approx(1.5625)


def test_without_a_budget_the_long_run_is_the_worst_case() -> None:
    pair = next(p for p in amplify(_bounded(), (op("a"),)).pairs if p.target == op("c"))
    assert pair.sustained == pair.worst == Count(9)


def test_a_budget_bounds_even_what_has_no_bound() -> None:
    pair = next(p for p in amplify(_bounded(TWENTY, attempts=None), (op("a"),)).pairs if p.target == op("b"))
    assert (pair.worst, pair.sustained) == (UNBOUNDED, Count(2))


def test_a_budget_of_everything_bounds_nothing() -> None:
    assert long_run([replace(TWENTY, percent=100.0)], 3) == 3


def test_with_little_traffic_the_least_concurrency_decides() -> None:
    assert long_run([TWENTY], 3, Traffic(rate_rps=1.0, latency_s=0.5)) == 3
    assert long_run([TWENTY], 3, Traffic(rate_rps=1000.0, latency_s=0.5)) == Fraction(5, 4)


def test_a_base_of_the_last_seconds_is_no_bound_for_a_quick_callee() -> None:
    budget = replace(TWENTY, interval_s=1.0)
    assert long_run([budget], 3) == 3
    assert long_run([budget], 30, Traffic(rate_rps=1000.0, latency_s=0.1)) == 3


def test_a_cap_on_concurrent_retries_needs_the_traffic_to_say_anything() -> None:
    cap = Budget("max-retries", None, 3, HERE)
    assert long_run([cap], 3) == 3
    assert long_run([cap], 3, Traffic(rate_rps=200.0, latency_s=0.1)) == Fraction(23, 20)


def test_earned_retries_are_a_part_of_the_requests() -> None:
    earned = Budget("earned", 20.0, None, HERE, per_s=10.0)
    assert long_run([earned], INF) == Fraction(6, 5)
    assert long_run([earned], INF, Traffic(rate_rps=100.0)) == Fraction(13, 10)


def test_outlier_detection_bounds_nothing() -> None:
    assert long_run([Budget("outlier", 100.0, None, HERE)], 3) == 3
