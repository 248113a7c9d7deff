"""Code, placed and linked: who calls whom, by which operation."""

import pytest

from analyzer.linking.sites import highest_key, shifted, sites
from analyzer.model import Precision
from analyzer.options import Options
from parsers.diagnostics import Code
from parsers.facts.kubernetes import ImageSource
from parsers.facts.python import (
    Answer,
    Block,
    Branch,
    Catch,
    Check,
    Guard,
    Hole,
    Leave,
    Listener,
    Loop,
    Parallel,
    Raise,
    Repeat,
    Retry,
    RetryCondition,
    Scope,
    Send,
)
from parsers.quantities import Count
from tests.analyzer.linking.build import (
    at,
    call,
    deployment,
    env,
    handler,
    linked,
    manifests,
    only,
    pairs,
    sending,
    told,
)

SHOP = manifests(web=deployment("web", env="PAY_ADDR=pay:8080"), pay=deployment("pay"))
CHARGE = handler("POST", "/charge/<id>", path="pay/app.py")


def page(*calls: object, route: str = "/buy") -> object:
    return handler("GET", route, *sending(*calls), path="web/app.py")  # type: ignore[arg-type]


def test_a_call_goes_through_the_environment_to_the_operation_of_the_callee() -> None:
    sent = call("http://", env("PAY_ADDR"), "/charge/", Hole("order"), path="web/app.py", method="POST")
    wire = only(linked(*SHOP, page(sent), CHARGE))
    assert str(wire.caller) == "default/web GET /buy"
    assert str(wire.callee) == "default/pay POST /charge/{id}"
    assert (wire.host, wire.port, wire.path, wire.precision) == ("pay", 8080, "/charge/{order}", Precision.EXACT)
    assert wire.id == "web GET /buy#0->pay"
    assert wire.times == Count(1)


@pytest.mark.parametrize(
    "host",
    ["pay", "PAY", "pay.default", "pay.default.svc", "pay.default.svc.cluster.local", "pay.default.svc.cluster.local."],
)
def test_every_spelling_of_a_service_means_it(host: str) -> None:
    wire = only(linked(*SHOP, page(call(f"http://{host}:8080/x", path="web/app.py"))))
    assert wire.callee.service == "default/pay"


@pytest.mark.parametrize("host", ["pay.other", "pay.default.svc.other.zone", "api.pay.example.com", "10.0.0.7"])
def test_other_names_lie_outside(host: str) -> None:
    wire = only(linked(*SHOP, page(call(f"http://{host}/x", path="web/app.py"))))
    assert wire.callee.service == f"external:{host}"


def test_a_short_name_that_is_no_service_is_told() -> None:
    notes = told(*SHOP, page(call("http://payments/x", path="web/app.py")))
    assert [n.code for n in notes] == [Code.UNRESOLVED_HOST]


def test_an_address_that_nothing_sets_is_unresolved_and_says_which_variable() -> None:
    facts = (*SHOP, page(call("http://", env("OTHER_ADDR"), "/x", path="web/app.py")))
    assert only(linked(*facts)).callee.service == "unresolved"
    (note,) = told(*facts)
    assert note.code is Code.UNRESOLVED_ADDRESS
    assert "OTHER_ADDR" in note.message


def test_an_unknown_address_names_the_only_operation_that_would_take_it() -> None:
    sent = call("http://", env("OTHER_ADDR"), "/charge/7", path="web/app.py", method="POST")
    wire = only(linked(*SHOP, page(sent), CHARGE))
    assert wire.callee.service == "unresolved"
    assert wire.note == "only default/pay POST /charge/{id} would take it"


def test_an_address_that_nothing_sets_is_guessed_by_its_name_and_told() -> None:
    facts = (*SHOP, page(call(env("PAY_SERVICE_URL"), "/charge/7", path="web/app.py", method="POST")), CHARGE)
    wire = only(linked(*facts))
    assert (str(wire.callee), wire.precision) == ("default/pay POST /charge/{id}", Precision.UNKNOWN)
    assert [n.code for n in told(*facts)] == [Code.UNRESOLVED_ADDRESS]


