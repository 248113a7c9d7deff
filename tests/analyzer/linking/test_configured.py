"""Calls that only configuration tells of."""

import pytest

from analyzer.model import Precision
from parsers.facts.kubernetes import ConfigEntry, ImageSource
from tests.analyzer.linking.build import at, call, deployment, handler, linked, manifests, only, pairs, sending


@pytest.mark.parametrize(
    "value",
    ["pay:8080", "http://pay", "http://pay.default.svc:8080/x", "jdbc:mysql://pay:8080/db", "a.example.com,pay:8080"],
)
def test_a_value_that_names_a_service_is_a_call(value: str) -> None:
    wire = only(linked(*manifests(web=deployment("web", env=f"SOME_URL={value}"), pay=deployment("pay"))))
    assert (str(wire.caller), str(wire.callee)) == ("default/web", "default/pay")
    assert (wire.provenance, wire.precision) == ("config", Precision.UNKNOWN)


@pytest.mark.parametrize(
    "value", ["pay-day", "repay", "pay:v2", "pay:9999", "x.pay", "/srv/pay", "mypay:8080", "web:8080"]
)
def test_a_value_that_only_looks_like_one_is_none(value: str) -> None:
    assert linked(*manifests(web=deployment("web", env=f"X={value}"), pay=deployment("pay"))).wires == ()


def test_a_bare_name_is_an_address_only_where_the_variable_is_for_one() -> None:
    host = manifests(web=deployment("web", env="PAY_HOST=pay"), pay=deployment("pay"))
    name = manifests(web=deployment("web", env="APP_NAME=pay"), pay=deployment("pay"))
    assert len(linked(*host).wires) == 1
    assert linked(*name).wires == ()


def test_arguments_tell_of_calls_too() -> None:
    text = deployment("web", container='args: ["--upstream=http://pay:8080"]')
    assert len(linked(*manifests(web=text, pay=deployment("pay"))).wires) == 1


def test_a_configuration_file_tells_of_calls() -> None:
    text = deployment("gate", image="nginx:1.27", pod="volumes: [{name: c, configMap: {name: gate-conf}}]")
    config = """
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: gate-conf}
    data:
      nginx.conf: |
        upstream pay { server pay:8080; }
        location / { proxy_pass http://web:8080/; }
    """
    mesh = linked(*manifests(gate=text, c=config, pay=deployment("pay"), web=deployment("web")))
    assert pairs(mesh) == [("gate", "pay"), ("gate", "web")]


def test_what_an_image_sets_tells_of_calls_in_any_language() -> None:
    sets = (ConfigEntry("PAY_HOST", "pay", at("front/Dockerfile", 3)),)
    image = ImageSource(None, "front", (".",), (), at("front/Dockerfile"), "front/Dockerfile", env=sets)
    mesh = linked(*manifests(front=deployment("front"), pay=deployment("pay")), image)
    assert pairs(mesh) == [("front", "pay")]


def test_several_values_for_one_service_are_one_call() -> None:
    text = deployment("web", env="A=http://pay:8080/a B=http://pay:8080/b")
    assert len(linked(*manifests(web=text, pay=deployment("pay"))).wires) == 1


def test_code_that_does_not_use_the_variable_does_not_call() -> None:
    facts = manifests(web=deployment("web", env="PAY_URL=http://pay:8080"), pay=deployment("pay"))
    assert linked(*facts, handler("GET", "/", path="web/app.py")).wires == ()


def test_a_store_that_code_is_given_by_its_name_is_called() -> None:
    facts = manifests(web=deployment("web", env="DB_HOST=db"), db=deployment("db", image="postgres:16"))
    assert only(linked(*facts, handler("GET", "/", path="web/app.py"))).callee.service == "default/db"


def test_what_configuration_calls_goes_on_in_the_callees_code() -> None:
    facts = manifests(
        web=deployment("web", env="PAY_URL=http://pay:8080"), pay=deployment("pay"), bank=deployment("bank")
    )
    sent = sending(call("http://bank:8080/x", path="pay/app.py"))
    mesh = linked(
        *facts, handler("POST", "/charge", *sent, path="pay/app.py"), handler("GET", "/ok", path="pay/app.py")
    )
    assert pairs(mesh) == [("pay POST /charge", "bank GET /x"), ("web", "pay POST /charge")]


def test_credentials_are_not_told() -> None:
    facts = manifests(web=deployment("web", env="DB=postgresql://admin:hunter2@db:8080/x"), db=deployment("db"))
    assert "hunter2" not in (only(linked(*facts)).note or "")


def test_what_is_spoken_follows_from_the_port_and_from_what_runs() -> None:
    broker = deployment("broker", image="rabbitmq:3").replace("name: http, port: 8080", "name: q, port: 5672")
    store = deployment("store", image="redis:7").replace("name: http, port: 8080", "name: x, port: 1234")
    mesh = linked(*manifests(web=deployment("web", env="A_HOST=broker B_HOST=store"), b=broker, s=store))
    assert [w.protocol for w in mesh.wires] == ["amqp", "tcp"]


def test_a_store_that_code_is_given_by_a_url_is_called() -> None:
    facts = manifests(web=deployment("web", env="DB_URI=postgresql+psycopg2://u:p@db:8080/x"), db=deployment("db"))
    wire = only(linked(*facts, handler("GET", "/", path="web/app.py")))
    assert (str(wire.callee), wire.protocol, wire.provenance) == ("default/db", "postgresql", "config")


def test_what_code_calls_is_not_told_twice() -> None:
    facts = manifests(web=deployment("web", env="PAY_URL=http://pay:8080"), pay=deployment("pay"))
    sent = sending(call("http://pay:8080/x", path="web/app.py"))
    assert pairs(linked(*facts, handler("GET", "/", *sent, path="web/app.py"))) == [("web GET /", "pay GET /x")]


def test_service_links_of_kubernetes_are_no_calls() -> None:
    assert linked(*manifests(web=deployment("web"), pay=deployment("pay"))).wires == ()
