"""Whose proxy repeats a call: sidecars, ambient, waypoints, gateways, callers outside the mesh."""

from __future__ import annotations

import pytest

from analyzer.options import Options
from analyzer.semantics.istio import ISTIO
from tests.analyzer.semantics.istio.calls import (
    TO_C,
    app,
    attempts,
    layer,
    mesh_of,
    namespace,
    passage,
    shop,
    virtual_service,
    wire,
)

FIVE = virtual_service("{" + TO_C + ", retries: {attempts: 5, retryOn: 5xx}}")
OUT = 'sidecar.istio.io/inject: "false"'


def test_the_default_is_three_attempts_without_any_virtual_service() -> None:
    found = passage(mesh_of(*shop()))
    assert attempts(found) == 3
    assert "connect-failure" in layer(found).fires_on
    assert "503" not in layer(found).fires_on


def test_attempts_are_retries_so_five_of_them_are_six_requests() -> None:
    assert attempts(passage(mesh_of(*shop(FIVE)))) == 6


def test_a_caller_outside_the_mesh_has_no_retries_but_meets_the_inbound_sidecar() -> None:
    found = passage(mesh_of(namespace(), app("a", labels=OUT), app("c"), FIVE))
    assert [x.kind for x in found.layers] == ["inbound"]
    assert found.plaintext is True


def test_a_callee_outside_the_mesh_still_gets_the_callers_retries_and_no_identity() -> None:
    found = passage(mesh_of(namespace(), app("a"), app("c", labels=OUT), FIVE))
    assert [x.kind for x in found.layers] == ["sidecar"]
    assert found.plaintext is True


def test_no_proxy_on_either_side_is_nothing_to_istio() -> None:
    mesh = mesh_of(namespace(), app("a", labels=OUT), app("c", labels=OUT), FIVE)
    assert ISTIO.passage(wire(), mesh, Options()) is None


def test_a_dead_application_behind_its_sidecar_is_a_503_and_not_a_refused_connection() -> None:
    inbound = layer(passage(mesh_of(*shop())), "inbound")
    assert dict(inbound.becomes)["connect-failure"] == "503"
    assert not inbound.counts_arrivals


@pytest.mark.parametrize(("version", "tried"), [((1, 23), 1), ((1, 24), 3)])
def test_inbound_sidecars_try_the_connection_again_since_1_24(version: tuple[int, int], tried: int) -> None:
    assert attempts(passage(mesh_of(*shop(), version=version)), "inbound") == tried


def test_grpc_ports_have_no_inbound_retries() -> None:
    mesh = mesh_of(namespace(), app("a"), app("c", port="grpc-api"))
    assert attempts(passage(mesh, wire(protocol="grpc")), "inbound") == 1


@pytest.mark.parametrize("port", ["tcp-web", "tls", "https-api", "mongo"])
def test_a_port_that_is_no_http_to_istio_has_no_routes_and_no_retries(port: str) -> None:
    found = passage(mesh_of(namespace(), app("a"), app("c", port=port), FIVE))
    assert attempts(found) == 1
    assert dict(layer(found).becomes)["connect-failure"] == "reset"


@pytest.mark.parametrize("port", ["http-web", "grpc", "web", "http2"])
def test_http_and_sniffed_ports_have_routes(port: str) -> None:
    assert attempts(passage(mesh_of(namespace(), app("a"), app("c", port=port), FIVE))) == 6


def test_an_excluded_port_leaves_the_mesh_on_that_call_only() -> None:
    note = 'traffic.sidecar.istio.io/excludeOutboundPorts: "9090,8080"'
    found = passage(mesh_of(namespace(), app("a", annotations=note), app("c"), FIVE))
    assert [x.kind for x in found.layers] == ["inbound"]
    assert found.plaintext is True


def test_an_excluded_inbound_port_goes_round_the_callees_sidecar() -> None:
    note = 'traffic.sidecar.istio.io/excludeInboundPorts: "8080"'
    found = passage(mesh_of(namespace(), app("a"), app("c", annotations=note), FIVE))
    assert [x.kind for x in found.layers] == ["sidecar"]


# ---------------------------------------------------------------------------------------------------------- ambient


AMBIENT = namespace(labels="istio.io/dataplane-mode: ambient")


def test_ambient_without_a_waypoint_repeats_nothing_whatever_a_virtual_service_says() -> None:
    found = passage(mesh_of(AMBIENT, app("a"), app("c"), FIVE))
    assert attempts(found) == 1
    assert found.plaintext is False


def test_a_waypoint_applies_the_virtual_services_of_its_services_namespace() -> None:
    mesh = mesh_of(AMBIENT, app("a"), app("c", service_labels="istio.io/use-waypoint: wp"), FIVE)
    assert attempts(passage(mesh), "waypoint") == 6


def test_a_waypoint_does_not_heed_source_labels() -> None:
    routes = "{match: [{sourceLabels: {app: a}}], " + TO_C + ", retries: {attempts: 7}}, {" + TO_C + "}"
    mesh = mesh_of(AMBIENT, app("a"), app("c", service_labels="istio.io/use-waypoint: wp"), virtual_service(routes))
    assert attempts(passage(mesh), "waypoint") == 3


@pytest.mark.parametrize(
    ("version", "tried", "fires"),
    [((1, 23), 1, False), ((1, 29), 3, False), ((1, 30, 2), 3, False), ((1, 30, 3), 3, True), ((1, 31), 3, True)],
)
def test_a_waypoints_own_default_changed_by_version(version: tuple[int, ...], tried: int, fires: bool) -> None:
    mesh = mesh_of(AMBIENT, app("a"), app("c", service_labels="istio.io/use-waypoint: wp"), version=version)
    found = layer(passage(mesh), "waypoint")
    assert found.attempts is not None
    assert found.attempts.value == tried
    assert ("grpc-unavailable" in found.fires_on) is fires