@pytest.mark.parametrize(
    ("what", "service"),
    [
        ('helper.url_of("payments")', "default/payments"),
        ("settings.PAYMENTS_URL", "default/payments"),
        ("payment_service.base_url", "default/payments"),
        ("base_url", "unresolved"),
        ('choose("payments", "web-shop")', "default/payments"),
        ('choose("payments", "stock")', "unresolved"),
        ('request.json["payments"]["callback"]', "unresolved"),
    ],
)
def test_an_expression_that_names_one_service_is_taken_for_it(what: str, service: str) -> None:
    facts = manifests(a=deployment("web-shop"), b=deployment("payments"), c=deployment("stock"))
    sent = sending(call(Hole(what), "/x", path="web-shop/app.py"))
    wire = only(linked(*facts, handler("GET", "/", *sent, path="web-shop/app.py")))
    assert wire.callee.service == service
    assert wire.precision is Precision.UNKNOWN


def test_a_default_for_development_is_guessed_by_the_name_of_its_variable() -> None:
    sent = call(env("PAY_URL", "http://localhost:9999"), "/charge/7", path="web/app.py", method="POST")
    assert [n.code for n in told(*SHOP, page(sent), CHARGE)] == [Code.UNRESOLVED_ADDRESS]
    wire = only(linked(*SHOP, page(sent), CHARGE))
    assert (str(wire.callee), wire.precision) == ("default/pay POST /charge/{id}", Precision.UNKNOWN)


def test_several_values_in_one_path_are_one_call() -> None:
    sent = call(path="web/app.py", method="POST", url=(("http://pay:8080/charge/1",), ("http://pay:8080/charge/2",)))
    wire = only(linked(*SHOP, page(sent), CHARGE))
    assert (str(wire.callee), wire.precision) == ("default/pay POST /charge/{id}", Precision.EXACT)


def test_a_proxy_passes_on_the_path_and_the_method_it_is_asked_with() -> None:
    sent = call("http://pay:8080", Hole("request.url.path"), path="web/app.py", method="*")
    proxy = handler("POST", "/charge/<id>", *sending(sent), path="web/app.py")
    others = handler("GET", "/charge/<id>", path="pay/app.py", line=50)
    wire = only(linked(*SHOP, proxy, CHARGE, others))
    assert (str(wire.callee), wire.precision) == ("default/pay POST /charge/{id}", Precision.UPPER_BOUND)


def test_alternatives_stand_under_one_key() -> None:
    sent = call(path="web/app.py", url=(("http://pay:8080/a",), ("http://web:8080/b",)))
    mesh = linked(*SHOP, page(sent))
    (program,) = mesh.programs.values()
    assert program.wires == ((0, ("web GET /buy#0->pay", "web GET /buy#0->web")),)
    assert {w.precision for w in mesh.wires} == {Precision.UPPER_BOUND}


def test_an_unknown_namespace_is_the_only_one_there_is() -> None:
    wire = only(linked(*SHOP, page(call("http://pay.", Hole("namespace"), ".svc:8080/x", path="web/app.py"))))
    assert (wire.callee.service, wire.precision) == ("default/pay", Precision.UPPER_BOUND)


def test_a_name_known_in_part_is_one_of_those_that_fit() -> None:
    facts = manifests(a=deployment("web"), b=deployment("stock-eu"), c=deployment("stock-us"))
    mesh = linked(*facts, page(call("http://stock-", Hole("region"), ":8080/x", path="web/app.py")))
    assert [w.callee.service for w in mesh.wires] == ["default/stock-eu", "default/stock-us"]


def test_localhost_is_the_pod_itself() -> None:
    wire = only(linked(*SHOP, page(call("http://localhost:8080/x", path="web/app.py"))))
    assert wire.callee.service == "default/web"


def test_localhost_without_such_a_port_is_a_sidecar_that_nobody_declares() -> None:
    wire = only(linked(*SHOP, page(call("http://127.0.0.1:9411/x", path="web/app.py"))))
    assert wire.callee.service == "external:localhost"


def test_code_without_manifests_finds_other_code_by_its_port() -> None:
    facts = (
        handler("GET", "/", *sending(call("http://localhost:8001/x", path="web/app.py")), path="web/app.py"),
        handler("GET", "/x", path="stock/app.py"),
        Listener(8001, "stock.app", at("stock/app.py", 9)),
    )
    assert pairs(linked(*facts)) == [("web GET /", "stock GET /x")]
    assert {n.code for n in told(*facts)} == {Code.UNLINKED_CODE}


