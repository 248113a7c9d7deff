"""Dangling and contradictory configuration: each code fires, and a near miss does not."""

from __future__ import annotations

import pytest

from analyzer.semantics.istio.problems import Code, problems
from tests.analyzer.semantics.istio.calls import TO_C, app, destination_rule, mesh_of, namespace, shop, virtual_service

GATEWAY = """
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {{name: {name}, namespace: shop}}
spec:
  selector: {{istio: {selector}}}
  servers: [{{port: {{number: {port}, name: http, protocol: HTTP}}, hosts: [{host}]}}]
"""
SIDECAR = """
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {{name: {name}, namespace: shop}}
spec: {{{spec}}}
"""
POLICY = """
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {{name: p, namespace: {ns}}}
spec: {{{spec}}}
"""
ENTRY = """
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {{name: {name}, namespace: shop}}
spec:
  hosts: [{host}]
  ports: [{{number: {port}, name: p, protocol: {protocol}}}]
{more}
"""


def gateway(name: str = "g", selector: str = "ingressgateway", port: int = 80, host: str = "'*'") -> str:
    return GATEWAY.format(name=name, selector=selector, port=port, host=host)


def entry(
    name: str = "e", protocol: str = "HTTP", host: str = "api.example.com", port: int = 80, more: str = ""
) -> str:
    return ENTRY.format(name=name, protocol=protocol, host=host, port=port, more=more)


def route(http: str, **more: str) -> str:
    return virtual_service("{" + http + "}", **more)


def to(destination: str) -> str:
    return route("route: [{destination: {" + destination + "}}]")


V1 = destination_rule("  subsets: [{name: v1, labels: {app: c}}]")
TWO_PORTS = app("d").replace(
    "ports: [{name: http, port: 8080}]", "ports: [{name: http, port: 80}, {name: http-b, port: 81}]"
)
BOUND = route(TO_C, name="edge", hosts="[shop.example.com]", more="  gateways: [g]")
OTHER = app("web", ns="web")

