"""Cilium: verdicts where its idioms differ from Kubernetes', and the retries that no line mentions."""

from __future__ import annotations

from typing import Any

import pytest

from analyzer.linking.mesh import Mesh
from analyzer.model import Decision, Request
from analyzer.options import Options
from analyzer.semantics import Sender
from analyzer.semantics.cilium import CILIUM
from analyzer.semantics.network_policy import NETWORK_POLICY
from tests.analyzer.semantics.istio.calls import mesh_of, wire
from tests.analyzer.semantics.linkerd.shop import app, namespace

ALLOWED, DENIED, UNKNOWN = Decision.ALLOWED, Decision.DENIED, Decision.UNKNOWN
PORT = "toPorts: [{ports: [{port: '8080', protocol: TCP}]}]"
GET_OPEN = "toPorts: [{ports: [{port: '8080'}], rules: {http: [{method: GET, path: /open}]}}]"
FROM_A = "fromEndpoints: [{matchLabels: {app: a}}]"


def policy(spec: str, name: str = "p", subject: str = "{matchLabels: {app: c}}", ns: str = "shop") -> str:
    kind = "CiliumNetworkPolicy" if ns else "CiliumClusterwideNetworkPolicy"
    where = f", namespace: {ns}" if ns else ""
    return f"""
apiVersion: cilium.io/v2
kind: {kind}
metadata: {{name: {name}{where}}}
spec: {{endpointSelector: {subject}, {spec}}}
"""


def kubernetes(spec: str) -> str:
    return f"""
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {{name: k, namespace: shop}}
spec: {{podSelector: {{matchLabels: {{app: c}}}}, {spec}}}
"""


def shop(*more: str) -> Mesh:
    """``a`` and ``b`` beside ``c`` in one namespace, ``w`` in another; no mesh."""
    apps = (app("a"), app("b"), app("c"), app("w", ns="web"))
    return mesh_of(namespace(annotations=""), namespace("web", annotations=""), *apps, *more)


def decision(mesh: Mesh, caller: str | None = "shop/a", **more: Any) -> Decision | None:
    given: dict[str, Any] = {"principal": None, "to": "shop/c", "port": 8080, "caller": caller, **more}
    found = CILIUM.verdict(Request(**given), mesh, Options())
    return None if found is None else found.decision


def test_without_a_policy_cilium_has_no_say() -> None:
    assert decision(shop()) is None


def test_endpoints_of_the_namespace_are_let_in() -> None:
    mesh = shop(policy(f"ingress: [{{{FROM_A}, {PORT}}}]"))
    assert (decision(mesh), decision(mesh, "shop/b"), decision(mesh, "web/w")) == (ALLOWED, DENIED, DENIED)


def test_another_port_is_not_let_in() -> None:
    assert decision(shop(policy(f"ingress: [{{{FROM_A}, {PORT}}}]")), port=9090) is DENIED


def test_an_empty_entry_denies_all() -> None:
    assert decision(shop(policy("ingress: [{}]"))) is DENIED


def test_an_empty_selector_of_peers_means_the_namespace() -> None:
    mesh = shop(policy("ingress: [{fromEndpoints: [{}]}]"))
    assert (decision(mesh), decision(mesh, "web/w")) == (ALLOWED, DENIED)


def test_an_empty_list_of_peers_selects_nobody() -> None:
    assert decision(shop(policy("ingress: [{fromEndpoints: []}]"))) is DENIED


def test_ports_alone_take_everybody() -> None:
    assert decision(shop(policy(f"ingress: [{{{PORT}}}]")), "web/w") is ALLOWED


def test_a_cluster_wide_policy_means_every_namespace() -> None:
    mesh = shop(policy("ingress: [{fromEndpoints: [{}]}]", ns=""))
    assert decision(mesh, "web/w") is ALLOWED


@pytest.mark.parametrize("key", ["k8s:io.kubernetes.pod.namespace", "io.kubernetes.pod.namespace"])
def test_another_namespace_has_to_be_named(key: str) -> None:
    mesh = shop(policy(f"ingress: [{{fromEndpoints: [{{matchLabels: {{'{key}': web}}}}]}}]"))
    assert (decision(mesh, "web/w"), decision(mesh)) == (ALLOWED, DENIED)


