"""What a change of policies opens and closes."""

from __future__ import annotations

from analyzer.linking.mesh import Mesh
from analyzer.linking.topology import topology
from analyzer.options import Options
from analyzer.reachability.changes import policy_changes
from parsers.facts import Labels, Selector
from parsers.facts.kubernetes import NetworkPolicy
from tests.analyzer.semantics.istio.meshes import (
    SPAN,
    Document,
    document,
    mesh,
    mesh_config,
    meta,
    policy,
    read,
    service,
    workload,
)

A = "cluster.local/ns/default/sa/a"


def changes(before: list[Document], after: list[Document]) -> list[tuple[str, dict[str, str | None]]]:
    config = mesh_config(["cluster.local"])
    there = (workload(), service(), config)
    found = policy_changes(mesh(before, *there), mesh(after, *there), Options())
    return [(c.kind, dict(c.example)) for c in found]


def paths(*written: str) -> list[Document]:
    return [policy({"rules": [{"to": [{"operation": {"paths": [p]}}]} for p in written]})]


def test_a_wider_path_is_opened_with_an_example() -> None:
    assert changes(paths("/a"), paths("/a*")) == [("opened", {"path": "/ax"})]


def test_a_narrower_method_is_closed_with_an_example() -> None:
    get = [policy({"rules": [{"to": [{"operation": {"methods": ["GET"]}}]}]})]
    assert changes([policy({"rules": [{}]})], get) == [("closed", {"method": "ACL"})]


def test_a_template_in_place_of_a_literal_star_opens_and_closes() -> None:
    found = changes(paths("/v1/*/refund"), paths("/v1/{*}/refund"))
    assert found == [("opened", {"path": "/v1/x/refund"})]


def test_another_text_of_the_same_meaning_is_the_same() -> None:
    assert changes(paths("/a*", "/ab"), paths("/a*")) == [("same", {})]
    assert changes(paths("/a"), paths("/a")) == []


def test_a_deny_closes_and_strict_closes_to_peers_without_identity() -> None:
    deny = policy({"action": "DENY", "rules": [{"to": [{"operation": {"paths": ["/x"]}}]}]}, name="d")
    assert changes([], [deny]) == [("closed", {"path": "/x"})]
    strict = document("PeerAuthentication", {"mtls": {"mode": "STRICT"}})
    assert changes([], [strict]) == [("closed", {"principal": None})]


def network(*policies: NetworkPolicy) -> Mesh:
    facts = [*read([]), workload(), service(), workload("web"), service("web"), *policies]
    return topology(facts, Options())[0]


def test_a_network_policy_closes_by_sender() -> None:
    closed = NetworkPolicy(meta("np", "default"), Selector(Labels({"app": "app"})), ("Ingress",), (), None, SPAN)
    (change,) = policy_changes(network(), network(closed), Options())
    assert (change.kind, change.service) == ("closed", "default/app")
    assert change.requests == ("from default/web", "from none")
