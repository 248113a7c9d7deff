"""Consul: what routers repeat, where the chain leads, and the one intention that decides."""

from __future__ import annotations

from typing import Any

import pytest

from analyzer.linking.mesh import Mesh
from analyzer.model import Decision, Layer, Passage, Request
from analyzer.options import Options
from analyzer.semantics import Sender
from analyzer.semantics.consul import CONSUL
from parsers.facts.consul import ConsulInstallation
from parsers.reading import read
from parsers.source import MemoryTree
from tests.analyzer.semantics.istio.calls import mesh_of, wire
from tests.analyzer.semantics.linkerd.shop import app, namespace

ALLOWED, DENIED, UNKNOWN = Decision.ALLOWED, Decision.DENIED, Decision.UNKNOWN
INJECT = "consul.hashicorp.com/connect-inject: 'true'"


def entry(kind: str, spec: str, name: str = "c") -> str:
    return f"""
apiVersion: consul.hashicorp.com/v1alpha1
kind: {kind}
metadata: {{name: {name}, namespace: shop}}
spec: {spec}
"""


HTTP = entry("ServiceDefaults", "{protocol: http}")


def shop(*more: str, pod: str = INJECT, caller: str = INJECT) -> Mesh:
    """``a`` and ``b`` call ``c``; ``d`` is beside it."""
    apps = (app("a", pod=caller), app("b", pod=INJECT), app("c", pod=pod), app("d", pod=INJECT))
    return mesh_of(namespace(annotations=""), *apps, *more)


def passage(mesh: Mesh, **call: Any) -> Passage:
    found = CONSUL.passage(wire(**call), mesh, Options())
    assert found is not None
    return found


def layer(found: Passage, kind: str = "sidecar") -> Layer:
    (one,) = [x for x in found.layers if x.kind == kind]
    return one


def router(destination: str, match: str = "") -> str:
    return "{" + (f"match: {{http: {match}}}, " if match else "") + f"destination: {{{destination}}}" + "}"


def routed(*routes: str, **call: Any) -> Layer:
    return layer(passage(shop(HTTP, entry("ServiceRouter", f"{{routes: [{', '.join(routes)}]}}")), **call))


def test_nothing_written_retries_nothing_and_times_out_after_envoys_15_seconds() -> None:
    found = passage(shop(HTTP))
    assert (layer(found).attempts, layer(found).timeout_s, found.plaintext) == (
        layer(found, "inbound").attempts,
        15.0,
        False,
    )


@pytest.mark.parametrize(
    ("destination", "tried", "fires"),
    [
        ("numRetries: 5", 6, []),
        ("numRetries: 5, retryOn: [5xx]", 6, ["5xx", "connect-failure", "refused-stream", "reset"]),
        ("retryOn: [gateway-error]", 2, ["502", "503", "504", "connect-failure", "refused-stream", "reset"]),
        ("retryOnConnectFailure: true", 2, ["connect-failure"]),
        ("numRetries: 2, retryOnStatusCodes: [429]", 3, ["429"]),
        ("requestTimeout: 3s", 1, []),
    ],
)
def test_a_count_needs_a_condition_and_a_condition_is_one_retry(destination: str, tried: int, fires: list[str]) -> None:
    found = routed(router(destination))
    assert found.attempts is not None
    assert (found.attempts.value, sorted(found.fires_on)) == (tried, fires)


def test_the_first_route_that_matches_counts_and_the_rest_has_none() -> None:
    first = router("numRetries: 1, retryOn: [5xx]", "{pathPrefix: /a}")
    second = router("numRetries: 4, retryOn: [5xx]", "{pathExact: /ab}")
    for path, tried in (("/ab", 2), ("/b", 1)):
        found = routed(first, second, path=path).attempts
        assert found is not None
        assert found.value == tried


