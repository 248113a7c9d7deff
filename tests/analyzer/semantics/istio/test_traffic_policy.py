"""DestinationRules: lookup, merging, ports and subsets, budgets, TLS, and the ``retries`` that Istio does not have."""

from __future__ import annotations

import pytest

from analyzer.model import Passage
from analyzer.semantics.istio.traffic_policy import mistaken_default
from tests.analyzer.semantics.istio.calls import (
    TO_C,
    app,
    attempts,
    destination_rule,
    layer,
    mesh_of,
    namespace,
    passage,
    shop,
    virtual_service,
    wire,
)

RETRIES = "  trafficPolicy: {connectionPool: {http: {maxRetries: 3}}, retries: {attempts: 3, retryOn: '5xx,reset'}}"
TO_V1 = virtual_service("{route: [{destination: {host: c, subset: v1}}]}")


def budget(spec: str, version: tuple[int, ...] | None = None, *more: str) -> list[tuple[str, float | None, int | None]]:
    found = passage(mesh_of(*shop(destination_rule(spec), *more), version=version))
    return [(b.kind, b.percent, b.min_concurrency) for b in found.budgets]


# ----------------------------------------------------------------------------------------------- declared retries


def test_declared_retries_count_in_the_worst_case_and_say_that_istio_drops_them() -> None:
    found = layer(passage(mesh_of(*shop(destination_rule(RETRIES)))))
    assert found.attempts is not None
    assert found.attempts.value == 4
    assert {"5xx", "reset"} <= found.fires_on
    assert "stock Istio drops trafficPolicy.retries; without it: 3 attempts" in (found.note or "")
    assert found.span is not None


def test_declared_retries_are_only_mentioned_where_stock_istio_is_asked_for() -> None:
    found = passage(mesh_of(*shop(destination_rule(RETRIES))), declared="ignore")
    assert attempts(found) == 3
    (dropped,) = [x for x in found.layers if not x.effective]
    assert dropped.fires_on == frozenset()
    assert dropped.attempts is not None
    assert dropped.attempts.value == 4


def test_a_rule_with_nothing_but_declared_retries_is_refused_by_stock_istio() -> None:
    rule = destination_rule("  trafficPolicy: {retries: {attempts: 3}}\n  subsets: [{name: v1, labels: {v: '1'}}]")
    mesh = mesh_of(*shop(rule, TO_V1))
    assert passage(mesh, declared="ignore").answered == "proxy-503"
    assert attempts(passage(mesh)) == 4


def test_beside_a_routes_own_retries_the_worse_of_both_counts() -> None:
    route = virtual_service("{" + TO_C + ", retries: {attempts: 5, retryOn: reset}}")
    found = layer(passage(mesh_of(*shop(destination_rule(RETRIES), route))))
    assert found.attempts is not None
    assert found.attempts.value == 6
    assert "5xx" in found.fires_on


def test_declared_retries_of_a_subset_count_where_a_route_names_it() -> None:
    spec = "  subsets: [{name: v1, labels: {v: '1'}, trafficPolicy: {retries: {attempts: 6}}}]"
    assert attempts(passage(mesh_of(*shop(destination_rule(spec), TO_V1)))) == 7
    assert attempts(passage(mesh_of(*shop(destination_rule(spec))))) == 3


def test_declared_retries_of_a_port_count_on_that_port() -> None:
    spec = "  trafficPolicy: {portLevelSettings: [{port: {number: 8080}, retries: {attempts: 6}}]}"
    assert attempts(passage(mesh_of(*shop(destination_rule(spec))))) == 7


# ------------------------------------------------------------------------------------------------- budgets and caps


def test_max_retries_is_a_cap_on_concurrency_and_no_count_of_one_request() -> None:
    assert budget("  trafficPolicy: {connectionPool: {http: {maxRetries: 3}}}") == [("max-retries", None, 3)]


def test_a_retry_budget_takes_the_place_of_max_retries() -> None:
    spec = (
        "  trafficPolicy: {connectionPool: {http: {maxRetries: 3}}, retryBudget: {percent: 25, minRetryConcurrency: 5}}"
    )
    assert budget(spec) == [("retry-budget", 25.0, 5)]


@pytest.mark.parametrize(
    ("version", "percent"),
    [((1, 27, 9), 0.2), ((1, 28, 5), 0.2), ((1, 28, 6), 20.0), ((1, 29, 1), 0.2), ((1, 29, 2), 20.0), ((1, 30), 20.0)],
)
def test_an_unwritten_percentage_is_the_versions_default(version: tuple[int, ...], percent: float) -> None:
    assert budget("  trafficPolicy: {retryBudget: {}}", version) == [("retry-budget", percent, 3)]


def test_a_release_without_its_patch_is_taken_as_its_newest() -> None:
    assert mistaken_default((1, 27))
    assert not mistaken_default((1, 28))