def test_of_two_systems_in_one_tree_the_nearer_program_is_meant() -> None:
    facts = []
    for system in ("one", "two"):
        sent = (
            call("http://users/x", path=f"{system}/web/app.py"),
            call("http://localhost:5001/x", path=f"{system}/web/app.py"),
        )
        facts.append(handler("GET", "/", *sending(*sent), path=f"{system}/web/app.py"))
        facts.append(handler("GET", "/x", path=f"{system}/users/app.py"))
        facts.append(Listener(5001, "users", at(f"{system}/users/app.py", 40)))
    found = {(w.caller.service, w.callee.service) for w in linked(*facts).wires}
    assert found == {("default/web", "default/users"), ("default/two-web", "default/two-users")}


def test_the_port_of_a_command_or_an_image_tells_who_listens() -> None:
    command = ImageSource(
        None, "pay", (".",), ("uvicorn", "app:app", "--port", "8001"), at("pay/Dockerfile"), "pay/Dockerfile"
    )
    exposed = ImageSource(None, "mail", (".",), (), at("mail/Dockerfile"), "mail/Dockerfile", ports=(8002,))
    sent = sending(
        call("http://localhost:8001/x", path="web/app.py"), call("http://localhost:8002/x", path="web/app.py")
    )
    facts = (command, exposed, handler("GET", "/", *sent, path="web/app.py"))
    others = (handler("GET", "/x", path="pay/app.py"), handler("GET", "/x", path="mail/app.py"))
    assert [w.callee.service for w in linked(*facts, *others).wires] == ["default/pay", "default/mail"]


def test_a_developers_default_leads_to_who_listens_there() -> None:
    facts = (*SHOP, Listener(5003, "pay", at("pay/app.py", 40)), CHARGE)
    wire = only(
        linked(*facts, page(call(env("X_URL", "http://localhost:5003"), "/charge/1", path="web/app.py", method="POST")))
    )
    assert (str(wire.callee), wire.precision) == ("default/pay POST /charge/{id}", Precision.UPPER_BOUND)


def test_localhost_beside_a_real_name_is_left_out() -> None:
    sent = call(path="web/app.py", url=(("http://localhost:5000/a",), ("http://pay:8080/a",)))
    wire = only(linked(*SHOP, page(sent)))
    assert wire.callee.service == "default/pay"


def test_an_external_name_is_followed() -> None:
    facts = manifests(
        web=deployment("web"),
        db="""
        apiVersion: v1
        kind: Service
        metadata: {name: cards}
        spec: {type: ExternalName, externalName: api.cards.example.com}
        """,
    )
    wire = only(linked(*facts, page(call("http://cards/x", path="web/app.py"))))
    assert wire.callee.service == "external:api.cards.example.com"


def test_one_pod_of_a_headless_service_is_that_service() -> None:
    facts = manifests(web=deployment("web"), q=deployment("queue").replace("type: ClusterIP", "clusterIP: None"))
    wire = only(linked(*facts, page(call("http://queue-0.queue:8080/x", path="web/app.py"))))
    assert wire.callee.service == "default/queue"


def test_a_public_name_of_the_system_comes_back_in() -> None:
    facts = manifests(
        web=deployment("web"),
        pay=deployment("pay"),
        ingress="""
        apiVersion: networking.k8s.io/v1
        kind: Ingress
        metadata: {name: front}
        spec:
          rules:
          - host: shop.example.com
            http:
              paths:
              - {path: /pay, pathType: Prefix, backend: {service: {name: pay, port: {number: 8080}}}}
              - {path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 8080}}}}
        """,
    )
    wire = only(linked(*facts, page(call("https://shop.example.com/pay/x", path="web/app.py"))))
    assert (wire.callee.service, wire.precision) == ("default/pay", Precision.UPPER_BOUND)


