"""Headers over the head of a route, and releases told to behave as older ones; rows measured on Envoy are marked."""

from __future__ import annotations

import pytest

from analyzer.model import Layer
from tests.analyzer.semantics.istio.calls import TO_C, attempts, layer, mesh_of, passage, shop, virtual_service, wire

OPERATOR = """
apiVersion: install.istio.io/v1alpha1
kind: IstioOperator
metadata: {{name: m}}
spec: {spec}
"""
INSIDE = OPERATOR.format(spec="{values: {global: {meshNetworks: {n: {endpoints: [{fromCidr: 10.0.0.0/8}]}}}}}")
OFF = virtual_service("{" + TO_C + ", retries: {attempts: 0}}")


def sent(*docs: str, version: tuple[int, ...] | None = None, **headers: str) -> Layer:
    pairs = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return layer(passage(mesh_of(*shop(*docs), version=version), wire(headers=pairs)))


def count(found: Layer) -> int | None:
    return found.attempts.value if found.attempts is not None else None


@pytest.mark.parametrize("address", ["8.8.8.8", "10.0.0.9, 10.0.0.8"])
def test_headers_are_stripped_unless_the_address_is_one_internal_one(address: str) -> None:  # measured
    found = sent(INSIDE, x_envoy_retry_on="5xx", x_forwarded_for=address)
    assert "5xx" not in found.fires_on
    assert any("strips them" in e.text for e in found.evidence)


def test_an_address_that_the_code_computes_may_be_internal() -> None:
    assert "5xx" in sent(INSIDE, x_envoy_retry_on="5xx", x_forwarded_for="{client}").fires_on


def test_without_a_forwarded_address_nothing_is_internal() -> None:  # measured
    assert "5xx" not in sent(INSIDE, x_envoy_retry_on="5xx").fires_on


@pytest.mark.parametrize(("version", "obeyed"), [((1, 24), True), ((1, 25), False)])
def test_before_envoy_1_33_every_private_address_was_internal(version: tuple[int, int], obeyed: bool) -> None:
    found = sent(version=version, x_envoy_retry_on="5xx", x_forwarded_for="192.168.1.1")
    assert ("5xx" in found.fires_on) is obeyed


def test_a_count_without_a_condition_changes_nothing_where_retries_are_off() -> None:  # measured
    assert count(sent(INSIDE, OFF, x_envoy_max_retries="7", x_forwarded_for="10.0.0.9")) == 1


def test_a_condition_without_a_count_means_one_retry_where_retries_are_off() -> None:  # measured
    found = sent(INSIDE, OFF, x_envoy_retry_on="5xx", x_forwarded_for="10.0.0.9")
    assert (count(found), "5xx" in found.fires_on) == (2, True)


def test_status_codes_in_a_header_join_a_policy_that_asks_for_codes() -> None:  # measured
    found = sent(INSIDE, x_envoy_retriable_status_codes="503", x_forwarded_for="10.0.0.9")
    assert (count(found), "503" in found.fires_on) == (3, True)


def test_a_timeout_in_a_header_takes_the_place_of_the_routes() -> None:
    found = sent(INSIDE, x_envoy_upstream_rq_timeout_ms="300", x_forwarded_for="10.0.0.9")
    assert found.timeout_s == 0.3
    assert dict(found.becomes)["timeout"] == "504"


def test_a_timeout_that_a_route_sets_as_header_does_not_count() -> None:  # measured
    http = "{" + TO_C + ", headers: {request: {set: {x-envoy-upstream-rq-timeout-ms: '300'}}}}"
    assert layer(passage(mesh_of(*shop(virtual_service(http))))).timeout_s is None


# -------------------------------------------------------------------------------------------- releases taken back


def test_istiods_environment_takes_the_change_of_1_24_back() -> None:
    flags = ("EXCLUDE_UNSAFE_503_FROM_DEFAULT_RETRY", "ENABLE_INBOUND_RETRY_POLICY")
    env = ", ".join(f"{{name: {flag}, value: 'false'}}" for flag in flags)
    old = OPERATOR.format(spec="{components: {pilot: {k8s: {env: [" + env + "]}}}}")
    found = passage(mesh_of(*shop(old), version=(1, 25)))
    assert "503" in layer(found).fires_on
    assert attempts(found, "inbound") == 1


def test_a_compatibility_version_takes_the_change_of_1_24_back() -> None:
    old = OPERATOR.format(spec="{values: {compatibilityVersion: '1.23'}}")
    assert "503" in layer(passage(mesh_of(*shop(old), version=(1, 25)))).fires_on
    assert "503" not in layer(passage(mesh_of(*shop(old), version=(1, 27)))).fires_on


def test_a_default_for_inbound_sidecars_counts_in_1_32_and_may_reach_the_application() -> None:
    text = OPERATOR.format(spec="{meshConfig: {defaultInboundHttpRetryPolicy: {attempts: 4, retryOn: 'reset,503'}}}")
    new = layer(passage(mesh_of(*shop(text), version=(1, 32))), "inbound")
    assert (count(new), new.counts_arrivals, "503" in new.fires_on) == (5, True, True)
    assert attempts(passage(mesh_of(*shop(text), version=(1, 31))), "inbound") == 3