def test_labels_may_name_their_source() -> None:
    mesh = shop(policy("ingress: [{fromEndpoints: [{matchLabels: {'k8s:app': a}}, {matchLabels: {'any:app': b}}]}]"))
    assert (decision(mesh), decision(mesh, "shop/b")) == (ALLOWED, ALLOWED)


def test_a_denial_beats_every_allowance() -> None:
    mesh = shop(policy("ingress: [{fromEntities: [all]}]"), policy(f"ingressDeny: [{{{FROM_A}}}]", "d"))
    assert (decision(mesh), decision(mesh, "shop/b")) == (DENIED, ALLOWED)


def test_denials_alone_still_deny_by_default() -> None:
    assert decision(shop(policy(f"ingressDeny: [{{{FROM_A}}}]")), "shop/b") is DENIED
    relaxed = policy(f"enableDefaultDeny: {{ingress: false}}, ingressDeny: [{{{FROM_A}}}]")
    assert (decision(shop(relaxed), "shop/b"), decision(shop(relaxed))) == (ALLOWED, DENIED)


def test_egress_of_the_sender_counts_too() -> None:
    only_b = policy("egress: [{toEndpoints: [{matchLabels: {app: b}}]}]", subject="{matchLabels: {app: a}}")
    assert (decision(shop(only_b)), decision(shop(only_b), "shop/b")) == (DENIED, None)


def test_addresses_are_never_those_of_pods() -> None:
    mesh = shop(policy("ingress: [{fromCIDR: [0.0.0.0/0]}]"))
    assert (decision(mesh), decision(mesh, None, source_ip="8.8.8.8")) == (DENIED, ALLOWED)


@pytest.mark.parametrize(
    ("entity", "pod", "outside"),
    [("all", ALLOWED, ALLOWED), ("cluster", ALLOWED, UNKNOWN), ("world", DENIED, ALLOWED), ("host", DENIED, UNKNOWN)],
)
def test_entities(entity: str, pod: Decision, outside: Decision) -> None:
    mesh = shop(policy(f"ingress: [{{fromEntities: [{entity}]}}]"))
    assert (decision(mesh), decision(mesh, None, source_ip="8.8.8.8")) == (pod, outside)


@pytest.mark.parametrize(
    ("method", "path", "found"),
    [
        ("GET", "/open", ALLOWED),
        ("POST", "/open", DENIED),
        ("GET", "/open?x=1", DENIED),
        ("GET", "/open/1", DENIED),
        (None, None, UNKNOWN),
    ],
)
def test_http_rules_are_expressions_on_the_whole_path(method: str | None, path: str | None, found: Decision) -> None:
    mesh = shop(policy(f"ingress: [{{{FROM_A}, {GET_OPEN}}}]"))
    assert decision(mesh, method=method, path=path) is found


def test_a_wider_allowance_voids_http_rules() -> None:
    mesh = shop(policy(f"ingress: [{{{FROM_A}, {GET_OPEN}}}]"), policy("ingress: [{fromEndpoints: [{}]}]", "wide"))
    assert decision(mesh, method="POST", path="/any") is ALLOWED


def test_without_default_denial_http_rules_still_drop() -> None:
    mesh = shop(policy(f"enableDefaultDeny: {{ingress: false}}, ingress: [{{{FROM_A}, {GET_OPEN}}}]"))
    assert decision(mesh, method="POST", path="/any") is DENIED
    assert decision(mesh, "shop/b", method="POST", path="/any") is ALLOWED


def test_nobody_knows_who_sends() -> None:
    assert decision(shop(policy(f"ingress: [{{{FROM_A}}}]")), None) is UNKNOWN
    assert decision(shop(policy("ingress: [{}]")), None) is DENIED


def test_kubernetes_policies_are_joined_with_ciliums() -> None:
    from_b = kubernetes("ingress: [{from: [{podSelector: {matchLabels: {app: b}}}]}]")
    mesh = shop(policy(f"ingress: [{{{FROM_A}}}]"), from_b)
    assert [decision(mesh, c) for c in ("shop/a", "shop/b", "web/w")] == [ALLOWED, ALLOWED, DENIED]
    assert NETWORK_POLICY.verdict(Request(None, "shop/c", caller="shop/a"), mesh, Options()) is None


