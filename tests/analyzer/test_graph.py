"""The call graph: every wire with its layers, and what the mesh makes of it."""

import networkx as nx
import pytest

from analyzer.graph import CallGraph
from analyzer.options import Assumption, Options
from parsers.facts.python import Repeat, Retry, RetryCondition, Send
from parsers.quantities import Count
from tests.analyzer.linking.build import at, call, deployment, handler, linked, manifests

NAMESPACE = """
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
"""


def virtual_service(route: str) -> str:
    return f"""
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {{name: pay, namespace: shop}}
spec:
  hosts: [pay]
  http:
  - {route}
"""


def shop(extra: str = "", *more: object, options: Options | None = None) -> CallGraph:
    facts = manifests(
        ns=NAMESPACE,
        web=deployment("web", namespace="shop", type="LoadBalancer"),
        pay=deployment("pay", namespace="shop"),
        pay2=deployment("pay-two", namespace="shop"),
        mesh=extra,
    )
    condition = RetryCondition(exceptions=("Exception",), statuses=("5xx",))
    retry = Retry("tenacity.retry", Count(3), None, condition, "stop_after_attempt(3)", "f", at("web/app.py", 4))
    sent = Send(call("http://pay:8080/charge", path="web/app.py", method="GET"), 0)
    page = handler("GET", "/buy", Repeat(retry, sent), path="web/app.py")
    charge = handler("GET", "/charge", path="pay/app.py")
    mesh = linked(*facts, page, charge, *more, options=options)
    return CallGraph.build(mesh, options or Options())


def test_the_sidecars_layer_stands_inside_the_applications() -> None:
    route = "{route: [{destination: {host: pay}}], retries: {attempts: 3, retryOn: '5xx'}}"
    (made,) = shop(virtual_service(route)).calls
    assert [(x.kind, str(x.attempts)) for x in made.layers[:2]] == [("app", "3"), ("sidecar", "4")]
    assert dict(made.gain.by_cause)["503"] == Count(12)


def test_what_istio_does_unasked_is_a_layer_too() -> None:
    (made,) = shop().calls
    assert [(x.kind, str(x.attempts)) for x in made.layers[:2]] == [("app", "3"), ("sidecar", "3")]


def test_a_split_route_is_one_call_and_one_more_for_each_other_receiver() -> None:
    route = "{route: [{destination: {host: pay}, weight: 80}, {destination: {host: pay-two}, weight: 20}]}"
    found = shop(virtual_service(route)).calls
    assert [(c.id, c.callee.service, c.share) for c in found] == [
        ("web GET /buy#0->pay", "shop/pay", 0.8),
        ("web GET /buy#0->pay@shop/pay-two", "shop/pay-two", 0.2),
    ]


def test_a_mirror_is_a_call_of_its_own() -> None:
    route = "{route: [{destination: {host: pay}}], mirror: {host: pay-two}, mirrorPercentage: {value: 50}}"
    found = shop(virtual_service(route)).calls
    mirrors = [c for c in found if c.mirror]
    assert [(c.callee.service, c.share) for c in mirrors] == [("shop/pay-two", 0.5)]


def test_a_route_elsewhere_names_who_really_receives() -> None:
    (made,) = shop(virtual_service("{route: [{destination: {host: pay-two}}]}")).calls
    assert made.callee.service == "shop/pay-two"
    assert made.note is not None
    assert "routed to shop/pay-two" in made.note


def test_a_second_name_of_the_same_pods_is_the_same_service() -> None:
    second = """
apiVersion: v1
kind: Service
metadata: {name: pay-v1, namespace: shop}
spec: {selector: {app: pay}, ports: [{port: 8080, name: http}]}
"""
    route = "{route: [{destination: {host: pay-v1}}]}"
    (made,) = shop(second + "---" + virtual_service(route)).calls
    assert str(made.callee) == "shop/pay GET /charge"


def test_an_assumption_replaces_what_is_written() -> None:
    options = Options(assumptions=(Assumption("web", "pay", 1),))
    (made,) = shop(options=options).calls
    assert made.gain.worst == Count(1)


def test_services_know_their_place_in_the_mesh() -> None:
    graph = shop()
    member = graph.memberships["shop/pay"]
    assert member is not None
    assert member.kind == "istio-sidecar"
    assert graph.mtls["shop/pay"] == "PERMISSIVE"
    assert graph.pod_memberships["shop/pay"] == member


def test_a_request_that_never_leaves_the_pod_passes_no_proxy() -> None:
    sent = Send(call("http://localhost:8080/own", path="web/app.py"), 0)
    found = shop("", handler("GET", "/self", sent, path="web/app.py", line=90)).calls
    (made,) = [c for c in found if c.callee.service == "shop/web"]
    assert made.wire.loopback
    assert made.layers == ()


def test_outside_the_mesh_nothing_is_added() -> None:
    facts = manifests(web=deployment("web", env="PAY=pay:8080"), pay=deployment("pay"))
    (made,) = CallGraph.build(linked(*facts)).calls
    assert made.layers == ()
    assert made.gain.worst == Count(1)


@pytest.mark.parametrize(("level", "node"), [("service", "shop/web"), ("operation", "shop/web GET /buy")])
def test_the_graph_can_be_explored_with_networkx(level: str, node: str) -> None:
    route = "{route: [{destination: {host: pay}}], retries: {attempts: 3, retryOn: '5xx'}}"
    graph = shop(virtual_service(route)).to_networkx(level)
    assert isinstance(graph, nx.MultiDiGraph)
    assert graph.nodes[node]["entry"] == "load-balancer"
    ((_, _, key, edge),) = graph.out_edges(node, keys=True, data=True)
    assert key == "web GET /buy#0->pay"
    assert edge["gain"] == 12


def test_a_call_says_everything_in_json() -> None:
    (made,) = shop().calls
    told = made.to_dict()
    assert told["caller"] == {"service": "shop/web", "operation": "GET /buy"}
    assert told["times"] == 1
    assert set(told) >= {"id", "caller", "callee", "provenance", "precision", "span", "layers", "gain"}
