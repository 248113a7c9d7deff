"""NetworkPolicy.

Source: networking.k8s.io/v1 ``NetworkPolicySpec``.
Shape: ``ingress``/``egress`` are ``None`` where absent, empty where nothing is allowed; rules in document order.
"""

from __future__ import annotations

from collections.abc import Iterator

from parsers.facts.kubernetes import IpBlock, NetworkPolicy, Peer, PolicyPort, PolicyRule
from parsers.metadata import meta, selector
from parsers.yamltree import Node


def read(doc: Node) -> Iterator[object]:
    """One ``NetworkPolicy``."""
    named, spec = meta(doc), doc.at("spec")
    if named:
        yield NetworkPolicy(
            meta=named,
            pod_selector=selector(spec.at("podSelector")),
            policy_types=spec.at("policyTypes").strings(),
            ingress=_rules(spec.at("ingress"), "from"),
            egress=_rules(spec.at("egress"), "to"),
            span=doc.span,
        )


def _rules(node: Node, peers: str) -> tuple[PolicyRule, ...] | None:
    if not node:
        return None
    return tuple(
        PolicyRule(
            tuple(_peer(peer) for peer in rule.at(peers).items()),
            tuple(_port(port) for port in rule.at("ports").items()),
            rule.span,
        )
        for rule in node.items()
    )


def _peer(node: Node) -> Peer:
    pods, namespaces, block = node.at("podSelector"), node.at("namespaceSelector"), node.at("ipBlock")
    return Peer(
        pod_selector=selector(pods) if pods else None,
        namespace_selector=selector(namespaces) if namespaces else None,
        ip_block=IpBlock(block.at("cidr").text(""), block.at("except").strings()) if block else None,
        span=node.span,
    )


def _port(node: Node) -> PolicyPort:
    return PolicyPort(
        node.at("port").port(None), node.at("endPort").count(None), node.at("protocol").text("TCP"), node.span
    )
