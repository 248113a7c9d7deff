"""Flagger and Argo Rollouts: what is written, and the weights that follow from it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parsers.facts.delivery import AnalysisTemplate, Canary, CanaryAnalysis, MetricTemplate, Rollout
from parsers.facts.istio import CanaryRoute
from parsers.facts.kubernetes import Workload
from parsers.quantities import Count
from parsers.source import Span
from tests.parsers.builders import codes, every, only, read_yaml

SPAN = Span("a.yaml", 1, 1, 1, 1)


def canary(spec: str) -> str:
    return f"apiVersion: flagger.app/v1beta1\nkind: Canary\nmetadata: {{name: x, namespace: ns}}\nspec: {spec}\n"


def rollout(strategy: str) -> str:
    return (
        "apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: {name: x, namespace: ns}\n"
        "spec: {strategy: " + strategy + ", template: {spec: {containers: [{name: a, image: b}]}}}\n"
    )


def analysis(
    step_weight: int | None = None,
    step_weights: tuple[int, ...] = (),
    max_weight: int | None = None,
    iterations: int | None = None,
) -> CanaryAnalysis:
    return CanaryAnalysis(
        None, None, max_weight, step_weight, step_weights, iterations, False, False, (), (), SPAN
    )  # fmt: skip


def test_a_canary_says_what_it_moves_and_what_it_looks_at() -> None:
    found = read_yaml(
        canary("""
  provider: istio
  targetRef: {apiVersion: apps/v1, kind: Deployment, name: stock}
  service: {port: 80, name: shop-stock, retries: {attempts: 3, perTryTimeout: 1s, retryOn: 5xx}}
  analysis:
    interval: 1m
    stepWeights: [10, 25, 50]
    metrics:
      - {name: request-success-rate, thresholdRange: {min: 99}, interval: 1m}
      - {name: errors, templateRef: {name: errors, namespace: ns}}
    webhooks: [{name: load, url: "http://tester/", timeout: 5s, metadata: {cmd: hey}}]
