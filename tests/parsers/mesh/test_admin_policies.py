"""Cluster-wide network policies, as written."""

from __future__ import annotations

from parsers.diagnostics import Code, Diagnostic
from parsers.facts.kubernetes import AdminPolicy, IpBlock
from parsers.reading import read
from parsers.source import MemoryTree

HEAD = "apiVersion: policy.networking.k8s.io/v1alpha1\nkind: AdminNetworkPolicy\nmetadata: {name: p}\n"


def policies(text: str) -> list[AdminPolicy]:
    return [f for f in read(MemoryTree({"p.yaml": text})).facts if isinstance(f, AdminPolicy)]


def diagnostics(text: str) -> list[Diagnostic]:
    return list(read(MemoryTree({"p.yaml": text})).diagnostics)


def test_subject_rules_ports_and_priority_are_read() -> None:
    (policy,) = policies(
        HEAD
        + """spec:
  priority: 5
  subject: {namespaces: {matchLabels: {team: a}}}
  ingress:
    - name: r
      action: Deny
      from: [{pods: {namespaceSelector: {}, podSelector: {matchLabels: {app: x}}}}, {namespaces: {}}]
      ports: [{portNumber: {protocol: UDP, port: 53}}, {portRange: {start: 1, end: 9}}, {namedPort: web}]
"""
    )
    assert (policy.tier, policy.priority, policy.subject.pod_selector) == ("Admin", 5, None)
    (rule,) = policy.ingress
    assert [p.pod_selector is None for p in rule.peers] == [False, True]
    assert [(p.protocol, p.port, p.end_port) for p in rule.ports] == [
        ("UDP", 53, None),
        ("TCP", 1, 9),
        ("TCP", "web", None),
        ("UDP", "web", None),
        ("SCTP", "web", None),
    ]


def test_networks_are_peers_and_nodes_are_not_known() -> None:
    text = "spec: {subject: {namespaces: {}}, egress: [{action: Allow, to: [{networks: [10.0.0.0/8]}, {nodes: {}}]}]}\n"
    (policy,) = policies(HEAD + text)
    assert [p.ip_block for p in policy.egress[0].peers] == [IpBlock("10.0.0.0/8", ())]
    assert policy.egress[0].unknown


def test_the_successor_accepts_and_names_its_tier_and_protocols() -> None:
    (policy,) = policies(
        """
apiVersion: policy.networking.k8s.io/v1alpha2
kind: ClusterNetworkPolicy
metadata: {name: p}
spec:
  tier: Baseline
  subject: {namespaces: {}}
  ingress:
    - action: Accept
      from: [{namespaces: {}}]
      protocols: [{tcp: {destinationPort: {number: 80}}}, {udp: {destinationPort: {range: {start: 1, end: 2}}}}]
"""
    )
    assert (policy.tier, policy.ingress[0].action) == ("Baseline", "Allow")
    assert [(p.protocol, p.port, p.end_port) for p in policy.ingress[0].ports] == [("TCP", 80, None), ("UDP", 1, 2)]


def test_an_unknown_action_is_told_and_decides_nothing() -> None:
    text = HEAD + "spec: {subject: {namespaces: {}}, ingress: [{action: Block, from: [{namespaces: {}}]}]}\n"
    assert policies(text)[0].ingress[0].action == "Pass"
    assert [d.code for d in diagnostics(text)] == [Code.INVALID_VALUE]


def test_a_wrong_type_is_a_diagnostic() -> None:
    assert Code.WRONG_TYPE in [d.code for d in diagnostics(HEAD + "spec: {subject: {namespaces: {}}, ingress: 3}\n")]


def test_a_missing_spec_is_a_policy_about_nothing_in_particular() -> None:
    (policy,) = policies(HEAD)
    assert (policy.ingress, policy.egress) == ((), ())
