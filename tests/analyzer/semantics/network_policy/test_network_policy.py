"""NetworkPolicies between pods and addresses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from analyzer.linking.mesh import Mesh
from analyzer.linking.topology import topology
from analyzer.model import Decision, Request, Verdict
from analyzer.options import Options
from analyzer.semantics import Sender
from analyzer.semantics.network_policy import NETWORK_POLICY
from analyzer.semantics.network_policy.connectivity import connections
from analyzer.semantics.network_policy.ports import EVERY_PORT, NO_PORT, Ports, ports
from parsers.facts import Labels, Requirement, Selector
from parsers.facts.kubernetes import IpBlock, NetworkPolicy, Peer, PolicyPort, PolicyRule
from tests.analyzer.semantics.istio.meshes import SPAN, meta, namespace, service, workload


def selector(**labels: str) -> Selector:
    return Selector(Labels(labels))


def pods(**labels: str) -> Peer:
    return Peer(selector(**labels), None, None, SPAN)


def block(cidr: str, *excepts: str) -> Peer:
    return Peer(None, None, IpBlock(cidr, excepts), SPAN)


def rule(*peers: Peer, on: tuple[PolicyPort, ...] = ()) -> PolicyRule:
    return PolicyRule(peers, on, SPAN)


def port(number: int | str | None, end: int | None = None, protocol: str = "TCP") -> PolicyPort:
    return PolicyPort(number, end, protocol, SPAN)


def np(
    *ingress: PolicyRule,
    to: Selector = selector(app="app"),  # noqa: B008  # frozen
    egress: tuple[PolicyRule, ...] | None = None,
    types: tuple[str, ...] = (),
    name: str = "np",
    ns: str = "default",
) -> NetworkPolicy:
    return NetworkPolicy(meta(name, ns), to, types, ingress, egress, SPAN)


def there(*policies: NetworkPolicy, extra: tuple[object, ...] = ()) -> Mesh:
    """``default/app``, ``default/web`` and ``other/web``."""
    facts = (
        workload("app", ports={"http": 8080, "metrics": 9090}),
        service("app"),
        workload("web", labels={"app": "web", "tier": "front"}),
        service("web"),
        workload("web", "other", labels={"app": "web"}),
        service("web", "other"),
        namespace("other", {"team": "x"}),
    )
    return topology([*facts, *extra, *policies], Options())[0]


def between(mesh: Mesh, source: str = "default/web", target: str = "default/app") -> Ports:
    a = mesh.pods.get(source, source)
    return connections(a, mesh.pods[target], mesh)


def test_a_pod_that_no_policy_selects_is_open() -> None:
    assert between(there(np(to=selector(app="elsewhere")))) == EVERY_PORT


def test_a_selected_pod_lets_in_what_a_rule_says_and_nothing_else() -> None:
    mesh = there(np(rule(pods(app="web"), on=(port(8080),))))
    assert str(between(mesh)) == "TCP 8080"
    assert between(mesh, "other/web") == NO_PORT


def test_no_rules_deny_all_and_an_empty_rule_allows_all() -> None:
    assert between(there(np())) == NO_PORT
    assert between(there(np(rule()))) == EVERY_PORT


def test_policies_are_united_and_never_deny() -> None:
    mesh = there(np(), np(rule(pods(app="web")), name="more"))
    assert between(mesh) == EVERY_PORT


def test_egress_of_the_sender_and_ingress_of_the_receiver_must_both_let_through() -> None:
    shut = np(to=selector(app="web"), egress=(), types=("Egress",), name="web")
    assert between(there(shut, np(rule(pods(app="web"))))) == NO_PORT


def test_without_policy_types_egress_counts_where_it_is_written() -> None:
    closed = np(to=selector(app="web"), egress=(rule(pods(app="nobody")),), name="web")
    assert between(there(closed)) == NO_PORT
    assert between(there(np(to=selector(app="web"), egress=None, name="web"))) == EVERY_PORT


def test_selectors_in_one_peer_are_both_meant_and_in_two_either() -> None:
    both = Peer(selector(app="web"), selector(team="x"), None, SPAN)
    assert between(there(np(rule(both))), "other/web") == EVERY_PORT
    assert between(there(np(rule(both)))) == NO_PORT
    either = (Peer(None, selector(team="x"), None, SPAN), pods(app="web"))
    assert between(there(np(rule(*either)))) == EVERY_PORT


def test_a_namespace_is_found_by_its_name() -> None:
    named = Peer(None, Selector(Labels({"kubernetes.io/metadata.name": "other"})), None, SPAN)
    assert between(there(np(rule(named))), "other/web") == EVERY_PORT


def test_expressions_of_a_selector_are_read() -> None:
    front = Peer(Selector(match_expressions=(Requirement("tier", "Exists", ()),)), None, None, SPAN)
    mesh = there(np(rule(front)))
    assert (between(mesh), between(mesh, "default/app")) == (EVERY_PORT, EVERY_PORT)  # a pod reaches itself
    assert between(mesh, "other/web") == NO_PORT


def test_a_port_may_be_named_by_the_receiving_pod_and_may_be_a_range() -> None:
    assert str(between(there(np(rule(on=(port("metrics"),)))))) == "TCP 9090"
    assert between(there(np(rule(on=(port("unknown"),))))) == NO_PORT
    assert str(between(there(np(rule(on=(port(8000, 8100),)))))) == "TCP 8000-8100"
    assert str(between(there(np(rule(on=(port(None, protocol="UDP"),)))))) == "UDP 1-65535"


def test_an_address_block_takes_addresses_outside_but_its_exceptions() -> None:
    mesh = there(np(rule(block("10.0.0.0/8", "10.1.0.0/16"))))
    assert between(mesh, "10.2.0.1/32") == EVERY_PORT
    assert between(mesh, "10.1.0.1/32") == NO_PORT
    assert between(mesh, "11.0.0.1/32") == NO_PORT
    assert between(mesh, "0.0.0.0/0") == NO_PORT


def ask(mesh: Mesh, **parts: Any) -> Verdict | None:
    return NETWORK_POLICY.verdict(Request(None, "default/app", **parts), mesh, Options())


def decision(mesh: Mesh, **parts: Any) -> Decision | None:
    found = ask(mesh, **parts)
    return found.decision if found else None


def test_without_policies_it_has_no_say() -> None:
    assert ask(there(), caller="default/web") is None
    assert ask(there(np(to=selector(app="elsewhere"))), caller="default/web") is None


def test_the_calling_service_decides_which_pods_send() -> None:
    mesh = there(np(rule(pods(app="web"), on=(port(8080),))))
    assert decision(mesh, caller="default/web", port=8080) is Decision.ALLOWED
    assert decision(mesh, caller="default/web", port=9090) is Decision.DENIED
    assert decision(mesh, caller="other/web", port=8080) is Decision.DENIED


def test_an_identity_stands_for_the_pods_that_have_it() -> None:
    mesh = there(np(rule(pods(app="web"))))
    request = Request("cluster.local/ns/other/sa/default", "default/app")
    found = NETWORK_POLICY.verdict(request, mesh, Options())
    assert found is not None
    assert found.decision is Decision.DENIED


def test_an_unknown_sender_is_decided_where_nobody_or_everybody_may() -> None:
    assert decision(there(np())) is Decision.DENIED
    assert decision(there(np(rule(on=(port(8080),))))) is Decision.ALLOWED
    found = ask(there(np(rule(pods(app="web")))))
    assert found is not None
    assert found.needs == ("which pod or address sends it",)


def test_a_pod_behind_an_address_block_is_left_to_the_network_plugin() -> None:
    found = ask(there(np(rule(block("0.0.0.0/0")))), caller="default/web", port=8080)
    assert found is not None
    assert found.decision is Decision.UNKNOWN


def test_a_denial_names_the_policy_that_isolates() -> None:
    found = ask(there(np()), caller="default/web")
    assert found is not None
    assert (
        found.because[0].text == "NetworkPolicy default/np isolates the pod for ingress, and no rule lets this through"
    )
    assert found.because[0].span == SPAN


def test_a_pod_on_the_hosts_network_is_not_subject() -> None:
    host = workload("node", labels={"app": "app"}, host_network=True)
    mesh = topology([host, service("node", selector={"app": "app"}), np()], Options())[0]
    assert NETWORK_POLICY.verdict(Request(None, "default/node", caller="default/node"), mesh, Options()) is None


RANGES = st.lists(
    st.tuples(st.sampled_from(["TCP", "UDP"]), st.integers(1, 9), st.integers(0, 4)).map(
        lambda t: (t[0], t[1], t[1] + t[2])
    ),
    max_size=4,
)
POINTS = [(p, n) for p in ("TCP", "UDP") for n in range(1, 15)]


@given(RANGES, RANGES)
def test_sets_of_ports_are_united_and_intersected_port_by_port(a: list[Any], b: list[Any]) -> None:
    left, right = ports(a), ports(b)
    for point in POINTS:
        assert (point in left | right) == (point in left or point in right)
        assert (point in left & right) == (point in left and point in right)


LABELS: list[Mapping[str, str]] = [{"app": "web"}, {"tier": "front"}, {"app": "app"}, {}]
PEERS = st.one_of(
    st.sampled_from(LABELS).map(lambda x: pods(**x)),
    st.sampled_from(LABELS).map(lambda x: Peer(selector(**x), selector(), None, SPAN)),
    st.just(Peer(None, selector(team="x"), None, SPAN)),
    st.just(block("10.0.0.0/8")),
)
RULES = st.builds(
    lambda peers, on: rule(*peers, on=tuple(on)),
    st.lists(PEERS, max_size=2),
    st.lists(st.sampled_from([port(8080), port("metrics"), port(None)]), max_size=2),
)
POLICIES = st.lists(
    st.builds(
        lambda ingress, egress, labels, types, ns: (ingress, egress, labels, types, ns),
        st.lists(RULES, max_size=2),
        st.none() | st.lists(RULES, max_size=2).map(tuple),
        st.sampled_from(LABELS),
        st.sampled_from([(), ("Ingress",), ("Egress",), ("Ingress", "Egress")]),
        st.sampled_from(["default", "other"]),
    ),
    max_size=4,
)


@given(POLICIES)
def test_senders_in_one_group_get_the_same_answer(written: list[Any]) -> None:
    policies = [
        np(*ingress, to=selector(**labels), egress=egress, types=types, name=f"p{i}", ns=ns)
        for i, (ingress, egress, labels, types, ns) in enumerate(written)
    ]
    mesh = there(*policies)
    senders = (*(Sender(None, s) for s in sorted(mesh.services)), Sender(None, None))
    assert NETWORK_POLICY.groups is not None
    for target in mesh.services.values():
        for group in NETWORK_POLICY.groups(target, senders, mesh):
            answers = set()
            for index, sender in enumerate(senders):
                if group >> index & 1:
                    request = Request(None, target.id, port=8080, caller=sender.service)
                    found = NETWORK_POLICY.verdict(request, mesh, Options())
                    answers.add(found.decision if found else None)
            assert len(answers) <= 1 or answers == {None, Decision.ALLOWED}
