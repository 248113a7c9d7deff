"""Routes of the Gateway API in Istio: mesh and gateway, retry and timeouts, precedence, budgets."""

from __future__ import annotations

import pytest

from analyzer.semantics.istio.gateway_api import istio_gateways
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


def route(
    rules: str, ns: str = "shop", name: str = "r", parent: str = "{group: '', kind: Service, name: c}", hosts: str = ""
) -> str:
    return f"""
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {{name: {name}, namespace: {ns}}}
spec:
  parentRefs: [{parent}]
  {hosts}
  rules: [{rules}]
"""


BACK = "backendRefs: [{name: c, port: 8080}]"
GATEWAY = """
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: public, namespace: shop}
spec: {gatewayClassName: CLASS, listeners: [{name: http, port: 80, protocol: HTTP}]}
"""


def test_a_route_without_retry_leaves_the_default() -> None:
    assert attempts(passage(mesh_of(*shop(route("{" + BACK + "}"))))) == 3


@pytest.mark.parametrize(
    ("retry", "tried", "status"),
    [
        ("{}", 3, False),
        ("{attempts: 4}", 5, False),
        ("{attempts: 4, codes: [503]}", 5, True),
        ("{attempts: 0, codes: [503]}", 1, False),
    ],
)
def test_a_retry_stanza_repeats_connections_and_its_codes(retry: str, tried: int, status: bool) -> None:
    found = layer(passage(mesh_of(*shop(route("{" + BACK + ", retry: " + retry + "}")))))
    assert found.attempts is not None
    assert (found.attempts.value, "503" in found.fires_on) == (tried, status)
    assert "reset" not in found.fires_on


def test_before_1_25_a_retry_stanza_is_not_read() -> None:
    mesh = mesh_of(*shop(route("{" + BACK + ", retry: {attempts: 9}}")), version=(1, 24))
    assert attempts(passage(mesh)) == 3


def test_a_backend_timeout_beside_retry_only_cuts_and_without_it_is_the_timeout() -> None:
    times = "timeouts: {request: 10s, backendRequest: 2s}"
    both = layer(passage(mesh_of(*shop(route("{" + BACK + ", retry: {codes: [504]}, " + times + "}")))))
    alone = layer(passage(mesh_of(*shop(route("{" + BACK + ", " + times + "}")))))
    assert (both.per_try_timeout_s, both.timeout_s, "per-try-timeout" in both.fires_on) == (2.0, 10.0, False)
    assert (alone.per_try_timeout_s, alone.timeout_s) == (None, 2.0)


def test_a_prefix_is_one_of_segments() -> None:
    rules = "{matches: [{path: {type: PathPrefix, value: /api}}], " + BACK + ", retry: {attempts: 6}}"
    mesh = mesh_of(*shop(route(rules)))
    assert attempts(passage(mesh, wire(path="/api/x"))) == 7
    assert attempts(passage(mesh, wire(path="/api"))) == 7
    assert passage(mesh, wire(path="/apix")).answered == "404"


def test_the_longest_prefix_wins_whatever_the_order() -> None:
    rules = (
        "{matches: [{path: {value: /}}], " + BACK + ", retry: {attempts: 1}},"
        "{matches: [{path: {value: /api/v1}}], " + BACK + ", retry: {attempts: 6}},"
        "{matches: [{path: {value: /api}}], " + BACK + ", retry: {attempts: 2}}"
    )
    mesh = mesh_of(*shop(route(rules)))
    assert [attempts(passage(mesh, wire(path=p))) for p in ("/api/v1/x", "/api/x", "/x")] == [7, 3, 2]


def test_a_route_of_a_callers_namespace_is_for_its_callers_only_and_comes_first() -> None:
    owner = route("{" + BACK + ", retry: {attempts: 1}}")
    parent = "{group: '', kind: Service, name: c, namespace: shop}"
    consumer = route(
        "{" + BACK.replace("name: c", "name: c, namespace: shop") + ", retry: {attempts: 5}}", "web", parent=parent
    )
    mesh = mesh_of(*shop(namespace("web"), app("w", ns="web"), owner, consumer))
    assert attempts(passage(mesh, wire("web/w"))) == 6
    assert attempts(passage(mesh)) == 2