FIRES: list[tuple[Code, tuple[str, ...]]] = [
    (Code.UNKNOWN_HOST, (to("host: nobody"),)),
    (Code.UNKNOWN_HOST, (to("host: c.shop"),)),
    (Code.UNKNOWN_HOST, (route(TO_C + ", mirror: {host: nobody}"),)),
    (Code.UNKNOWN_PORT, (to("host: c, port: {number: 9}"),)),
    (Code.PORT_NEEDED, (TWO_PORTS, to("host: d"))),
    (Code.UNKNOWN_SUBSET, (to("host: c, subset: v2"), V1)),
    (Code.UNKNOWN_DELEGATE, (route("delegate: {name: nobody}"),)),
    (Code.UNKNOWN_GATEWAY, (BOUND,)),
    (Code.HOST_NOT_IN_GATEWAY, (BOUND, gateway(host="'*.other.com'"))),
    (Code.HOST_NOT_IN_GATEWAY, (BOUND, gateway(host="'web/*'"))),
    (Code.NOT_FOR_MESH, (route(TO_C, more="  gateways: [g]"), gateway())),
    (Code.SAME_HOST, (route(TO_C), route(TO_C, name="again"))),
    (Code.UNREACHABLE, (virtual_service("{" + TO_C + "}, {match: [{uri: {exact: /x}}], " + TO_C + "}"),)),
    (
        Code.COVERED,
        (
            virtual_service(
                "{match: [{uri: {prefix: /a}}], " + TO_C + "}, {match: [{uri: {prefix: /a/b}}], " + TO_C + "}"
            ),
        ),
    ),
    (Code.REFUSED, (route(TO_C + ", retries: {retryOn: 5xx}"),)),
    (Code.REFUSED, (destination_rule("  trafficPolicy: {retries: {attempts: 3}}"),)),
    (Code.DECLARED_RETRIES, (destination_rule("  trafficPolicy: {tls: {mode: DISABLE}, retries: {attempts: 3}}"),)),
    (Code.INERT_TRY_TIMEOUT, (route(TO_C + ", retries: {attempts: 2, perTryTimeout: 1s}"),)),
    (Code.INERT_TRY_TIMEOUT, (route(TO_C + ", retries: {attempts: 2, perTryTimeout: 1s, retryOn: '504'}"),)),
    (Code.UNKNOWN_RULE_HOST, (destination_rule("  subsets: []", host="nobody"),)),
    (Code.EMPTY_SUBSET, (destination_rule("  subsets: [{name: v9, labels: {version: v9}}]"),)),
    (Code.HIDDEN_RULE, (OTHER, V1, destination_rule("  subsets: []", "wild", "web", "'*.local'"))),
    (
        Code.IGNORED_POLICY,
        (
            destination_rule("  trafficPolicy: {tls: {mode: DISABLE}}", "one"),
            destination_rule("  trafficPolicy: {tls: {mode: SIMPLE}}", "two"),
        ),
    ),
    (
        Code.LOST_BLOCKS,
        (
            destination_rule(
                "  trafficPolicy: {retryBudget: {percent: 20}, "
                "portLevelSettings: [{port: {number: 8080}, tls: {mode: DISABLE}}]}"
            ),
        ),
    ),
    (Code.UNVERIFIED_TOP, (destination_rule("  trafficPolicy: {tls: {mode: SIMPLE}}"),)),
    (
        Code.UNVERIFIED_PORT,
        (destination_rule("  trafficPolicy: {portLevelSettings: [{port: {number: 1}, tls: {mode: MUTUAL}}]}"),),
    ),
    (Code.SAME_GATEWAY, (gateway("one"), gateway("two"))),
    (Code.GATEWAY_PORT, (gateway(port=9090),)),
    (Code.UNKNOWN_SELECTOR, (app("own-gateway", labels="istio: own"), gateway(selector="other"))),
    (Code.UNKNOWN_SELECTOR, (SIDECAR.format(name="s", spec="workloadSelector: {labels: {app: nobody}}"),)),
    (
        Code.SAME_SIDECAR,
        (
            SIDECAR.format(name="s", spec="workloadSelector: {labels: {app: a}}"),
            SIDECAR.format(name="t", spec="workloadSelector: {labels: {app: a}}"),
        ),
    ),
    (Code.SAME_SIDECAR_DEFAULT, (SIDECAR.format(name="s", spec=""), SIDECAR.format(name="t", spec=""))),
    (Code.NO_WORKLOAD, (POLICY.format(ns="shop", spec="selector: {matchLabels: {app: nobody}}"),)),
    (Code.UNKNOWN_NAMESPACE, (POLICY.format(ns="shop", spec="rules: [{from: [{source: {namespaces: [nowhere]}}]}]"),)),
    (Code.NOT_INJECTED, (namespace("plain", ""),)),
    (Code.SEVERAL_LABELS, (namespace("two", "istio-injection: enabled, istio.io/rev: canary"),)),
    (Code.PORT_NAME, (app("n", port="web"),)),
    (Code.NO_ADDRESS, (entry(protocol="TCP"),)),
    (Code.ENTRY_PROTOCOLS, (entry("e1"), entry("e2", "HTTPS"))),
]

