"""Which route takes a call: hosts, gateways, order, match fields, delegates, exportTo, several objects for one host."""

from __future__ import annotations

from typing import Any

import pytest

from analyzer.model import Precision
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


def route(retries: int, match: str = "", name: str = "c", **more: str) -> str:
    asked = f"match: [{match}], " if match else ""
    return virtual_service("{" + asked + TO_C + f", retries: {{attempts: {retries}}}}}", name, **more)


def test_a_short_host_is_resolved_in_the_namespace_of_the_object_that_names_it() -> None:
    elsewhere = route(8, ns="other")
    assert attempts(passage(mesh_of(*shop(elsewhere)))) == 3
    assert attempts(passage(mesh_of(*shop(route(8))))) == 9


def test_a_host_with_a_dot_is_never_expanded() -> None:
    assert attempts(passage(mesh_of(*shop(route(8, hosts="[c.shop]"))))) == 3
    assert attempts(passage(mesh_of(*shop(route(8, hosts="[c.shop.svc.cluster.local]"))))) == 9


def test_an_exact_host_beats_a_wildcard() -> None:
    wild = route(8, name="a-wild", hosts='["*.shop.svc.cluster.local"]')
    assert attempts(passage(mesh_of(*shop(wild)))) == 9
    assert attempts(passage(mesh_of(*shop(wild, route(1))))) == 2


def test_a_request_that_no_route_takes_is_a_404_and_nothing_is_sent() -> None:
    found = passage(mesh_of(*shop(route(8, "{uri: {exact: /other}}"))), wire(path="/pay"))
    assert found.answered == "404"
    assert found.callees == ()


def test_a_virtual_service_with_no_route_for_this_caller_is_as_if_there_were_none() -> None:
    mesh = mesh_of(*shop(route(8, "{sourceLabels: {app: somebody-else}}")))
    found = passage(mesh)
    assert (found.answered, attempts(found)) == (None, 3)


def test_source_labels_choose_a_route_for_the_callers_pods() -> None:
    assert attempts(passage(mesh_of(*shop(route(8, "{sourceLabels: {app: a}}"))))) == 9


def test_a_block_with_gateways_is_not_asked_for_its_source_labels() -> None:
    assert attempts(passage(mesh_of(*shop(route(8, "{gateways: [mesh], sourceLabels: {app: other}}"))))) == 9


def test_the_first_matching_route_wins_and_nothing_after_a_catch_all_counts() -> None:
    routes = (
        "{match: [{uri: {prefix: /pay}}], " + TO_C + ", retries: {attempts: 4}}, "
        "{" + TO_C + ", retries: {attempts: 1}}, {match: [{uri: {exact: /x}}], " + TO_C + ", retries: {attempts: 9}}"
    )
    mesh = mesh_of(*shop(virtual_service(routes)))
    assert attempts(passage(mesh, wire(path="/pay/1"))) == 5
    assert attempts(passage(mesh, wire(path="/x"))) == 2


def test_a_prefix_is_one_of_characters_not_of_segments() -> None:
    assert attempts(passage(mesh_of(*shop(route(8, "{uri: {prefix: /api}}"))), wire(path="/apix"))) == 9