def test_a_gateway_that_rewrites_is_followed_to_the_operation() -> None:
    facts = manifests(
        web=deployment("web"),
        pay=deployment("pay"),
        ingress="""
        apiVersion: networking.k8s.io/v1
        kind: Ingress
        metadata: {name: front, annotations: {nginx.ingress.kubernetes.io/rewrite-target: /$2}}
        spec:
          rules:
          - host: shop.example.com
            http:
              paths:
              - {path: "/api/pay(/|$)(.*)", pathType: Prefix, backend: {service: {name: pay, port: {number: 80}}}}
        """,
    )
    sent = call("https://shop.example.com/api/pay/charge/7", path="web/app.py", method="POST")
    assert str(only(linked(*facts, page(sent), CHARGE)).callee) == "default/pay POST /charge/{id}"


def test_a_header_may_carry_the_callee() -> None:
    sent = call("http://localhost:3500/x", path="web/app.py", headers=(("dapr-app-id", "pay"),))
    assert only(linked(*SHOP, page(sent))).callee.service == "default/pay"


def test_of_two_applications_of_one_id_the_nearer_is_meant() -> None:
    facts = []
    for way in ("http", "sdk"):
        sent = call("http://localhost:3500/orders", path=f"x/{way}/shop/app.py", headers=(("dapr-app-id", "orders"),))
        facts += [handler("GET", "/", *sending(sent), path=f"x/{way}/shop/app.py")]
        facts += [handler("GET", "/orders", path=f"x/{way}/orders/app.py")]
    found = [(w.caller.service, str(w.callee)) for w in linked(*facts).wires]
    assert found == [
        ("default/shop", "default/orders GET /orders"),
        ("default/x-sdk-shop", "default/x-sdk-orders GET /orders"),
    ]


def test_code_that_only_an_image_names_is_called_like_it() -> None:
    source = ImageSource("registry.example.com/shop/basket", "src/cart", (), (), at("skaffold.yaml"))
    mesh = linked(source, handler("GET", "/", path="src/cart/app.py"))
    assert [o.service for o in mesh.programs] == ["default/basket"]


def test_a_local_runtime_takes_the_callee_from_the_path() -> None:
    sent = call("http://localhost:3500/v1.0/invoke/pay/method/charge/7", path="web/app.py", method="POST")
    assert str(only(linked(*SHOP, page(sent), CHARGE)).callee) == "default/pay POST /charge/{id}"


def test_a_rpc_goes_to_the_channels_target() -> None:
    sent = call(env("PAY_ADDR"), path="web/app.py", protocol="grpc", method="/shop.Pay/Charge", client="grpc")
    rpc = handler("*", "/shop.Pay/Charge", path="pay/server.py", kind="grpc")
    wire = only(linked(*SHOP, page(sent), rpc))
    assert (str(wire.callee), wire.protocol, wire.port) == ("default/pay /shop.Pay/Charge", "grpc", 8080)


def test_a_message_goes_to_those_who_take_it() -> None:
    sent = call("orders", path="web/app.py", protocol="kafka", method="*", client="kafka.KafkaProducer.send")
    consumer = handler("*", "orders", path="pay/worker.py", kind="consumer")
    assert pairs(linked(*SHOP, page(sent), consumer)) == [("web GET /buy", "pay consumer orders")]


def test_a_message_that_nobody_takes_goes_to_the_broker() -> None:
    sent = call("orders", path="web/app.py", protocol="amqp", method="*", client="pika")
    mesh = linked(*SHOP, *manifests(q=deployment("queue", image="rabbitmq:3-management")), page(sent))
    wire = only(mesh)
    assert (wire.callee.service, wire.precision) == ("default/queue", Precision.UPPER_BOUND)
    assert "orders" in (wire.note or "")


def test_a_message_stays_in_its_system() -> None:
    facts = []
    for system in ("one", "two"):
        sent = call("orders", path=f"x/{system}/shop/app.py", protocol="kafka", method="*", client="kafka")
        facts.append(handler("POST", f"/{system}", *sending(sent), path=f"x/{system}/shop/app.py"))
        for name in ("stock", "mail"):
            facts.append(handler("*", "orders", path=f"x/{system}/{name}/app.py", kind="consumer"))
    found = {(w.caller.service, w.callee.service) for w in linked(*facts).wires}
    assert found == {
        ("default/shop", "default/stock"),
        ("default/shop", "default/mail"),
        ("default/x-two-shop", "default/x-two-stock"),
        ("default/x-two-shop", "default/x-two-mail"),
    }


