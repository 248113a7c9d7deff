"""Routes of gateways: what an implementation leaves out, and references that nobody has granted."""

from __future__ import annotations

import pytest

from analyzer.semantics.gateway_api import GATEWAY_API
from tests.analyzer.semantics.istio.calls import mesh_of


def gateway(class_name: str) -> str:
    return f"""
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {{name: edge, namespace: web}}
spec: {{gatewayClassName: {class_name}, listeners: [{{name: http, port: 80, protocol: HTTP}}]}}
"""


def route(rule: str, parent: str = "{name: edge}") -> str:
    return f"""
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {{name: r, namespace: web}}
spec: {{parentRefs: [{parent}], rules: [{rule}]}}
"""


def grant(origins: str, targets: str = "{group: '', kind: Service}") -> str:
    return f"""
apiVersion: gateway.networking.k8s.io/v1beta1
kind: ReferenceGrant
metadata: {{name: g, namespace: shop}}
spec: {{from: [{origins}], to: [{targets}]}}
"""


def codes(*docs: str) -> list[str]:
    return [p.code for p in GATEWAY_API.problems(mesh_of(*docs))]


RETRY = "{backendRefs: [{name: a, port: 1}], retry: {attempts: 3}}"
ACROSS = "{backendRefs: [{name: a, namespace: shop, port: 1}]}"
FROM_WEB = "{group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: web}"


@pytest.mark.parametrize(
    ("class_name", "found"),
    [("istio", []), ("eg", []), ("traefik", ["gateway-ignores-retry"]), ("of-ones-own", [])],
)
def test_retry_is_read_by_some_implementations_only(class_name: str, found: list[str]) -> None:
    assert codes(gateway(class_name), route(RETRY)) == found


def test_another_namespace_has_to_grant_it() -> None:
    assert codes(gateway("istio"), route(ACROSS)) == ["reference-not-granted"]
    assert codes(gateway("istio"), route(ACROSS), grant(FROM_WEB)) == []
    assert codes(gateway("istio"), route(ACROSS), grant(FROM_WEB, "{group: '', kind: Service, name: b}")) == [
        "reference-not-granted"
    ]


def test_inside_a_mesh_nobody_has_to_grant_anything() -> None:
    assert codes(route(ACROSS, "{group: '', kind: Service, name: a, namespace: shop}")) == []


@pytest.mark.parametrize(
    ("provider", "found"), [("istio", []), ("contour", []), ("linkerd", ["flagger-ignores-retries"])]
)
def test_flaggers_retries_are_copied_by_some_providers_only(provider: str, found: list[str]) -> None:
    canary = f"""
apiVersion: flagger.app/v1beta1
kind: Canary
metadata: {{name: c, namespace: shop}}
spec: {{provider: {provider}, targetRef: {{name: c}}, service: {{retries: {{attempts: 3}}}}}}
"""
    assert codes(canary) == found
