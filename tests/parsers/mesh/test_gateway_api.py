"""The Gateway API as written: routes, parents, matches, retry, mirrors; what is not modelled is reported."""

from __future__ import annotations

import pytest

from parsers.facts.gateway_api import BackendBudget, KubernetesGateway, KubernetesRoute
from parsers.quantities import Count
from tests.parsers.builders import codes, only, read_yaml

KINDS = {
    "Gateway": "gateway.networking.k8s.io/v1",
    "HTTPRoute": "gateway.networking.k8s.io/v1beta1",
    "GRPCRoute": "gateway.networking.k8s.io/v1",
}


def document(kind: str, spec: str, group: str | None = None) -> str:
    return f"apiVersion: {group or KINDS[kind]}\nkind: {kind}\nmetadata: {{name: x, namespace: ns}}\nspec: {spec}\n"


def route(rule: str) -> KubernetesRoute:
    return only(read_yaml(document("HTTPRoute", "{rules: [" + rule + "]}")), KubernetesRoute)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_kind_without_any_key_is_still_a_fact(kind: str) -> None:
    found = read_yaml(document(kind, "{}"))
    assert len(found.facts) == 1
    assert codes(found) == []


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_spec_of_the_wrong_type_is_reported(kind: str) -> None:
    assert "P101" in codes(read_yaml(document(kind, "[1]")))


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_key_that_nobody_reads_is_reported(kind: str) -> None:
    assert codes(read_yaml(document(kind, "{somethingNew: 1}"))) == ["P102"]


def test_a_parent_without_a_kind_is_a_gateway() -> None:
    found = only(
        read_yaml(document("HTTPRoute", "{parentRefs: [{name: g}, {kind: Service, name: s}]}")), KubernetesRoute
    )
    assert [p.kind for p in found.parents] == ["Gateway", "Service"]


def test_an_absent_weight_is_one() -> None:
    assert [b.weight for b in route("{backendRefs: [{name: a}, {name: b, weight: 0}]}").rules[0].backends] == [1, 0]


def test_attempts_are_retries_there() -> None:
    retry = route("{retry: {attempts: 3, codes: [503, 504], backoff: 100ms}}").rules[0].retry
    assert retry is not None
    assert (retry.attempts, retry.codes, retry.backoff_s) == (Count(4), (503, 504), 0.1)


@pytest.mark.parametrize(
    ("share", "percent"), [("", 100.0), (", percent: 5", 5.0), (", fraction: {numerator: 1, denominator: 8}", 12.5)]
)
def test_a_mirror_takes_everything_unless_it_says_otherwise(share: str, percent: float) -> None:
    rule = route("{filters: [{type: RequestMirror, requestMirror: {backendRef: {name: m}" + share + "}}]}").rules[0]
    assert [m.percent for m in rule.mirrors] == [percent]


def test_a_path_without_a_type_is_a_prefix_and_without_a_value_the_root() -> None:
    match = route("{matches: [{path: {}}]}").rules[0].matches[0]
    assert (match.path_kind, match.path) == ("PathPrefix", "/")


def test_a_grpc_method_is_a_path() -> None:
    spec = "{rules: [{matches: [{method: {service: p.S, method: M}}, {method: {service: p.S}}]}]}"
    found = only(read_yaml(document("GRPCRoute", spec)), KubernetesRoute)
    assert [(m.path_kind, m.path) for m in found.rules[0].matches] == [("Exact", "/p.S/M"), ("PathPrefix", "/p.S/")]


def test_listeners_and_class_of_a_gateway() -> None:
    spec = "{gatewayClassName: istio, listeners: [{name: a, port: 80, protocol: HTTP, hostname: x.example.com}]}"
    found = only(read_yaml(document("Gateway", spec)), KubernetesGateway)
    assert (found.class_name, found.listeners[0].hostname) == ("istio", "x.example.com")


def test_a_retry_constraint_is_a_budget_for_its_services() -> None:
    spec = "{targetRefs: [{name: a}], retryConstraint: {budget: {percent: 30, interval: 5s}, minRetryRate: {count: 7}}}"
    found = only(
        read_yaml(document("XBackendTrafficPolicy", spec, "gateway.networking.x-k8s.io/v1alpha1")), BackendBudget
    )
    assert (found.services, found.percent, found.interval_s, found.min_count) == (("a",), 30.0, 5.0, 7)
