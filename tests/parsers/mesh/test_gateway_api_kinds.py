"""The other kinds of the Gateway API: classes, grants, routes of connections, Linkerd's copy of HTTPRoute."""

from __future__ import annotations

import pytest

from parsers.facts.gateway_api import ConnectionRoute, GatewayClass, KubernetesRoute, MeshRoute, ReferenceGrant
from tests.parsers.builders import codes, every, only, read_yaml

GROUP = "gateway.networking.k8s.io/v1"


def document(kind: str, spec: str, group: str = GROUP) -> str:
    return f"apiVersion: {group}\nkind: {kind}\nmetadata: {{name: x, namespace: ns}}\nspec: {spec}\n"


def test_a_class_names_its_controller() -> None:
    found = read_yaml(document("GatewayClass", "{controllerName: istio.io/gateway-controller}"))
    assert only(found, GatewayClass).controller == "istio.io/gateway-controller"


@pytest.mark.parametrize("kind", ["TLSRoute", "TCPRoute", "UDPRoute"])
def test_a_route_of_connections_has_backends_and_no_retry(kind: str) -> None:
    spec = "{parentRefs: [{name: g}], rules: [{name: r, backendRefs: [{name: a, port: 1}, {name: b, weight: 0}]}]}"
    found = read_yaml(document(kind, spec, "gateway.networking.k8s.io/v1alpha2"))
    fact = only(found, ConnectionRoute)
    assert (fact.kind, [(b.name, b.weight) for b in fact.backends]) == (kind, [("a", 1), ("b", 0)])
    assert codes(found) == []


def test_a_grant_is_a_product_of_who_and_what() -> None:
    spec = (
        "{from: [{group: '', kind: HTTPRoute, namespace: web}], to: [{group: '', kind: Service, name: a}, {kind: S}]}"
    )
    fact = only(read_yaml(document("ReferenceGrant", spec)), ReferenceGrant)
    assert (fact.origins, fact.targets) == ((("HTTPRoute", "web"),), (("Service", "a"), ("S", None)))


def test_a_route_of_linkerd_is_no_route_of_the_gateway_api() -> None:
    found = read_yaml(document("HTTPRoute", "{parentRefs: [{kind: Service, name: s}]}", "policy.linkerd.io/v1beta3"))
    assert only(found, MeshRoute).route.parents[0].name == "s"
    assert every(found, KubernetesRoute) == []


def test_filters_are_told_by_kind_and_extensions_by_name() -> None:
    filters = (
        "[{type: URLRewrite, urlRewrite: {}}, {requestMirror: {backendRef: {name: m}}},"
        " {type: ExtensionRef, extensionRef: {group: g, kind: K, name: mine}}]"
    )
    found = read_yaml(document("HTTPRoute", "{rules: [{filters: " + filters + "}]}"))
    rule = only(found, KubernetesRoute).rules[0]
    assert (rule.filters, rule.extensions) == (
        ("URLRewrite", "RequestMirror", "ExtensionRef"),
        (("g", "K", "mine"),),
    )
    assert codes(found) == []


@pytest.mark.parametrize("kind", ["GatewayClass", "TLSRoute", "ReferenceGrant"])
def test_a_spec_of_the_wrong_type_is_reported(kind: str) -> None:
    assert "P101" in codes(read_yaml(document(kind, "[1]")))


def test_a_kind_that_is_not_modelled_is_reported() -> None:
    assert codes(read_yaml(document("XBackend", "{}", "gateway.networking.x-k8s.io/v1alpha1"))) == ["P105"]