QUIET: list[tuple[Code, tuple[str, ...]]] = [
    (Code.UNKNOWN_HOST, (to("host: c"), entry())),
    (Code.UNKNOWN_HOST, (to("host: api.example.com"), entry())),
    (Code.UNKNOWN_HOST, (to("host: a.example.com"), entry(host="'*.example.com'"))),
    (Code.UNKNOWN_PORT, (to("host: c, port: {number: 8080}"),)),
    (Code.PORT_NEEDED, (TWO_PORTS, to("host: d, port: {number: 80}"))),
    (Code.UNKNOWN_SUBSET, (to("host: c, subset: v1"), V1)),
    (Code.HOST_NOT_IN_GATEWAY, (BOUND, gateway(host="'*.example.com'"))),
    (Code.HOST_NOT_IN_GATEWAY, (BOUND, gateway(host="'./*'"))),
    (Code.NOT_FOR_MESH, (route(TO_C, more="  gateways: [g, mesh]"), gateway())),
    (Code.SAME_HOST, (route(TO_C), route(TO_C, name="again", hosts="[a]"))),
    (Code.SAME_HOST, (route(TO_C), route(TO_C, name="again", ns="web", more="  exportTo: ['.']"))),
    (Code.UNREACHABLE, (virtual_service("{match: [{uri: {exact: /x}}], " + TO_C + "}, {" + TO_C + "}"),)),
    (
        Code.COVERED,
        (
            virtual_service(
                "{match: [{uri: {prefix: /a}, method: {exact: POST}}], "
                + TO_C
                + "}, {match: [{uri: {prefix: /a/b}}], "
                + TO_C
                + "}"
            ),
        ),
    ),
    (Code.REFUSED, (route(TO_C + ", retries: {}"),)),
    (Code.INERT_TRY_TIMEOUT, (route(TO_C + ", retries: {attempts: 2, perTryTimeout: 1s, retryOn: reset}"),)),
    (Code.UNKNOWN_RULE_HOST, (V1,)),
    (Code.UNKNOWN_RULE_HOST, (destination_rule("  subsets: []", host="'*.shop.svc.cluster.local'"),)),
    (Code.EMPTY_SUBSET, (V1,)),
    (Code.HIDDEN_RULE, (OTHER, V1, destination_rule("  subsets: []", "exact", "web", "web"))),
    (Code.UNVERIFIED_TOP, (destination_rule("  trafficPolicy: {tls: {mode: SIMPLE, caCertificates: /ca.pem}}"),)),
    (Code.SAME_GATEWAY, (gateway("one"), gateway("two", host="other.example.com"))),
    (Code.GATEWAY_PORT, (gateway(port=443),)),
    (Code.SAME_SIDECAR_DEFAULT, (SIDECAR.format(name="s", spec=""),)),
    (Code.NO_WORKLOAD, (POLICY.format(ns="shop", spec="selector: {matchLabels: {app: a}}"),)),
    (Code.UNKNOWN_NAMESPACE, (POLICY.format(ns="shop", spec="rules: [{from: [{source: {namespaces: ['sh*']}}]}]"),)),
    (Code.NOT_INJECTED, (namespace("plain", "istio.io/dataplane-mode: ambient"),)),
    (Code.SEVERAL_LABELS, (namespace("two", "istio-injection: disabled, istio.io/rev: canary"),)),
    (Code.PORT_NAME, (app("n", port="http-web"),)),
    (Code.NO_ADDRESS, (entry(protocol="TCP", more="  addresses: [10.1.1.1]"),)),
    (Code.ENTRY_PROTOCOLS, (entry("e1"), entry("e2", port=81, protocol="HTTPS"))),
]


def found(*docs: str) -> set[Code]:
    return {p.code for p in problems(mesh_of(*shop(*docs)))}


@pytest.mark.parametrize(("code", "docs"), FIRES, ids=[f"{c.id}-{i}" for i, (c, _) in enumerate(FIRES)])
def test_a_problem_is_told(code: Code, docs: tuple[str, ...]) -> None:
    assert code in found(*docs)


@pytest.mark.parametrize(("code", "docs"), QUIET, ids=[f"{c.id}-{i}" for i, (c, _) in enumerate(QUIET)])
def test_a_near_miss_is_none(code: Code, docs: tuple[str, ...]) -> None:
    assert code not in found(*docs)


def test_a_sound_configuration_has_no_problem() -> None:
    assert found(to("host: c, subset: v1"), V1) == set()


def test_a_repository_without_istio_is_not_told_how_to_name_ports() -> None:
    assert problems(mesh_of(app("n", port="web"))) == ()


def test_a_problem_names_its_object_and_its_line() -> None:
    (problem,) = [p for p in problems(mesh_of(*shop(to("host: nobody")))) if p.code is Code.UNKNOWN_HOST]
    assert problem.subject == "VirtualService shop/c"
    assert problem.span.path == "03.yaml"
    assert "answered 503" in problem.message


def test_of_a_namespace_without_services_here_nothing_is_sure() -> None:
    elsewhere = virtual_service("{" + TO_C + "}", ns="other")
    here = to("host: nobody")
    told = {p.subject: p.sure for p in problems(mesh_of(*shop(elsewhere, here))) if p.code is Code.UNKNOWN_HOST}
    assert told == {"VirtualService other/c": False, "VirtualService shop/c": True}
