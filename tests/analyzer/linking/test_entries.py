"""What something outside can start."""

import pytest

from analyzer.linking.mesh import Mesh
from analyzer.options import Options
from tests.analyzer.linking.build import call, deployment, handler, linked, manifests, sending, told

PAGES = (
    handler("GET", "/shop/<id>", path="web/app.py"),
    handler("POST", "/shop", path="web/app.py", line=20),
    handler("GET", "/admin", path="web/app.py", line=30),
)


def entries(mesh: Mesh) -> list[tuple[str, str]]:
    return [(str(e.operation).removeprefix("default/"), e.kind) for e in mesh.entries]


def gateway(match: str, extra: str = "") -> tuple[object, ...]:
    return manifests(
        web=deployment("web"),
        vs=f"""
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata: {{name: web}}
        spec:
          hosts: [shop.example.com]
          gateways: [front]
          http:
          - {{match: [{match}], {extra} route: [{{destination: {{host: web}}}}]}}
        """,
    )


def ingress(path: str, kind: str = "Prefix") -> tuple[object, ...]:
    return manifests(
        web=deployment("web"),
        ingress=f"""
        apiVersion: networking.k8s.io/v1
        kind: Ingress
        metadata: {{name: front}}
        spec:
          rules:
          - http:
              paths:
              - {{path: {path}, pathType: {kind}, backend: {{service: {{name: web, port: {{number: 8080}}}}}}}}
        """,
    )


def test_an_ingress_lets_in_what_its_path_covers() -> None:
    found = entries(linked(*ingress("/shop"), *PAGES))
    assert found == [("web GET /shop/{id}", "ingress"), ("web POST /shop", "ingress")]


def test_a_prefix_of_an_ingress_covers_whole_segments() -> None:
    assert "ingress" not in [kind for _, kind in entries(linked(*ingress("/adm"), *PAGES))]


def test_a_rewritten_prefix_lets_in_what_lies_below_what_it_becomes() -> None:
    facts = gateway("{uri: {prefix: /public/}}", extra="rewrite: {uri: /shop},")
    found = [o for o, _ in entries(linked(*facts, *PAGES))]
    assert found == ["web GET /shop/{id}", "web POST /shop"]


def test_a_route_that_is_handed_over_lets_in_what_the_other_routes() -> None:
    facts = manifests(
        web=deployment("web"),
        vs="""
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata: {name: root}
        spec:
          hosts: [shop.example.com]
          gateways: [front]
          http: [{match: [{uri: {prefix: /shop}}], delegate: {name: inner}}]
        ---
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata: {name: inner}
        spec: {http: [{route: [{destination: {host: web}}]}]}
        """,
    )
    assert [o for o, _ in entries(linked(*facts, *PAGES))] == ["web GET /shop/{id}", "web POST /shop"]


def test_a_route_attached_to_a_gateway_lets_in_what_it_matches() -> None:
    facts = manifests(
        web=deployment("web"),
        route="""
        apiVersion: gateway.networking.k8s.io/v1
        kind: HTTPRoute
        metadata: {name: web}
        spec:
          parentRefs: [{name: front}]
          rules:
          - matches: [{path: {type: PathPrefix, value: /shop}, method: POST}]
            backendRefs: [{name: web, port: 8080}]
        """,
    )
    assert entries(linked(*facts, *PAGES)) == [("web POST /shop", "gateway")]


def test_an_exact_path_lets_in_one() -> None:
    assert entries(linked(*ingress("/admin", "Exact"), *PAGES)) == [("web GET /admin", "ingress")]


@pytest.mark.parametrize(
    ("match", "expected"),
    [
        ("{uri: {prefix: /shop}}", ["web GET /shop/{id}", "web POST /shop"]),
        ("{uri: {exact: /shop}}", ["web POST /shop"]),
        ("{uri: {regex: '/shop/[^/]+'}}", ["web GET /shop/{id}"]),
        ("{uri: {prefix: /}, method: {exact: POST}}", ["web POST /shop"]),
    ],
)
def test_a_gateway_route_lets_in_what_it_matches(match: str, expected: list[str]) -> None:
    assert [o for o, _ in entries(linked(*gateway(match), *PAGES))] == expected


def test_a_route_of_the_mesh_alone_is_no_way_in() -> None:
    facts = gateway("{uri: {prefix: /}, gateways: [mesh]}")
    assert "gateway" not in {k for _, k in entries(linked(*facts, *PAGES))}


@pytest.mark.parametrize(("kind", "word"), [("LoadBalancer", "load-balancer"), ("NodePort", "node-port")])
def test_a_published_service_is_a_way_in(kind: str, word: str) -> None:
    mesh = linked(*manifests(web=deployment("web", type=kind)), *PAGES)
    assert entries(mesh)[0] == ("web GET /admin", word)
    assert len(mesh.entries) == 3


def test_a_service_of_which_nothing_is_known_is_entered_as_a_whole() -> None:
    assert entries(linked(*manifests(web=deployment("web", type="LoadBalancer")))) == [("web", "load-balancer")]


def test_a_published_store_is_no_way_in() -> None:
    facts = manifests(db=deployment("db", image="postgres:16", type="NodePort"), web=deployment("web"))
    assert ("db", "node-port") not in entries(linked(*facts, *PAGES))


def test_a_consumer_that_calls_starts_something() -> None:
    facts = manifests(web=deployment("web", type="LoadBalancer"), worker=deployment("worker"))
    sent = sending(call("http://web:8080/admin", path="worker/app.py"))
    mesh = linked(*facts, *PAGES, handler("*", "orders", *sent, path="worker/app.py", kind="consumer"))
    assert ("worker consumer orders", "consumer") in entries(mesh)


def test_a_job_of_any_language_that_calls_runs_on_a_schedule() -> None:
    job = """
    apiVersion: batch/v1
    kind: CronJob
    metadata: {name: nightly}
    spec:
      schedule: "0 3 * * *"
      jobTemplate: {spec: {template: {spec: {containers: [{name: c, image: n, env: [{name: U, value: "http://web:8080"}]}]}}}}
    """
    mesh = linked(*manifests(web=deployment("web", type="LoadBalancer"), job=job), *PAGES)
    assert ("nightly", "cron") in entries(mesh)


def test_start_up_code_that_calls_nothing_starts_nothing() -> None:
    mesh = linked(*manifests(web=deployment("web")), handler("*", "*", path="web/app.py", kind="startup"))
    assert entries(mesh) == []


def test_the_user_names_an_entry() -> None:
    options = Options(entries=("web GET /admin", "nowhere"))
    mesh = linked(*manifests(web=deployment("web")), *PAGES, options=options)
    assert entries(mesh) == [("web GET /admin", "named")]


def test_a_name_that_nothing_has_is_told() -> None:
    options = Options(entries=("nowhere GET /",), code=(("src", "nobody"),))
    notes = [n.message for n in told(*manifests(web=deployment("web")), options=options)]
    assert notes == ["--entry nowhere GET /: no service of that name", "code: src = nobody: no service of that name"]


def test_without_any_way_in_what_nobody_calls_is_one() -> None:
    facts = manifests(web=deployment("web"), pay=deployment("pay"))
    sent = sending(call("http://pay:8080/x", path="web/app.py"))
    mesh = linked(*facts, handler("GET", "/", *sent, path="web/app.py"), handler("GET", "/x", path="pay/app.py"))
    assert entries(mesh) == [("web GET /", "root")]
