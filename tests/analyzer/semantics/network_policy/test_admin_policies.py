"""Administrators' policies before and after NetworkPolicies."""

from __future__ import annotations

from analyzer.semantics.network_policy.ports import EVERY_PORT, NO_PORT
from parsers.facts import Labels, Selector
from parsers.facts.kubernetes import AdminPolicy, AdminRule, IpBlock, Peer, PolicyPort
from tests.analyzer.semantics.istio.meshes import SPAN, meta
from tests.analyzer.semantics.network_policy.test_network_policy import ask, between, np, pods, port, rule, there

EVERYBODY = Peer(None, Selector(), None, SPAN)
WEB = Peer(Selector(Labels({"app": "web"})), Selector(), None, SPAN)


def action(what: str, *peers: Peer, on: tuple[PolicyPort, ...] = (), unknown: bool = False) -> AdminRule:
    return AdminRule("r", what, peers or (EVERYBODY,), on, unknown, SPAN)


def admin(
    *ingress: AdminRule, tier: str = "Admin", priority: int = 1, egress: tuple[AdminRule, ...] = ()
) -> AdminPolicy:
    return AdminPolicy(meta(f"{tier}{priority}", ""), tier, priority, EVERYBODY, ingress, egress, SPAN)


def test_the_first_rule_that_matches_decides() -> None:
    assert str(between(there(extra=(admin(action("Allow", WEB, on=(port(80),)), action("Deny")),)))) == "TCP 80"


def test_the_lowest_priority_is_asked_first() -> None:
    mesh = there(extra=(admin(action("Allow"), priority=9), admin(action("Deny"), priority=2)))
    assert between(mesh) == NO_PORT


def test_an_administrators_word_goes_over_a_network_policy() -> None:
    assert between(there(np(), extra=(admin(action("Allow")),))) == EVERY_PORT
    assert between(there(np(rule(pods(app="web"))), extra=(admin(action("Deny")),))) == NO_PORT


def test_what_is_passed_is_left_to_network_policies_then_to_the_baseline() -> None:
    passing, base = admin(action("Pass"), action("Deny")), admin(action("Deny"), tier="Baseline")
    assert between(there(np(rule(pods(app="web"))), extra=(passing, base))) == EVERY_PORT
    assert between(there(extra=(passing, base))) == NO_PORT
    assert between(there(extra=(passing,))) == EVERY_PORT


def test_the_baseline_has_no_say_where_a_network_policy_applies() -> None:
    assert between(there(np(), extra=(admin(action("Allow"), tier="Baseline"),))) == NO_PORT


def test_egress_is_decided_at_the_sender() -> None:
    assert between(there(extra=(admin(egress=(action("Deny", on=(port(8080),)),)),))) == EVERY_PORT - between(
        there(np(rule(on=(port(8080),))))
    )


def test_a_network_is_an_address_outside_and_never_a_pod() -> None:
    network = Peer(None, None, IpBlock("0.0.0.0/0", ()), SPAN)
    mesh = there(extra=(admin(action("Deny", network)),))
    assert (between(mesh), between(mesh, "10.0.0.1/32")) == (EVERY_PORT, NO_PORT)


def test_a_denial_names_the_policy_of_the_administrator() -> None:
    found = ask(there(extra=(admin(action("Deny")),)), caller="default/web")
    assert found is not None
    assert found.because[0].text == "Admin policy Admin1 is about the pod's ingress"