def test_a_call_that_no_handler_reaches_belongs_to_the_service() -> None:
    wire = only(linked(*SHOP, page(), call("http://pay:8080/x", path="web/client.py")))
    assert (str(wire.caller), wire.key, wire.precision) == ("default/web", None, Precision.UPPER_BOUND)


def test_a_loop_over_data_is_marked() -> None:
    send = Send(call("http://pay:8080/x", path="web/app.py"), 0)
    many = handler("GET", "/", Loop(None, send, at("web/app.py")), path="web/app.py")
    three = handler("GET", "/3", Loop(Count(3), send, at("web/app.py")), path="web/app.py")
    mesh = linked(*SHOP, many, three)
    assert [w.times for w in mesh.wires] == [None, Count(3)]


def retry(attempts: int, **condition: object) -> Retry:
    told_ = RetryCondition(**condition)  # type: ignore[arg-type]
    return Retry(
        "tenacity.retry", Count(attempts), None, told_, f"stop_after_attempt({attempts})", "f", at("web/app.py", 3)
    )


def test_layers_stand_from_the_outermost_to_the_clients_own() -> None:
    own = retry(4, causes=("connect-failure",))
    send = Send(call("http://pay:8080/x", path="web/app.py", layers=(own,)), 0)
    body = Repeat(retry(2, exceptions=("Exception",)), Branch((Repeat(retry(3, statuses=("503",)), send), Block(()))))
    wire = only(linked(*SHOP, handler("GET", "/", body, path="web/app.py")))
    assert [str(layer.attempts) for layer in wire.layers] == ["2", "3", "4"]
    assert wire.layers[0].fires_on == {"connect-failure", "reset", "timeout", "truncated"}
    assert wire.layers[1].fires_on == {"503"}
    assert wire.layers[2].fires_on == {"connect-failure"}


def test_a_layer_fires_on_statuses_that_the_code_raises_for() -> None:
    send = Send(call("http://pay:8080/x", path="web/app.py"), 0)
    raised = Raise(("requests.exceptions.HTTPError",), None, at("web/app.py"))
    checked = Block((send, Check(0, (">=400",), raised, Block(()))))
    body = Repeat(retry(3, exceptions=("requests.exceptions.RequestException",)), checked)
    wire = only(linked(*SHOP, handler("GET", "/", body, path="web/app.py")))
    assert ">=400" in wire.layers[0].fires_on


def test_a_layer_that_waits_for_another_exception_does_not_fire() -> None:
    body = Repeat(retry(3, exceptions=("ValueError",)), Send(call("http://pay:8080/x", path="web/app.py"), 0))
    wire = only(linked(*SHOP, handler("GET", "/", body, path="web/app.py")))
    assert not wire.layers[0].effective


def test_a_folder_named_like_the_workload_holds_its_code() -> None:
    facts = manifests(a=deployment("payment-service"), b=deployment("web"))
    mesh = linked(*facts, handler("GET", "/", path="services/PaymentService/src/main.py"))
    assert [o.service for o in mesh.programs] == ["default/payment-service"]


def test_the_folder_an_image_is_built_from_holds_its_code() -> None:
    facts = manifests(a=deployment("checkout", image="registry.example.com/shop/basket:1.2"))
    source = ImageSource("basket", "src/cart/", (), (), at("skaffold.yaml"))
    mesh = linked(*facts, source, handler("GET", "/", path="src/cart/api/app.py"))
    assert [o.service for o in mesh.programs] == ["default/checkout"]


def test_one_image_name_for_all_is_told_apart_by_the_tag() -> None:
    facts = manifests(
        a=deployment("shop-cart", image="ghcr.io/acme/demo:2.1-basket"),
        b=deployment("mail", image="ghcr.io/acme/demo:2.1"),
    )
    built = [
        ImageSource(f"ghcr.io/acme/demo:9-{n}", f"src/{n}", (), (), at("compose.yaml", i + 1))
        for i, n in enumerate(("basket", "mail"))
    ]
    code = [handler("GET", f"/{n}", path=f"src/{n}/app.py") for n in ("basket", "mail")]
    assert [str(o) for o in linked(*facts, *built, *code).programs] == [
        "default/mail GET /mail",
        "default/shop-cart GET /basket",
    ]