def test_a_router_of_a_tcp_service_is_not_used() -> None:
    mesh = shop(entry("ServiceRouter", "{routes: [" + router("numRetries: 4, retryOn: [5xx]") + "]}"))
    assert (layer(passage(mesh)).fires_on, dict(layer(passage(mesh)).becomes)["connect-failure"]) == (
        frozenset(),
        "reset",
    )
    assert [p.code for p in CONSUL.problems(mesh)] == ["consul-router-on-tcp"]


def test_the_protocol_of_all_proxies_counts_where_a_service_has_none() -> None:
    mesh = shop(entry("ProxyDefaults", "{config: {protocol: http}}", "global"))
    assert layer(passage(mesh)).timeout_s == 15.0


def test_the_chain_leads_to_splits_and_redirects() -> None:
    split = entry("ServiceSplitter", "{splits: [{weight: 90}, {weight: 10, service: b}]}")
    redirect = entry("ServiceResolver", "{redirect: {service: d}}", "b")
    assert passage(shop(HTTP, split, redirect)).callees == (("shop/c", 0.9), ("shop/d", 0.1))


def test_redirects_in_a_circle_end() -> None:
    there, back = (
        entry("ServiceResolver", "{redirect: {service: d}}"),
        entry("ServiceResolver", "{redirect: {service: c}}", "d"),
    )
    assert len(passage(shop(HTTP, there, back)).callees) == 1


def test_a_resolvers_timeout_counts_where_the_route_has_none() -> None:
    mesh = shop(HTTP, entry("ServiceResolver", "{requestTimeout: 2s}"))
    assert layer(passage(mesh)).timeout_s == 2.0


def test_without_a_sidecar_at_the_caller_nothing_is_routed() -> None:
    found = passage(shop(HTTP, caller="consul.hashicorp.com/connect-inject: 'false'"))
    assert ([x.kind for x in found.layers], found.plaintext) == (["inbound"], True)


def test_retries_that_never_fire_are_a_problem() -> None:
    mesh = shop(HTTP, entry("ServiceRouter", "{routes: [" + router("numRetries: 4") + "]}"))
    assert [p.code for p in CONSUL.problems(mesh)] == ["consul-inert-retries"]


# -------------------------------------------------------------------------------------------------------- intentions


def intentions(sources: str, destination: str = "c", name: str = "c") -> str:
    return entry("ServiceIntentions", f"{{destination: {{name: '{destination}'}}, sources: [{sources}]}}", name)


def decision(mesh: Mesh, account: str | None = "a", **more: Any) -> Decision:
    principal = None if account is None else f"cluster.local/ns/shop/sa/{account}"
    found = CONSUL.verdict(Request(**{"principal": principal, "to": "shop/c", **more}), mesh, Options())
    assert found is not None
    return found.decision


ALLOW_A, DENY_ALL = "{name: a, action: allow}", "{name: '*', action: deny}"


def test_an_exact_source_beats_the_wildcard() -> None:
    mesh = shop(intentions(f"{DENY_ALL}, {ALLOW_A}"))
    assert (decision(mesh), decision(mesh, "b")) == (ALLOWED, DENIED)


def test_an_exact_destination_beats_an_exact_source() -> None:
    for_all = intentions("{name: a, action: deny}", "*", "all")
    mesh = shop(for_all, intentions("{name: '*', action: allow}"))
    assert decision(mesh) is ALLOWED


def test_intentions_are_never_merged() -> None:
    mesh = shop(
        HTTP, intentions("{name: a, permissions: [{action: allow, http: {pathExact: /x}}]}, {name: '*', action: deny}")
    )
    assert decision(mesh, path="/y") is UNKNOWN


@pytest.mark.parametrize(("acls", "found"), [("true", DENIED), ("false", ALLOWED)])
def test_what_no_intention_says_the_acls_say(acls: str, found: Decision) -> None:
    values = f"global: {{acls: {{manageSystemACLs: {acls}}}}}\nconnectInject: {{}}\n"
    facts = read(MemoryTree({"consul/values.yaml": values})).facts
    mesh = shop(intentions("{name: b, action: allow}"))
    whole = Mesh({**mesh.facts, ConsulInstallation: facts}, mesh.namespaces, mesh.pods, mesh.services)
    assert (decision(whole), decision(mesh)) == (found, UNKNOWN)