@pytest.mark.parametrize(
    ("match", "call", "taken"),
    [
        ("{uri: {exact: /pay}}", {"path": "/pay?x=1"}, True),
        ("{uri: {exact: /PAY}, ignoreUriCase: true}", {"path": "/pay"}, True),
        ("{uri: {exact: /PAY}}", {"path": "/pay"}, False),
        ("{uri: {regex: '/pay/[0-9]+'}}", {"path": "/pay/12"}, True),
        ("{uri: {regex: '/pay'}}", {"path": "/pay/12"}, False),
        ("{method: {exact: POST}}", {"method": "post"}, True),
        ("{method: {exact: POST}}", {"method": "GET"}, False),
        ("{headers: {x-user: {exact: jason}}}", {"headers": (("X-User", "jason"),)}, True),
        ("{headers: {x-user: {exact: jason}}}", {"headers": (("x-user", "anna"),)}, False),
        ("{withoutHeaders: {x-user: {}}}", {"headers": (("x-user", "anna"),)}, False),
        ("{authority: {exact: c}}", {"host": "c"}, True),
        ("{port: 8080}", {}, True),
        ("{uri: {prefix: /v1/}}", {"path": "/v1/pay/{id}"}, True),
        ("{uri: {prefix: /v2/}}", {"path": "/v1/pay/{id}"}, False),
        ("{uri: {exact: /v1/pay/7/refund}}", {"path": "/v1/pay/{id}"}, False),
    ],
)
def test_a_match_is_decided_where_the_request_is_known(match: str, call: dict[str, Any], taken: bool) -> None:
    found = passage(mesh_of(*shop(route(8, match))), wire(**call))
    assert (found.answered is None) is taken
    assert found.precision is Precision.EXACT


