"""VirtualServices that Flagger makes: what its Canaries say of retries and timeouts holds for their calls."""

from __future__ import annotations

from tests.analyzer.semantics.istio.calls import (
    TO_C,
    attempts,
    layer,
    mesh_of,
    passage,
    shop,
    virtual_service,
)


def canary(service: str, provider: str = "istio") -> str:
    return f"""
apiVersion: flagger.app/v1beta1
kind: Canary
metadata: {{name: c, namespace: shop}}
spec:
  provider: {provider}
  targetRef: {{apiVersion: apps/v1, kind: Deployment, name: c}}
  service: {service}
  analysis: {{stepWeight: 10, metrics: [{{name: request-success-rate, thresholdRange: {{min: 99}}}}]}}
"""


def test_retries_of_a_canary_are_copied_into_its_route() -> None:
    found = passage(mesh_of(*shop(canary("{port: 8080, retries: {attempts: 4, retryOn: 5xx}, timeout: 9s}"))))
    assert (attempts(found), layer(found).timeout_s) == (5, 9.0)
    assert found.callees == (("shop/c", 1.0),)


def test_without_retries_the_default_of_istio_applies() -> None:
    assert attempts(passage(mesh_of(*shop(canary("{port: 8080}"))))) == 3


def test_another_provider_ignores_them() -> None:
    service = "{port: 8080, retries: {attempts: 4, retryOn: 5xx}}"
    assert attempts(passage(mesh_of(*shop(canary(service, "gatewayapi:v1"))))) == 3


def test_a_written_route_of_the_same_name_is_written_over() -> None:
    by_hand = virtual_service("{" + TO_C + ", retries: {attempts: 9, retryOn: 5xx}}")
    mesh = mesh_of(*shop(by_hand, canary("{port: 8080, retries: {attempts: 1, retryOn: 5xx}}")))
    assert attempts(passage(mesh)) == 2


def test_a_traffic_policy_of_a_canary_bounds_its_retries() -> None:
    policy = "{port: 8080, trafficPolicy: {connectionPool: {http: {maxRetries: 2}}}}"
    assert [b.min_concurrency for b in passage(mesh_of(*shop(canary(policy)))).budgets] == [2]