@pytest.mark.parametrize(
    ("ingress", "found"),
    [
        ("ingress: [{}]", [ALLOWED, ALLOWED]),
        ("ingress: []", [DENIED, DENIED]),
        ("ingress: [{from: [{namespaceSelector: {}}]}]", [ALLOWED, ALLOWED]),
        (
            "ingress: [{from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: web}}}]}]",
            [DENIED, ALLOWED],
        ),
        ("ingress: [{from: [{podSelector: {}}], ports: [{port: http}]}]", [ALLOWED, DENIED]),
    ],
)
def test_kubernetes_idioms_stay_what_they_are(ingress: str, found: list[Decision]) -> None:
    elsewhere = policy("ingress: [{fromEntities: [all]}]", subject="{matchLabels: {app: b}}")
    mesh = shop(kubernetes(ingress), elsewhere)
    assert [decision(mesh, c) for c in ("shop/a", "web/w")] == found


CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: cilium-config, namespace: kube-system}\n"


def test_an_installation_may_enforce_always_or_never() -> None:
    elsewhere = policy("ingress: [{fromEntities: [all]}]", subject="{matchLabels: {app: b}}")
    always, never = (f"{CONFIG}data: {{enable-policy: {mode}}}\n" for mode in ("always", "never"))
    assert decision(shop(elsewhere)) is None
    assert decision(shop(elsewhere, always)) is DENIED
    assert decision(shop(policy("ingress: [{}]"), never)) is None


def test_senders_that_the_same_entries_take_are_one_group() -> None:
    names = ("shop/a", "shop/b", "web/w", "shop/c")
    senders = tuple(Sender(None, n) for n in names)
    assert CILIUM.groups is not None
    bare = shop()
    assert CILIUM.groups(bare.services["shop/c"], senders, bare) == (0b1111,)
    mesh = shop(policy(f"ingress: [{{{FROM_A}}}]"))
    assert sorted(CILIUM.groups(mesh.services["shop/c"], senders, mesh)) == [0b0001, 0b0110, 0b1000]
    for group in CILIUM.groups(mesh.services["shop/c"], senders, mesh):
        assert len({decision(mesh, n) for i, n in enumerate(names) if group & (1 << i)}) == 1


# ----------------------------------------------------------------------------------------------------------- retries


def attempts(mesh: Mesh, **call: Any) -> list[int | None]:
    found = CILIUM.passage(wire(**call), mesh, Options())
    return [layer.attempts.value for layer in found.layers if layer.attempts is not None] if found else []


EGRESS = policy(
    "egress: [{toEndpoints: [{matchLabels: {app: c}}], " + GET_OPEN + "}]", "out", "{matchLabels: {app: a}}"
)
INGRESS = policy(f"ingress: [{{{FROM_A}, {GET_OPEN}}}]", "in")


def test_an_http_rule_repeats_three_times_at_each_end() -> None:
    assert attempts(shop(INGRESS)) == [4]
    assert attempts(shop(EGRESS)) == [4]
    assert attempts(shop(EGRESS, INGRESS)) == [4, 4]


def test_a_rule_for_ports_alone_repeats_nothing() -> None:
    assert attempts(shop(policy(f"ingress: [{{{FROM_A}, {PORT}}}]"))) == []


def test_a_rule_about_others_repeats_nothing() -> None:
    assert attempts(shop(INGRESS), caller="shop/b") == []
    assert attempts(shop(INGRESS), protocol="tcp") == []


def test_the_count_of_the_installation_wins() -> None:
    assert attempts(shop(INGRESS, CONFIG + "data: {http-retry-count: '1'}\n")) == [2]
    assert attempts(shop(INGRESS, CONFIG + "data: {http-retry-count: '0'}\n")) == [1]
    assert attempts(shop(INGRESS, CONFIG + "data: {http-retry-count: many}\n")) == [4]