@pytest.mark.parametrize(
    ("match", "call"),
    [
        ("{headers: {x-user: {exact: jason}}}", {}),
        ("{method: {exact: POST}}", {"method": "*"}),
        ("{uri: {exact: /pay}}", {"path": "*"}),
        ("{uri: {exact: /pay/7}}", {"path": "/pay/{id}"}),
        ("{queryParams: {q: {exact: x}}}", {}),
        ("{uri: {regex: '(a+)+b'}}", {"path": "/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}),
    ],
)
def test_what_the_code_does_not_show_makes_every_possible_route_count(match: str, call: dict[str, Any]) -> None:
    routes = "{match: [" + match + "], " + TO_C + ", retries: {attempts: 6}}, {" + TO_C + ", retries: {attempts: 2}}"
    found = passage(mesh_of(*shop(virtual_service(routes))), wire(**call))
    assert attempts(found) == 7
    assert found.precision is Precision.UPPER_BOUND


def test_of_two_objects_for_one_host_files_do_not_say_the_older_so_the_worse_counts() -> None:
    found = passage(mesh_of(*shop(route(1, name="one"), route(6, name="two"))))
    assert attempts(found) == 7
    assert found.precision is Precision.UPPER_BOUND
    assert any("only the oldest serves it" in e.text for e in found.evidence)


def test_an_object_exported_to_its_own_namespace_only_comes_first_there() -> None:
    private = route(1, name="z-private", more="  exportTo: ['.']")
    assert attempts(passage(mesh_of(*shop(private, route(6, name="a-public"))))) == 2


@pytest.mark.parametrize(("export", "counts"), [("['.']", False), ("[shop]", True), ("['*']", True), ("['~']", False)])
def test_export_to_says_who_sees_an_object(export: str, counts: bool) -> None:
    other = route(8, ns="pay", hosts="[c.shop.svc.cluster.local]", more=f"  exportTo: {export}")
    assert (attempts(passage(mesh_of(*shop(namespace("pay"), other)))) == 9) is counts


def test_a_delegate_gives_its_routes_and_takes_what_it_leaves_open_from_the_root() -> None:
    root = virtual_service("{match: [{uri: {prefix: /pay}}], delegate: {name: d}, retries: {attempts: 7}}")
    leaf = virtual_service("{match: [{uri: {prefix: /pay/x}}], " + TO_C + "}", "d", hosts="[]")
    mesh = mesh_of(*shop(root, leaf))
    assert attempts(passage(mesh, wire(path="/pay/x/1"))) == 8
    assert passage(mesh, wire(path="/pay/y")).answered == "404"


def test_a_missing_delegate_makes_its_entry_vanish() -> None:
    root = virtual_service(
        "{match: [{uri: {prefix: /pay}}], delegate: {name: nobody}}, {" + TO_C + ", retries: {attempts: 1}}"
    )
    assert attempts(passage(mesh_of(*shop(root)), wire(path="/pay"))) == 2


def test_what_the_webhook_refuses_is_not_in_force() -> None:
    refused = virtual_service("{" + TO_C + ", retries: {retryOn: 5xx}}")
    assert attempts(passage(mesh_of(*shop(refused)))) == 3


# ---------------------------------------------------------------------------------------------- where a route sends to


def test_weights_share_a_call_and_zero_takes_nothing() -> None:
    routes = (
        "{route: [{destination: {host: c}, weight: 90}, {destination: {host: d}, weight: 10}, "
        "{destination: {host: e}, weight: 0}]}"
    )
    found = passage(mesh_of(*shop(app("d"), app("e"), virtual_service(routes))))
    assert found.callees == (("shop/c", 0.9), ("shop/d", 0.1))


def test_the_weight_of_a_single_destination_does_not_matter() -> None:
    found = passage(mesh_of(*shop(virtual_service("{route: [{destination: {host: c}, weight: 0}]}"))))
    assert found.callees == (("shop/c", 1.0),)


def test_a_subset_that_nobody_defines_is_answered_by_the_proxy() -> None:
    found = passage(mesh_of(*shop(virtual_service("{route: [{destination: {host: c, subset: v9}}]}"))))
    assert (found.answered, found.callees, found.layers) == ("proxy-503", (), ())


def test_a_route_to_another_service_makes_that_the_callee() -> None:
    found = passage(mesh_of(*shop(app("d"), virtual_service("{route: [{destination: {host: d}}]}"))))
    assert found.callees == (("shop/d", 1.0),)


def test_a_redirect_and_a_direct_response_send_nothing() -> None:
    moved = passage(mesh_of(*shop(virtual_service("{redirect: {uri: /new}}"))))
    fixed = passage(mesh_of(*shop(virtual_service("{directResponse: {status: 503}}"))))
    assert (moved.answered, fixed.answered) == ("301", "503")


def test_a_fault_that_aborts_everything_is_answered_before_retries() -> None:
    fault = "{fault: {abort: {httpStatus: 503, percentage: {value: 100}}}, " + TO_C + ", retries: {attempts: 5}}"
    assert passage(mesh_of(*shop(virtual_service(fault)))).answered == "proxy-503"


def test_a_fault_without_a_percentage_aborts_nothing() -> None:
    found = passage(mesh_of(*shop(virtual_service("{fault: {abort: {httpStatus: 503}}, " + TO_C + "}"))))
    assert found.answered is None


@pytest.mark.parametrize(("percentage", "share"), [("", 100.0), (", mirrorPercentage: {value: 10}", 10.0)])
def test_a_mirror_is_a_shadow_of_its_share(percentage: str, share: float) -> None:
    found = passage(mesh_of(*shop(app("m"), virtual_service("{" + TO_C + ", mirror: {host: m}" + percentage + "}"))))
    assert [(s.service, s.percent) for s in found.shadows] == [("shop/m", share)]


def test_a_mirror_of_nothing_is_none() -> None:
    mesh = mesh_of(
        *shop(app("m"), virtual_service("{" + TO_C + ", mirrors: [{destination: {host: m}, percentage: {value: 0}}]}"))
    )
    assert passage(mesh).shadows == ()


# ------------------------------------------------------------------------------------------------- retries and time


def test_a_per_try_timeout_without_a_fitting_condition_only_cuts() -> None:
    found = layer(passage(mesh_of(*shop(virtual_service("{" + TO_C + ", retries: {attempts: 2, perTryTimeout: 1s}}")))))
    assert found.per_try_timeout_s == 1.0
    assert "per-try-timeout" not in found.fires_on


def test_a_per_try_timeout_not_below_the_timeout_is_ignored() -> None:
    http = "{" + TO_C + ", timeout: 1s, retries: {attempts: 2, perTryTimeout: 2s, retryOn: 5xx}}"
    found = layer(passage(mesh_of(*shop(virtual_service(http)))))
    assert (found.per_try_timeout_s, found.timeout_s) == (None, 1.0)


def test_the_deadline_of_a_grpc_client_limits_the_route_too() -> None:
    found = layer(passage(mesh_of(*shop()), wire(protocol="grpc", timeout_s=2.0)))
    assert found.timeout_s == 2.0
    assert dict(found.becomes)["timeout"] == "grpc-deadline-exceeded"


def test_the_meshs_default_applies_where_a_route_says_nothing_and_only_there() -> None:
    default = """
apiVersion: install.istio.io/v1alpha1
kind: IstioOperator
metadata: {name: m}
spec: {meshConfig: {defaultHttpRetryPolicy: {attempts: 4, retryOn: 5xx}}}
"""
    assert attempts(passage(mesh_of(*shop(default)))) == 5
    assert attempts(passage(mesh_of(*shop(default, route(1))))) == 2


def test_an_empty_mesh_default_switches_retries_off() -> None:
    default = """
apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data:
  mesh: |
    defaultHttpRetryPolicy: {}
"""
    assert attempts(passage(mesh_of(*shop(default)))) == 1


def test_a_large_body_is_sent_once() -> None:
    big = wire(method="POST", body_bytes=2 << 20)
    assert layer(passage(mesh_of(*shop(route(5)))), "sidecar").fires_on
    assert not layer(passage(mesh_of(*shop(route(5))), big)).fires_on
    assert layer(passage(mesh_of(*shop(route(5))), wire(method="POST", body_bytes=900 << 10))).fires_on


def test_a_route_that_sets_retry_headers_switches_retries_on_even_where_they_are_off() -> None:
    http = (
        "{" + TO_C + ", retries: {attempts: 0}, "
        "headers: {request: {set: {x-envoy-max-retries: '7', x-envoy-retry-on: 5xx}}}}"
    )
    found = layer(passage(mesh_of(*shop(virtual_service(http)))))
    assert found.attempts is not None
    assert (found.attempts.value, "5xx" in found.fires_on) == (8, True)


# -------------------------------------------------------------------------------------------------- connections


def test_a_tcp_route_weighs_destinations_and_repeats_nothing() -> None:
    route = """
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: c, namespace: shop}
spec:
  hosts: [c]
  tcp: [{route: [{destination: {host: c}, weight: 30}, {destination: {host: d}, weight: 70}]}]
"""
    found = passage(mesh_of(namespace(), app("a"), app("c", port="tcp"), app("d", port="tcp"), route))
    assert found.callees == (("shop/c", 0.3), ("shop/d", 0.7))
    assert attempts(found) == 1


def test_a_tls_route_takes_the_server_names_it_lists() -> None:
    route = """
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: api, namespace: shop}
spec:
  hosts: [api.example.com]
  tls: [{match: [{port: 443, sniHosts: [api.example.com]}], route: [{destination: {host: c}}]}]
"""
    call = wire(callee="external:api.example.com", protocol="https", port=443)
    assert passage(mesh_of(*shop(route)), call).callees == (("shop/c", 1.0),)
    plain = wire(callee="external:api.example.com", protocol="redis", port=443)
    assert passage(mesh_of(*shop(route)), plain).callees == (("external:api.example.com", 1.0),)


def test_a_route_to_a_service_that_its_namespace_does_not_have_is_answered_by_the_proxy() -> None:
    nobody = virtual_service("{route: [{destination: {host: nobody}}]}")
    assert passage(mesh_of(*shop(nobody))).answered == "proxy-503"


def test_of_a_namespace_without_services_here_nothing_is_known() -> None:
    elsewhere = virtual_service("{route: [{destination: {host: d.other.svc.cluster.local}}]}")
    found = passage(mesh_of(*shop(elsewhere)))
    assert (found.answered, found.callees) == (None, (("external:d.other.svc.cluster.local", 1.0),))
