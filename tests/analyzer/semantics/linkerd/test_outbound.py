"""Calls through Linkerd: retries by annotations, by routes, by profiles; what each hides of the others."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.amplification.budgets import Traffic, long_run
from analyzer.semantics.linkerd import profiles
from parsers.facts.linkerd import ProfileBudget
from parsers.source import Span
from tests.analyzer.semantics.istio.calls import mesh_of, wire
from tests.analyzer.semantics.linkerd.shop import app, attempts, layer, namespace, passage, resource, shop

SPAN = Span("a.yaml", 1, 1, 1, 1)


def route(rules: str, annotations: str = "", kind: str = "HTTPRoute", ns: str = "shop", name: str = "r") -> str:
    return f"""
apiVersion: gateway.networking.k8s.io/v1
kind: {kind}
metadata: {{name: {name}, namespace: {ns}, annotations: {{{annotations}}}}}
spec: {{parentRefs: [{{group: '', kind: Service, name: c, namespace: shop}}], rules: [{rules}]}}
"""


def profile(routes: str, budget: str = "", ns: str = "shop") -> str:
    spec = "{routes: [" + routes + "]" + (f", retryBudget: {budget}" if budget else "") + "}"
    text = resource("ServiceProfile", spec, "c.shop.svc.cluster.local", "linkerd.io/v1alpha2")
    return text.replace("namespace: shop", f"namespace: {ns}")


ALL = "{name: all, condition: {pathRegex: '.*'}, isRetryable: true}"


def test_nothing_written_retries_nothing() -> None:
    found = passage(shop())
    assert (attempts(found), found.plaintext) == (1, False)


@pytest.mark.parametrize(
    ("annotations", "tried", "fires"),
    [
        ("retry.linkerd.io/http: 5xx", 2, "503"),
        ("retry.linkerd.io/http: 5xx, retry.linkerd.io/limit: '3'", 4, "500"),
        ("retry.linkerd.io/http: 5xx, retry.linkerd.io/limit: '0'", 2, "500"),
        ("retry.linkerd.io/http: gateway-error, retry.linkerd.io/limit: '2'", 3, "504"),
        ("retry.linkerd.io/http: '429,500-503'", 2, "429"),
    ],
)
def test_a_limit_counts_retries_and_zero_is_one(annotations: str, tried: int, fires: str) -> None:
    from analyzer.amplification.layers import fires as covers

    found = layer(passage(shop(service=annotations)))
    assert found.attempts is not None
    assert (found.attempts.value, covers(found, fires), covers(found, "404")) == (tried, True, False)


@pytest.mark.parametrize("value", ["'5xx, 429'", "6xx", "500-400", "'99'"])
def test_a_condition_that_cannot_be_read_drops_the_whole_group(value: str) -> None:
    found = passage(shop(service=f"retry.linkerd.io/http: {value}, retry.linkerd.io/limit: '5'"))
    assert attempts(found) == 1
    assert any("dropped" in e.text for e in found.evidence)


def test_a_limit_alone_repeats_only_what_is_always_repeated() -> None:
    found = layer(passage(shop(service="retry.linkerd.io/limit: '5', retry.linkerd.io/timeout: 300ms")))
    assert found.attempts is not None
    assert (found.attempts.value, found.fires_on) == (6, frozenset({"refused-stream", "per-try-timeout"}))
    assert found.per_try_timeout_s == 0.3


@pytest.mark.parametrize(("written", "seconds"), [("3s", 3.0), ("1m30s", None), ("1.5s", None), ("0", None)])
def test_a_timeout_is_one_whole_number_with_a_unit(written: str, seconds: float | None) -> None:
    assert layer(passage(shop(service=f"timeout.linkerd.io/request: {written!r}"))).timeout_s == seconds


def test_a_refused_connection_of_an_application_behind_its_proxy_is_502() -> None:
    found = passage(shop())
    assert [x.kind for x in found.layers] == ["sidecar", "inbound"]
    assert dict(layer(found, "inbound").becomes)["connect-failure"] == "502"


def test_without_a_proxy_at_the_callee_the_caller_sees_the_connection_itself() -> None:
    mesh = shop(service="retry.linkerd.io/http: 5xx", pod="linkerd.io/inject: disabled")
    found = passage(mesh)
    assert ("connect-failure" in layer(found).fires_on, found.plaintext) == (True, True)


def test_a_route_replaces_the_services_group_as_a_whole() -> None:
    rule = "{backendRefs: [{name: c, port: 8080}]}"
    service = "retry.linkerd.io/http: 5xx, retry.linkerd.io/limit: '5', timeout.linkerd.io/request: 9s"
    only_limit = layer(passage(shop(route(rule, "retry.linkerd.io/limit: '2'"), service=service)))
    assert only_limit.attempts is not None
    assert (only_limit.attempts.value, "5xx" in only_limit.fires_on, only_limit.timeout_s) == (3, False, 9.0)
    inherited = passage(shop(route(rule), service=service))
    assert attempts(inherited) == 6


def test_the_retry_of_the_gateway_api_is_not_read() -> None:
    rule = "{backendRefs: [{name: c, port: 8080}], retry: {attempts: 5, codes: [503]}, timeouts: {request: 2s}}"
    found = passage(shop(route(rule)))
    assert (attempts(found), layer(found).timeout_s) == (1, 2.0)
    assert any("does not read retry" in e.text for e in found.evidence)


def test_a_route_of_linkerds_own_group_is_read_too() -> None:
    text = route("{}", "retry.linkerd.io/limit: '4'").replace(
        "gateway.networking.k8s.io/v1", "policy.linkerd.io/v1beta3"
    )
    assert attempts(passage(shop(text))) == 5


def test_what_no_route_takes_is_404() -> None:
    rule = "{matches: [{path: {value: /only}}], backendRefs: [{name: c, port: 8080}]}"
    assert passage(shop(route(rule)), path="/other").answered == "404"
    assert passage(shop(route(rule)), path="/only/x").answered is None


def test_a_route_with_a_filter_that_linkerd_lacks_is_dropped() -> None:
    rule = "{matches: [{path: {value: /only}}], filters: [{type: URLRewrite, urlRewrite: {hostname: x}}]}"
    assert passage(shop(route(rule)), path="/other").answered is None


def test_a_grpc_route_hides_http_routes() -> None:
    rules = "{backendRefs: [{name: c, port: 8080}]}"
    mesh = shop(
        route(rules, "retry.linkerd.io/limit: '4'"),
        route(rules, "retry.linkerd.io/limit: '1'", kind="GRPCRoute", name="g"),
    )
    assert attempts(passage(mesh)) == 2


def test_a_route_elsewhere_is_for_callers_there_only() -> None:
    rule = "{backendRefs: [{name: c, namespace: shop, port: 8080}]}"
    elsewhere = route(rule, "retry.linkerd.io/limit: '4'", ns="web")
    mesh = mesh_of(namespace(), namespace("web"), app("a"), app("c"), app("w", ns="web"), elsewhere)
    assert attempts(passage(mesh)) == 1
    assert attempts(passage(mesh, caller="web/w")) == 5


def test_weights_of_a_route_share_the_requests() -> None:
    rule = "{backendRefs: [{name: c, port: 8080, weight: 90}, {name: d, port: 8080, weight: 10}]}"
    found = passage(shop(app("d"), route(rule)))
    assert found.callees == (("shop/c", 0.9), ("shop/d", 0.1))


def test_an_unknown_path_counts_the_worst_route_and_says_so() -> None:
    rules = "{matches: [{path: {value: /a}}]}, {matches: [{path: {value: /b}}], timeouts: {request: 1s}}"
    found = passage(shop(route(rules, "retry.linkerd.io/limit: '4'")), path="*")
    assert (attempts(found), found.precision.value) == (5, "upper-bound")


# ---------------------------------------------------------------------------------------------------------- profiles


def test_a_retryable_route_has_no_count_but_a_budget() -> None:
    found = passage(shop(profile(ALL)))
    assert attempts(found) == 101
    assert [(b.kind, b.percent, b.per_s) for b in found.budgets] == [("earned", 20.0, 10)]


def test_a_profile_with_routes_switches_off_routes_and_annotations() -> None:
    by_route = route("{matches: [{path: {value: /only}}]}", "retry.linkerd.io/limit: '4'")
    mesh = shop(profile("{condition: {pathRegex: '/p'}}"), by_route, service="retry.linkerd.io/http: 5xx")
    found = passage(mesh, path="/other")
    assert (attempts(found), found.answered) == (1, None)
    assert any("switch off" in e.text for e in found.evidence)


def test_a_profile_without_routes_leaves_annotations_alone() -> None:
    mesh = shop(
        profile("", "{retryRatio: 0.1, minRetriesPerSecond: 1, ttl: 10s}"), service="retry.linkerd.io/http: 5xx"
    )
    assert attempts(passage(mesh)) == 2


def test_the_clients_profile_wins_whole() -> None:
    elsewhere = profile("{condition: {pathRegex: '.*'}}", ns="web")
    mesh = mesh_of(namespace(), namespace("web"), app("a"), app("c"), app("w", ns="web"), profile(ALL), elsewhere)
    assert attempts(passage(mesh)) == 101
    assert attempts(passage(mesh, caller="web/w")) == 1


def test_a_profile_of_another_name_never_applies() -> None:
    text = profile(ALL).replace("c.shop.svc.cluster.local", "c")
    assert attempts(passage(shop(text))) == 1


def test_the_first_route_that_matches_counts() -> None:
    mesh = shop(profile("{condition: {method: GET, pathRegex: '/a/[^/]*'}}, " + ALL))
    assert attempts(passage(mesh, path="/a/1")) == 1
    assert attempts(passage(mesh, path="/a/1", method="POST")) == 101
    assert attempts(passage(mesh, path="/a/{id}")) == 1
    assert attempts(passage(mesh, path="/b")) == 101


def test_classes_decide_what_a_failure_is() -> None:
    one = "{condition: {status: {min: CODE, max: CODE}}, isFailure: HOW}"
    classes = f"[{one}, {one}]".replace("CODE", "500", 2).replace("HOW", "false", 1)
    classes = classes.replace("CODE", "429").replace("HOW", "true")
    found = layer(passage(shop(profile(ALL.replace("isRetryable", f"responseClasses: {classes}, isRetryable")))))
    assert {"429", "503"} <= found.fires_on
    assert not {"500", "5xx"} & found.fires_on


@pytest.mark.parametrize(
    ("budget", "burst"),
    [
        ("{retryRatio: 0.2, minRetriesPerSecond: 1, ttl: 10s}", 11),
        ("{retryRatio: 0.2, minRetriesPerSecond: 10, ttl: 100ms}", 1),
        ("{retryRatio: 0.2, minRetriesPerSecond: 10, ttl: 2m}", 1),
        ("{retryRatio: 2000, minRetriesPerSecond: 10, ttl: 10s}", 1),
    ],
)
def test_a_budget_the_proxy_refuses_takes_every_retry_away(budget: str, burst: int) -> None:
    assert attempts(passage(shop(profile(ALL, budget)))) == burst


@pytest.mark.parametrize(("ratio", "share"), [(0.2, 0.2), (0.3, 1 / 3), (0.6, 1.0), (0.7, 1.0), (0, 0.0), (2, 2.0)])
def test_a_ratio_is_made_of_whole_coins(ratio: float, share: float) -> None:
    found = profiles.budget_of(ProfileBudget(ratio, 10, 10.0, "", SPAN))
    assert found is not None
    assert found.share == pytest.approx(share)


@given(st.floats(0, 1000), st.integers(0, 1000), st.floats(1, 60))
def test_what_requests_earn_is_never_less_than_written(ratio: float, per_s: int, ttl: float) -> None:
    found = profiles.budget_of(ProfileBudget(ratio, per_s, ttl, "", SPAN))
    assert found is not None
    assert found.share >= ratio * 0.999
    assert found.burst == per_s * int(ttl)


def test_in_the_long_run_a_profile_adds_its_ratio_and_its_reserve() -> None:
    found = passage(shop(profile(ALL))).budgets
    assert long_run(found, 101) == pytest.approx(1.2)
    assert long_run(found, 101, Traffic(rate_rps=100)) == pytest.approx(1.3)
    assert long_run(found, 1, Traffic(rate_rps=100)) == 1


# -------------------------------------------------------------------------------------------------------- going round


def test_ports_that_go_round_the_proxy_are_neither_retried_nor_identified() -> None:
    mesh = mesh_of(
        namespace(annotations="linkerd.io/inject: enabled, config.linkerd.io/skip-outbound-ports: '8000-8080'"),
        app("a"),
        app("c", service="retry.linkerd.io/http: 5xx"),
    )
    found = passage(mesh)
    assert ([x.kind for x in found.layers], found.plaintext) == (["inbound"], True)


def test_an_opaque_port_is_bytes() -> None:
    mesh = shop(service="config.linkerd.io/opaque-ports: '8080', retry.linkerd.io/http: 5xx")
    found = passage(mesh)
    assert (attempts(found), found.plaintext) == (1, False)


def test_a_headless_service_has_no_policy() -> None:
    mesh = mesh_of(
        namespace(),
        app("a"),
        app("c", service="retry.linkerd.io/http: 5xx").replace("selector:", "clusterIP: None\n  selector:"),
    )
    assert attempts(passage(mesh)) == 1


def test_a_large_body_is_sent_once() -> None:
    found = layer(passage(shop(service="retry.linkerd.io/http: 5xx"), body_bytes=70_000))
    assert (found.fires_on, found.note is not None) == (frozenset(), True)


def test_failure_accrual_bounds_the_aggregate_only() -> None:
    found = passage(shop(service="balancer.linkerd.io/failure-accrual: consecutive"))
    assert [b.kind for b in found.budgets] == ["outlier"]


def test_without_any_proxy_linkerd_has_no_part_in_it() -> None:
    from analyzer.options import Options
    from analyzer.semantics.linkerd import LINKERD

    mesh = mesh_of(namespace(annotations=""), app("a"), app("c"))
    assert LINKERD.passage(wire(), mesh, Options()) is None