def test_weights_share_and_a_rule_without_backends_answers_500() -> None:
    both = "backendRefs: [{name: c, port: 8080, weight: 3}, {name: d, port: 8080}, {name: a, port: 8080, weight: 0}]"
    found = passage(mesh_of(*shop(app("d"), route("{" + both + "}"))))
    assert found.callees == (("shop/c", 0.75), ("shop/d", 0.25))
    assert passage(mesh_of(*shop(route("{filters: []}")))).answered == "500"


def test_a_mirror_filter_is_a_shadow() -> None:
    mirror = "filters: [{type: RequestMirror, requestMirror: {backendRef: {name: m, port: 8080}, percent: 20}}]"
    found = passage(mesh_of(*shop(app("m"), route("{" + BACK + ", " + mirror + "}"))))
    assert [(s.service, s.percent) for s in found.shadows] == [("shop/m", 20.0)]


@pytest.mark.parametrize(("name", "taken"), [("istio", True), ("nginx", False)])
def test_only_gateways_of_istios_classes_are_istios(name: str, taken: bool) -> None:
    edge = route(
        "{" + BACK + ", retry: {attempts: 4, codes: [503]}}",
        parent="{name: public}",
        hosts="hostnames: [shop.example.com]",
    )
    mesh = mesh_of(*shop(GATEWAY.replace("CLASS", name), edge))
    found = passage(mesh, wire("external:internet", host="shop.example.com"))
    assert ("gateway" in [x.kind for x in found.layers]) is taken


def test_a_grpc_route_has_the_default_retries_and_takes_its_methods() -> None:
    grpc = """
apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata: {name: r, namespace: shop}
spec:
  parentRefs: [{group: '', kind: Service, name: c}]
  rules: [{matches: [{method: {service: shop.Pay, method: Charge}}], backendRefs: [{name: c, port: 8080}]}]
"""
    mesh = mesh_of(namespace(), app("a"), app("c", port="grpc"), grpc)
    assert attempts(passage(mesh, wire(protocol="grpc", method="POST", path="/shop.Pay/Charge"))) == 3
    assert passage(mesh, wire(protocol="grpc", method="POST", path="/shop.Pay/Refund")).answered == "404"


BUDGET = """
apiVersion: gateway.networking.x-k8s.io/v1alpha1
kind: XBackendTrafficPolicy
metadata: {name: b, namespace: shop}
spec:
  targetRefs: [{group: '', kind: Service, name: c}]
  retryConstraint: {budget: {percent: 15}}
"""


def test_a_backend_policy_is_a_retry_budget_with_defaults_of_its_own() -> None:
    (found,) = passage(mesh_of(*shop(BUDGET))).budgets
    assert (found.percent, found.min_concurrency, found.interval_s) == (15.0, 10, 10.0)


def test_a_rules_own_budget_comes_before_the_backend_policy() -> None:
    own = destination_rule("  trafficPolicy: {retryBudget: {percent: 40}}")
    assert [b.percent for b in passage(mesh_of(*shop(BUDGET, own))).budgets] == [40.0]


def test_beside_a_virtual_service_for_the_same_host_the_worse_counts() -> None:
    other = virtual_service("{" + TO_C + ", retries: {attempts: 8}}")
    assert attempts(passage(mesh_of(*shop(other, route("{" + BACK + ", retry: {attempts: 1}}"))))) == 9


def test_a_class_of_ones_own_is_istios_where_it_names_its_controller() -> None:
    own = GATEWAY.replace("CLASS", "edge")
    named = """
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {name: edge}
spec: {controllerName: CONTROLLER}
"""
    ours = mesh_of(*shop(own, named.replace("CONTROLLER", "istio.io/gateway-controller")))
    other = mesh_of(*shop(own, named.replace("CONTROLLER", "gateway.envoyproxy.io/gatewayclass-controller")))
    assert [len(istio_gateways(m)) for m in (ours, other)] == [1, 0]
