"""Predictions against what a real Envoy, real clients and real servers counted: every case of the truth file."""

from __future__ import annotations

import pytest

from tests.analyzer.amplification.measured import Case, bound, cases, predicted, sustained

CASES = {case.id: case for case in cases()}


def _named(wanted: bool) -> list[str]:
    return [case.id for case in CASES.values() if case.steady is wanted]


def _within(case: Case, name: str, value: int) -> bool:
    low, high = case.arrived(name)
    slack = 1.0 if case.row["measured"].get("deterministic") else 1.25
    return low <= value <= max(high, high * slack)


def test_the_truth_file_holds_what_the_table_says() -> None:
    assert len(CASES) == 86
    assert len(_named(True)) >= 60


@pytest.mark.parametrize("name", _named(wanted=True))
def test_where_a_case_states_all_that_the_model_needs_predicted_is_measured(name: str) -> None:
    case = CASES[name]
    assert {s: n for s, n in predicted(case).items() if not _within(case, s, n)} == {}


@pytest.mark.parametrize("name", _named(wanted=False))
def test_elsewhere_measured_is_never_above_the_bound(name: str) -> None:
    case = CASES[name]
    failing = case.failing[0].service
    assert case.arrived(failing)[1] <= bound(case) * case.requests
    for service, most in predicted(case).items():
        if service != failing:
            assert case.arrived(service)[1] <= most * case.requests


@pytest.mark.parametrize("name", [c.id for c in CASES.values() if c.under_load])
def test_under_load_measured_is_never_above_what_budgets_allow(name: str) -> None:
    case = CASES[name]
    assert case.arrived(case.failing[0].service)[1] <= sustained(case) * case.requests


def test_budgets_tell_more_than_the_worst_case_where_they_bind() -> None:
    case = CASES["steady-budget20-slow-leaf"]
    assert sustained(case) == pytest.approx(1.25)
    assert bound(case) == 3


def test_a_budget_below_an_application_retry_bounds_each_of_its_tries_only() -> None:
    assert sustained(CASES["budget-does-not-bound-app-retries"]) == pytest.approx(3.75)