def test_before_1_27_there_are_no_retry_budgets() -> None:
    assert budget("  trafficPolicy: {retryBudget: {percent: 25}}", (1, 26)) == []


def test_a_port_level_entry_drops_the_budget_of_the_top_level() -> None:
    spec = (
        "  trafficPolicy: {retryBudget: {percent: 25}, "
        "portLevelSettings: [{port: {number: 8080}, loadBalancer: {simple: RANDOM}}]}"
    )
    assert budget(spec) == []


@pytest.mark.parametrize(
    ("version", "kept"), [((1, 29, 1), False), ((1, 29, 2), True), ((1, 30), True), ((1, 28), False)]
)
def test_a_subset_with_a_policy_lost_budgets_before_1_29_2(version: tuple[int, ...], kept: bool) -> None:
    spec = (
        "  trafficPolicy: {retryBudget: {percent: 25}}\n"
        "  subsets: [{name: v1, labels: {v: '1'}, trafficPolicy: {loadBalancer: {simple: RANDOM}}}]"
    )
    assert bool(budget(spec, version, TO_V1)) is kept


def test_blocks_of_a_subset_replace_those_of_the_top_whole() -> None:
    spec = (
        "  trafficPolicy: {connectionPool: {http: {maxRetries: 3}}}\n"
        "  subsets: [{name: v1, labels: {v: '1'}, trafficPolicy: {connectionPool: {tcp: {maxConnections: 1}}}}]"
    )
    assert budget(spec, None, TO_V1) == []


# ---------------------------------------------------------------------------------------------------- which rule


def with_rules(*rules: str) -> Passage:
    return passage(mesh_of(namespace(), app("a", ns="web"), namespace("web"), app("c"), *rules), wire("web/a"))


def caps(found: Passage) -> list[int | None]:
    return [b.min_concurrency for b in found.budgets if b.kind == "max-retries"]


def cap(number: int) -> str:
    return f"  trafficPolicy: {{connectionPool: {{http: {{maxRetries: {number}}}}}}}"


def test_a_wildcard_in_the_clients_namespace_hides_the_exact_rule_of_the_services() -> None:
    owner = destination_rule(cap(1))
    wild = destination_rule(cap(2), "wild", "web", '"*.local"')
    found = with_rules(owner, wild)
    assert caps(found) == [2]
    assert any("shop/c for c.shop.svc.cluster.local is hidden by a wildcard rule" in e.text for e in found.evidence)
    assert caps(with_rules(owner)) == [1]


def test_a_rule_of_a_third_namespace_does_not_count() -> None:
    third = destination_rule(cap(3), ns="other", host="c.shop.svc.cluster.local")
    assert caps(with_rules(third)) == []


def test_the_root_namespace_comes_last() -> None:
    root = destination_rule(cap(4), ns="istio-system", host='"*.svc.cluster.local"')
    assert caps(with_rules(root)) == [4]
    assert caps(with_rules(root, destination_rule(cap(1)))) == [1]


def test_a_rule_exported_to_its_own_namespace_only_is_not_seen_from_another() -> None:
    assert caps(with_rules(destination_rule(cap(1) + "\n  exportTo: ['.']"))) == []


def test_of_several_rules_for_one_host_subsets_join_and_only_one_policy_counts() -> None:
    one = destination_rule(cap(1) + "\n  subsets: [{name: v1, labels: {v: '1'}}]", "one")
    two = destination_rule(cap(2) + "\n  subsets: [{name: v2, labels: {v: '2'}}]", "two")
    route = virtual_service("{route: [{destination: {host: c, subset: v2}}]}")
    found = passage(mesh_of(*shop(one, two, route)))
    assert found.answered is None
    assert caps(found) == [1]


def test_a_selector_limits_a_rule_to_some_clients() -> None:
    rule = destination_rule(cap(7) + "\n  workloadSelector: {matchLabels: {app: somebody}}")
    assert caps(passage(mesh_of(*shop(rule)))) == []


# ------------------------------------------------------------------------------------------------------------- TLS


@pytest.mark.parametrize(
    ("tls", "plain"), [("DISABLE", True), ("SIMPLE", True), ("MUTUAL", True), ("ISTIO_MUTUAL", False)]
)
def test_the_tls_mode_of_a_rule_decides_whether_an_identity_arrives(tls: str, plain: bool) -> None:
    assert passage(mesh_of(*shop(destination_rule(f"  trafficPolicy: {{tls: {{mode: {tls}}}}}")))).plaintext is plain


def test_automatic_mtls_carries_the_identity_unless_the_server_takes_none() -> None:
    off = """
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: shop}
spec: {mtls: {mode: DISABLE}}
"""
    assert passage(mesh_of(*shop())).plaintext is False
    assert passage(mesh_of(*shop(off))).plaintext is True


def test_an_outlier_that_ejects_nothing_is_still_a_bound_of_the_aggregate_only() -> None:
    assert budget("  trafficPolicy: {outlierDetection: {}}") == [("outlier", 10.0, None)]
