"""Cilium's policies as written; what is not modelled is reported."""

from __future__ import annotations

import pytest

from parsers.facts.cilium import CiliumPolicy, PortNumber
from tests.parsers.builders import codes, only, read_yaml

KINDS = ("CiliumNetworkPolicy", "CiliumClusterwideNetworkPolicy")


def document(spec: str, kind: str = KINDS[0], key: str = "spec") -> str:
    return f"apiVersion: cilium.io/v2\nkind: {kind}\nmetadata: {{name: x, namespace: ns}}\n{key}: {spec}\n"


@pytest.mark.parametrize("kind", KINDS)
def test_a_policy_without_any_key_is_still_a_fact(kind: str) -> None:
    found = read_yaml(document("{}", kind))
    assert only(found, CiliumPolicy).clusterwide is (kind == KINDS[1])
    assert codes(found) == []


@pytest.mark.parametrize(
    "spec",
    ["[1]", "{ingress: 3}", "{ingress: [3]}", "{egress: [{toPorts: {a: b}}]}", "{endpointSelector: [1]}"],
)
def test_a_part_of_the_wrong_type_is_reported(spec: str) -> None:
    found = read_yaml(document(spec))
    only(found, CiliumPolicy)
    assert "P101" in codes(found)


@pytest.mark.parametrize(
    "spec", ["{x: 1}", "{ingress: [{fromEndpoint: []}]}", "{ingress: [{toPorts: [{rules: {htp: []}}]}]}"]
)
def test_a_key_that_nobody_reads_is_reported(spec: str) -> None:
    assert codes(read_yaml(document(spec))) == ["P102"]


def test_spec_and_specs_are_one_list() -> None:
    text = document("{ingress: [{}]}") + "specs: [{egress: [{}]}, {egressDeny: [{}]}]\n"
    assert len(only(read_yaml(text), CiliumPolicy).rules) == 3


def test_empty_and_missing_sections_differ() -> None:
    rule = only(read_yaml(document("{ingress: [], egress: [{}]}")), CiliumPolicy).rules[0]
    assert (rule.ingress, rule.ingress_deny, len(rule.egress or ())) == ((), None, 1)
    assert rule.egress is not None
    assert rule.egress[0].peerless


def test_ports_are_texts_of_digits_or_names() -> None:
    ports = "[{port: '80', endPort: 90, protocol: TCP}, {port: 443}, {port: http}, {protocol: udp}]"
    rule = only(read_yaml(document("{ingress: [{toPorts: [{ports: " + ports + "}]}]}")), CiliumPolicy).rules[0]
    assert rule.ingress is not None
    assert rule.ingress[0].ports is not None
    assert rule.ingress[0].ports[0].ports == (
        PortNumber(80, 90, "TCP"),
        PortNumber(443, None, "ANY"),
        PortNumber("http", None, "ANY"),
        PortNumber(None, None, "UDP"),
    )


def test_http_rules_and_peers_are_read() -> None:
    spec = """
  endpointSelector: {matchLabels: {'k8s:app': c}}
  ingress:
    - fromEndpoints: [{matchLabels: {app: a}}]
      toPorts: [{ports: [{port: '80'}], rules: {http: [{method: GET, path: /a, headers: [X-My]}]}}]
    - fromCIDRSet: [{cidr: 10.0.0.0/8, except: [10.1.0.0/16]}]
    - fromEntities: [world]
  egress:
    - toFQDNs: [{matchName: a.io}, {matchPattern: '*.b.io'}]
    - toServices: [{k8sService: {serviceName: s, namespace: web}}]
"""
    found = read_yaml(document(spec))
    rule = only(found, CiliumPolicy).rules[0]
    assert rule.ingress is not None
    assert rule.egress is not None
    assert rule.ingress[0].ports is not None
    (http,) = rule.ingress[0].ports[0].http or ()
    assert (http.method, http.path, http.headers) == ("GET", "/a", ("X-My",))
    assert (rule.ingress[2].entities, rule.egress[0].names) == (("world",), ("a.io", "*.b.io"))
    assert rule.egress[1].services == (("web", "s"),)
    assert codes(found) == []


def test_a_rule_about_nodes_selects_no_pod() -> None:
    (rule,) = only(read_yaml(document("{nodeSelector: {}, ingress: [{}]}", KINDS[1])), CiliumPolicy).rules
    assert rule.endpoints is None


def test_a_kind_that_is_not_modelled_is_reported() -> None:
    assert codes(read_yaml("apiVersion: cilium.io/v2\nkind: CiliumEnvoyConfig\nmetadata: {name: x}\n")) == ["P105"]