def test_an_images_folder_beats_a_name_below_it() -> None:
    facts = manifests(a=deployment("gateway"), b=deployment("orders"))
    source = ImageSource("gateway", "src/gateway", (), (), at("skaffold.yaml"))
    mesh = linked(*facts, source, handler("GET", "/", path="src/gateway/orders/app.py"))
    assert [o.service for o in mesh.programs] == ["default/gateway"]


def test_the_configuration_beats_every_guess() -> None:
    facts = (*SHOP, handler("GET", "/", path="pay/app.py"))
    mesh = linked(*facts, options=Options(code=(("pay", "web"),)))
    assert [o.service for o in mesh.programs] == ["default/web"]


def test_a_store_named_like_a_service_does_not_run_its_code() -> None:
    facts = manifests(a=deployment("orders"), b=deployment("orders-pg", image="postgres:16"))
    mesh = linked(*facts, handler("GET", "/", path="orders/app.py"))
    assert [o.service for o in mesh.programs] == ["default/orders"]


def test_a_job_of_the_same_image_serves_nobody() -> None:
    job = """
    apiVersion: batch/v1
    kind: Job
    metadata: {name: orders-migrate}
    spec: {template: {spec: {containers: [{name: c, image: orders, command: [sh, -c, "alembic upgrade head"]}]}}}
    """
    source = ImageSource("orders", "orders", (), (), at("skaffold.yaml"))
    mesh = linked(*manifests(a=deployment("orders"), b=job), source, handler("GET", "/", path="orders/app.py"))
    assert [o.service for o in mesh.programs] == ["default/orders"]


def test_files_of_one_folder_with_a_port_each_are_a_program_each() -> None:
    facts = (
        handler("GET", "/a", *sending(call("http://localhost:5002/b", path="services/a.py")), path="services/a.py"),
        handler("GET", "/b", path="services/b.py"),
        Listener(5001, "a", at("services/a.py", 30)),
        Listener(5002, "b", at("services/b.py", 30)),
    )
    assert pairs(linked(*facts)) == [("a GET /a", "b GET /b")]


def test_a_library_whose_calls_programs_make_is_no_program() -> None:
    sent = call("http://pay:8080/x", path="libs/clients/pay.py")
    mesh = linked(*SHOP, page(sent), sent)
    assert sorted(mesh.services) == ["default/pay", "default/web"]
    assert len(mesh.wires) == 1


def test_calls_beside_the_handlers_belong_to_their_program() -> None:
    facts = (handler("GET", "/", path="shop/views/home.py"), call("http://x.example.com/", path="shop/out/slack.py"))
    assert [str(w.caller) for w in linked(*facts).wires] == ["default/shop"]


def test_the_code_copied_into_an_image_is_what_it_runs() -> None:
    facts = manifests(a=deployment("checkout", image="registry.example.com/checkout-image"))
    source = ImageSource("checkout-image", "", ("services/basket",), (), at("bake.hcl"), "docker/x.Dockerfile")
    file = ImageSource(None, "docker", ("services/basket",), (), at("docker/x.Dockerfile"), "docker/x.Dockerfile")
    mesh = linked(*facts, source, file, handler("GET", "/", path="services/basket/app/main.py"))
    assert [o.service for o in mesh.programs] == ["default/checkout"]


def test_files_copied_by_name_are_all_that_an_image_runs() -> None:
    facts = manifests(a=deployment("front"), b=deployment("back"))
    built = [
        ImageSource(None, "", (f"{n}.py",), (), at(f"{n}.Dockerfile"), f"{n}.Dockerfile") for n in ("front", "back")
    ]
    mesh = linked(*facts, *built, handler("GET", "/f", path="front.py"), handler("GET", "/b", path="back.py"))
    assert [str(o) for o in mesh.programs] == ["default/back GET /b", "default/front GET /f"]


def test_a_dockerfile_that_nothing_names_is_known_by_its_folder() -> None:
    facts = manifests(a=deployment("shop-basket"))
    file = ImageSource(None, "src/basket", (".",), (), at("src/basket/Dockerfile"), "src/basket/Dockerfile")
    mesh = linked(*facts, file, handler("GET", "/", path="src/basket/app/main.py"))
    assert [o.service for o in mesh.programs] == ["default/shop-basket"]