PERMISSIONS = (
    "{name: a, permissions: [{action: deny, http: {pathPrefix: /admin}},"
    " {action: allow, http: {pathRegex: '/v1/.*', methods: [GET]}}]}"
)


@pytest.mark.parametrize(
    ("method", "path", "found"),
    [("GET", "/v1/a", ALLOWED), ("GET", "/admin/x", DENIED), ("POST", "/v1/a", UNKNOWN), (None, None, UNKNOWN)],
)
def test_the_first_permission_that_takes_the_request_decides(
    method: str | None, path: str | None, found: Decision
) -> None:
    assert decision(shop(HTTP, intentions(PERMISSIONS)), method=method, path=path) is found


def test_permissions_on_tcp_deny() -> None:
    mesh = shop(intentions(PERMISSIONS))
    assert decision(mesh, method="GET", path="/v1/a") is DENIED
    assert [p.code for p in CONSUL.problems(mesh)] == ["consul-permissions-on-tcp"]


def test_a_token_that_is_asked_for_leaves_it_open() -> None:
    mesh = shop(
        HTTP, intentions("{name: a, permissions: [{action: allow, http: {pathExact: /x}, jwt: {providers: []}}]}")
    )
    assert decision(mesh, path="/x") is UNKNOWN


def test_without_an_identity_mutual_tls_refuses() -> None:
    assert decision(shop(intentions("{name: '*', action: allow}")), None) is DENIED


def test_permissive_tls_lets_plaintext_in_round_every_intention() -> None:
    permissive = entry("ServiceDefaults", "{protocol: http, mutualTLSMode: permissive}")
    mesh = shop(permissive, entry("Mesh", "{allowEnablingPermissiveMutualTLS: true}", "mesh"), intentions(DENY_ALL))
    assert decision(mesh, None) is ALLOWED
    assert decision(shop(permissive, intentions(DENY_ALL)), None) is DENIED


def test_exposed_paths_are_open() -> None:
    exposed = entry("ServiceDefaults", "{protocol: http, expose: {paths: [{path: /health}]}}")
    mesh = shop(exposed, intentions(DENY_ALL))
    assert (decision(mesh, None, path="/health"), decision(mesh, None, path="/x")) == (ALLOWED, DENIED)


def test_an_application_that_nothing_leads_into_the_sidecar_is_reached_round_it() -> None:
    pod = f"{INJECT}, consul.hashicorp.com/transparent-proxy: 'false'"
    assert decision(shop(intentions(DENY_ALL), pod=pod), None) is ALLOWED


def test_a_second_object_for_one_destination_is_refused() -> None:
    mesh = shop(intentions(ALLOW_A), intentions(DENY_ALL, name="other"))
    assert [p.code for p in CONSUL.problems(mesh)] == ["consul-intentions-twice"]


def test_without_a_sidecar_consul_has_no_say() -> None:
    mesh = shop(intentions(DENY_ALL), pod="consul.hashicorp.com/connect-inject: 'false'")
    assert CONSUL.verdict(Request(None, "shop/c"), mesh, Options()) is None


def test_senders_of_one_intention_are_one_group() -> None:
    mesh = shop(intentions(f"{ALLOW_A}, {DENY_ALL}"))
    senders = tuple(Sender(f"cluster.local/ns/shop/sa/{n}", f"shop/{n}") for n in ("a", "b", "d"))
    assert CONSUL.groups is not None
    found = CONSUL.groups(mesh.services["shop/c"], (*senders, Sender(None, None)), mesh)
    assert sorted(found) == [0b0001, 0b0110, 0b1000]


def test_where_only_entries_are_written_sidecars_are_assumed_and_said_to_be() -> None:
    mesh = mesh_of(namespace(annotations=""), app("c"), HTTP)
    found = CONSUL.member(mesh.pods["shop/c"], mesh)
    assert found is not None
    assert found.because.text.startswith("assumed")