""")
    )
    fact = only(found, Canary)
    assert (fact.apex, fact.target, fact.retries) == ("shop-stock", ("Deployment", "stock"), True)
    assert fact.analysis is not None
    assert [(m.name, m.bounded) for m in fact.analysis.metrics] == [("request-success-rate", True), ("errors", False)]
    assert [h.kind for h in fact.analysis.hooks] == ["rollout"]
    assert codes(found) == []


def test_retries_of_a_canary_are_istios_and_count_retries() -> None:
    found = read_yaml(canary("{targetRef: {name: stock}, service: {retries: {attempts: 3}, timeout: 5s}}"))
    route = only(found, CanaryRoute)
    assert route.route.retries is not None
    assert (route.apex, route.route.retries.attempts, route.route.timeout_s) == ("stock", Count(4), 5.0)


def test_the_older_name_of_an_analysis_is_read_too() -> None:
    found = only(read_yaml(canary("{targetRef: {name: a}, canaryAnalysis: {stepWeight: 20}}")), Canary)
    assert found.analysis is not None
    assert found.analysis.weights == (20, 40, 60, 80, 100)


@pytest.mark.parametrize(
    ("given_", "weights"),
    [
        (analysis(step_weights=(10, 25, 50, 100)), (10, 25, 50, 100)),
        (analysis(step_weight=10, max_weight=50), (10, 20, 30, 40, 50)),
        (analysis(step_weight=30, step_weights=(10, 50)), (30, 60)),
        (analysis(step_weights=(10, 25, 20)), (10, 25)),
        (analysis(iterations=10, step_weight=10), ()),
        (analysis(), ()),
    ],
)
def test_the_weights_are_those_of_the_controller(given_: CanaryAnalysis, weights: tuple[int, ...]) -> None:
    assert given_.weights == weights


@given(st.integers(1, 200), st.integers(1, 300))
def test_equal_steps_increase_until_the_most_is_reached(step: int, most: int) -> None:
    weights = analysis(step_weight=step, max_weight=most).weights
    assert list(weights) == sorted(set(weights))
    assert weights[-1] >= min(most, 100)
    assert all(w < min(most, 100) for w in weights[:-1])


@pytest.mark.parametrize("spec", ["[1]", "{analysis: [1]}", "{analysis: {metrics: 3}}", "{analysis: {stepWeight: x}}"])
def test_a_canary_of_the_wrong_type_is_reported(spec: str) -> None:
    found = read_yaml(canary(spec))
    assert len(every(found, Canary)) == 1
    assert set(codes(found)) == {"P101"}


def test_a_canary_without_anything_is_still_a_fact() -> None:
    fact = only(read_yaml(canary("{}")), Canary)
    assert (fact.apex, fact.analysis, fact.provider) == ("", None, None)


def test_a_field_that_flagger_lacks_is_reported() -> None:
    assert codes(read_yaml(canary("{targetRef: {name: a}, analysis: {stepWieght: 10}}"))) == ["P102"]


def test_a_metric_template_names_its_provider() -> None:
    found = read_yaml(
        "apiVersion: flagger.app/v1beta1\nkind: MetricTemplate\nmetadata: {name: e}\n"
        "spec: {provider: {type: prometheus, address: 'http://p'}, query: sum(x)}\n"
    )
    assert only(found, MetricTemplate).provider == "prometheus"
    assert codes(found) == []


def test_the_steps_of_a_rollout_are_read_in_order() -> None:
    found = read_yaml(
        rollout(
            "{canary: {steps: [{setWeight: 10}, {pause: {duration: 1h}}, {pause: {duration: 90}}, {pause: {}},"
            " {analysis: {templates: [{templateName: t}]}}, {setWeight: 10}, {setWeight: 50}],"
            " trafficRouting: {istio: {virtualService: {name: v, routes: [r]}}}}}"
        )
    )
    fact = only(found, Rollout)
    assert fact.weights == (10, 50)
    assert [s.duration_s for s in fact.steps if s.kind == "pause"] == [3600.0, 90.0, None]
    assert (fact.analysed, fact.routers, fact.routes) == (True, ("istio",), ("v",))
    assert codes(found) == []


def test_a_plugin_that_moves_routes_names_them() -> None:
    own = "{httpRoutes: [{name: a}, {name: b}], namespace: ns}"
    routing = "{trafficRouting: {plugins: {argoproj-labs/gatewayAPI: " + own + "}}}"
    fact = only(read_yaml(rollout("{canary: " + routing + "}")), Rollout)
    assert (fact.routers, fact.routes) == (("argoproj-labs/gatewayAPI",), ("a", "b"))


def test_an_analysis_before_the_switch_counts() -> None:
    green = "{activeService: a, previewService: b, prePromotionAnalysis: {templates: [{templateName: t}]}}"
    fact = only(read_yaml(rollout("{blueGreen: " + green + "}")), Rollout)
    assert (fact.strategy, fact.analysed, fact.services) == ("blueGreen", True, ("a", "b"))


@pytest.mark.parametrize("strategy", ["3", "{canary: [1]}", "{canary: {steps: {a: 1}}}", "{canary: {steps: [x]}}"])
def test_a_strategy_of_the_wrong_type_is_reported(strategy: str) -> None:
    found = read_yaml(rollout(strategy))
    assert len(every(found, Rollout)) == 1
    assert "P101" in codes(found)


def test_a_pause_that_is_no_time_is_reported() -> None:
    found = read_yaml(rollout("{canary: {steps: [{pause: {duration: soon}}]}}"))
    assert codes(found) == ["P104"]


def test_a_rollout_of_another_workload_is_no_second_workload() -> None:
    found = read_yaml(
        "apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: {name: x}\n"
        "spec: {replicas: 2, workloadRef: {apiVersion: apps/v1, kind: Deployment, name: x}, strategy: {canary: {}}}\n"
    )
    assert every(found, Workload) == []
    assert only(found, Rollout).strategy == "canary"
    assert codes(found) == []


def test_a_template_tells_which_metrics_can_fail() -> None:
    found = read_yaml(
        "apiVersion: argoproj.io/v1alpha1\nkind: AnalysisTemplate\nmetadata: {name: t}\n"
        "spec: {metrics: [{name: a, successCondition: 'result > 1', provider: {prometheus: {query: x}}}, {name: b}]}\n"
    )
    fact = only(found, AnalysisTemplate)
    assert (fact.metrics, fact.judged) == (("a", "b"), ("a",))