def test_a_repository_of_one_program_is_what_its_workloads_run() -> None:
    facts = manifests(a=deployment("shop", image="acme/storefront:1"), db=deployment("db", image="postgres:16"))
    mesh = linked(*facts, handler("GET", "/", path="app/main.py"))
    assert [o.service for o in mesh.programs] == ["default/shop"]


def test_several_programs_are_not_what_the_only_workload_runs() -> None:
    facts = manifests(a=deployment("login", image="quay.io/acme/identity"))
    code = [handler("GET", "/", path=f"{name}/app.py") for name in ("orders", "stock")]
    assert [o.service for o in linked(*facts, *code).programs] == ["default/orders", "default/stock"]


def test_code_that_nothing_runs_is_a_service_of_its_own() -> None:
    mesh = linked(*SHOP, handler("GET", "/", path="tools/reports/app/main.py"))
    assert [o.service for o in mesh.programs] == ["default/reports"]


def test_the_same_image_runs_as_web_and_as_worker() -> None:
    web = deployment("shop-web", image="shop", container='command: ["gunicorn", "shop.wsgi:app"]')
    worker = deployment("shop-worker", image="shop", container='command: ["celery", "-A", "shop", "worker"]')
    source = ImageSource("shop", "shop-src", (), (), at("skaffold.yaml"))
    page_ = handler("GET", "/", path="shop-src/shop/views.py")
    task = handler("*", "shop.tasks.mail", path="shop-src/shop/tasks.py", kind="task")
    mesh = linked(*manifests(w=web, x=worker), source, page_, task)
    assert [str(o) for o in mesh.programs] == ["default/shop-web GET /", "default/shop-worker task shop.tasks.mail"]


def test_a_module_that_one_command_names_is_not_run_by_another() -> None:
    a = deployment("a", image="both", container='command: ["python", "-m", "app.a"]')
    b = deployment("b", image="both", container='command: ["python", "app/b.py"]')
    source = ImageSource("both", "code", (), (), at("skaffold.yaml"))
    facts = (handler("GET", "/a", path="code/app/a.py"), handler("GET", "/b", path="code/app/b.py"))
    mesh = linked(*manifests(a=a, b=b), source, *facts)
    assert [str(o) for o in mesh.programs] == ["default/a GET /a", "default/b GET /b"]


def test_versions_of_one_service_may_do_different_things() -> None:
    texts = [
        deployment(f"shop-{v}").partition("---")[0].replace(f"{{app: shop-{v}}}", "{app: shop}") for v in ("v1", "v2")
    ]
    service = deployment("shop").partition("---")[2]
    facts = (*manifests(a=texts[0], b=texts[1], c=service, d=deployment("pay"), e=deployment("stock")),)
    one = handler("GET", "/", *sending(call("http://pay:8080/x", path="shop-v1/app.py")), path="shop-v1/app.py")
    two = handler("GET", "/", *sending(call("http://stock:8080/x", path="shop-v2/app.py")), path="shop-v2/app.py")
    mesh = linked(*facts, one, two)
    assert [w.id for w in mesh.wires] == ["shop GET /#0->pay", "shop GET /#1->stock"]
    (program,) = mesh.programs.values()
    assert isinstance(program.handler.body, Branch)
    assert [s.key for s in sites(program.handler.body)] == [0, 1]


def test_keys_are_moved_wherever_they_stand() -> None:
    sent = Send(call("http://pay/x", path="web/app.py"), 0)
    raised = Raise(("E",), None, at("a.py"), 0, about=2)
    tree = Guard(Check(0, ("503",), raised, Answer(None, 0, at("a.py"))), (Catch(("E",), sent),), Leave(), Block(()))
    whole = Block((sent, tree, Parallel((sent,)), Scope("f", sent, at("a.py"), 1)))
    moved = shifted(whole, 5)
    assert {s.key for s in sites(moved)} == {5}
    assert (highest_key(whole), highest_key(moved)) == (2, 7)
    assert shifted(moved, -5) == whole


def test_the_order_of_facts_does_not_matter() -> None:
    facts = (*SHOP, page(call("http://pay:8080/x", path="web/app.py")), CHARGE)
    assert linked(*facts) == linked(*reversed(facts))