def test_sidecars_do_not_pass_waypoints() -> None:
    mesh = mesh_of(namespace(), app("a"), app("c", service_labels="istio.io/use-waypoint: wp"))
    assert [x.kind for x in passage(mesh).layers] == ["sidecar", "inbound"]


# --------------------------------------------------------------------------------------------------------- gateways


GATEWAY = """
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: public, namespace: istio-system}
spec:
  selector: {istio: ingressgateway}
  servers: [{port: {number: 443, name: https, protocol: HTTPS}, hosts: ["*"]}]
"""
INGRESS = virtual_service(
    "{" + TO_C + ", retries: {attempts: 4, retryOn: 5xx}}",
    name="public",
    hosts="[shop.example.com]",
    more="  gateways: [istio-system/public]",
)


def test_a_caller_from_outside_comes_through_the_gateway_that_leads_to_the_callee() -> None:
    found = passage(mesh_of(*shop(GATEWAY, INGRESS)), wire("external:internet", host="shop.example.com"))
    assert attempts(found, "gateway") == 5
    assert found.callees == (("shop/c", 1.0),)


def test_a_gateway_workload_uses_its_own_virtual_services() -> None:
    mesh = mesh_of(*shop(GATEWAY, INGRESS, app("gw", ns="istio-system", labels="istio: ingressgateway")))
    assert attempts(passage(mesh, wire("istio-system/gw", host="c")), "gateway") == 5


def test_a_virtual_service_without_mesh_does_nothing_for_callers_inside() -> None:
    mesh = mesh_of(*shop(GATEWAY, virtual_service("{" + TO_C + ", retries: {attempts: 9}}", more="  gateways: [g]")))
    assert attempts(passage(mesh)) == 3


def test_gateways_merge_routes_of_several_virtual_services_with_catch_alls_last() -> None:
    catch_all = virtual_service(
        "{" + TO_C + ", retries: {attempts: 1}}",
        "a-first",
        hosts="[shop.example.com]",
        more="  gateways: [istio-system/public]",
    )
    special = virtual_service(
        "{match: [{uri: {prefix: /pay}}], " + TO_C + ", retries: {attempts: 8}}",
        "b-second",
        hosts="[shop.example.com]",
        more="  gateways: [istio-system/public]",
    )
    mesh = mesh_of(*shop(GATEWAY, catch_all, special))
    call = wire("external:internet", host="shop.example.com", path="/pay/1")
    assert attempts(passage(mesh, call), "gateway") == 9


# ------------------------------------------------------------------------------------------------ hosts outside


def test_a_host_outside_the_registry_is_passed_through_without_retries() -> None:
    found = passage(mesh_of(*shop()), wire(callee="external:api.example.com", port=9999))
    assert attempts(found) == 1
    assert found.callees == (("external:api.example.com", 1.0),)


def test_registry_only_refuses_a_host_outside_the_registry() -> None:
    scope = """
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {name: default, namespace: shop}
spec: {outboundTrafficPolicy: {mode: REGISTRY_ONLY}}
"""
    assert passage(mesh_of(*shop(scope)), wire(callee="external:api.example.com")).answered == "502"


def test_a_service_entry_brings_a_host_into_the_registry_with_the_default_retries() -> None:
    entry = """
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: api, namespace: shop}
spec:
  hosts: [api.example.com]
  ports: [{number: 80, name: http, protocol: HTTP}]
  resolution: DNS
"""
    assert attempts(passage(mesh_of(*shop(entry)), wire(callee="external:api.example.com", port=80))) == 3


def test_a_sidecar_resource_that_does_not_import_the_callee_takes_routes_and_retries_away() -> None:
    scope = """
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {name: default, namespace: shop}
spec: {egress: [{hosts: ["istio-system/*"]}]}
"""
    found = passage(mesh_of(*shop(scope, FIVE)))
    assert attempts(found) == 1
    assert found.plaintext is True


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "::1"])
def test_a_call_inside_the_pod_passes_no_proxy(host: str) -> None:
    assert ISTIO.passage(wire(callee=f"external:{host}", host=host), mesh_of(*shop()), Options()) is None


def test_a_call_to_a_public_name_of_the_system_itself_comes_back_through_the_gateway() -> None:
    mesh = mesh_of(*shop(GATEWAY, INGRESS))
    found = passage(mesh, wire(host="shop.example.com", port=443, protocol="https"))
    assert [x.kind for x in found.layers] == ["sidecar", "gateway", "inbound"]
    assert attempts(found, "gateway") == 5
    assert attempts(found, "sidecar") == 1


@pytest.mark.parametrize(
    ("hosts", "taken"), [('["*.example.com"]', True), ('["other/*"]', False), ('["*.other.com"]', False)]
)
def test_a_gateway_uses_only_virtual_services_whose_hosts_its_servers_take(hosts: str, taken: bool) -> None:
    gateway = GATEWAY.replace('hosts: ["*"]', f"hosts: {hosts}")
    found = passage(mesh_of(*shop(gateway, INGRESS)), wire("external:internet", host="shop.example.com"))
    assert ("gateway" in [x.kind for x in found.layers]) is taken


def test_a_dead_grpc_application_behind_its_sidecar_is_unavailable_which_the_default_repeats() -> None:  # measured
    found = passage(mesh_of(namespace(), app("a"), app("c", port="grpc")), wire(protocol="grpc", method="POST"))
    seen = dict(layer(found, "inbound").becomes)["connect-failure"]
    assert seen == "grpc-unavailable"
    assert seen in layer(found).fires_on
    assert attempts(found) == 3
