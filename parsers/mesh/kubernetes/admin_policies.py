"""AdminNetworkPolicy, BaselineAdminNetworkPolicy and their successor ClusterNetworkPolicy.

Source: kubernetes-sigs/network-policy-api apis/v1alpha1 and v1alpha2.
Shape: one fact a policy; ``networks`` become one peer each; a rule without ports means every port.
"""

from __future__ import annotations

from collections.abc import Iterator

from parsers.diagnostics import Code, Diagnostic
from parsers.facts.kubernetes import AdminPolicy, AdminRule, IpBlock, Peer, PolicyPort
from parsers.metadata import meta, selector
from parsers.yamltree import Node

_ACTIONS = {"Allow": "Allow", "Accept": "Allow", "Deny": "Deny", "Pass": "Pass"}
_PROTOCOLS = ("TCP", "UDP", "SCTP")
#: Peers whose members no manifest tells.
_UNKNOWN_PEERS = ("nodes", "domainNames")


def read(doc: Node) -> Iterator[object]:
    """One policy; of the baseline there is one in a cluster, and it has no priority."""
    named, spec = meta(doc), doc.at("spec")
    if not named:
        return
    baseline = doc.at("kind").written() == "BaselineAdminNetworkPolicy" or spec.at("tier").text("Admin") == "Baseline"
    yield from _misnamed(spec)
    yield AdminPolicy(
        meta=named,
        tier="Baseline" if baseline else "Admin",
        priority=spec.at("priority").count(0),
        subject=_peer(spec.at("subject")),
        ingress=tuple(_rule(r, "from") for r in spec.at("ingress").items()),
        egress=tuple(_rule(r, "to") for r in spec.at("egress").items()),
        span=doc.span,
    )


def _misnamed(spec: Node) -> Iterator[Diagnostic]:
    for direction in ("ingress", "egress"):
        for rule in spec.at(direction).items():
            action = rule.at("action")
            if action.text("") not in _ACTIONS:
                where = action.span if action else rule.span
                yield Diagnostic.at(where, Code.INVALID_VALUE, field="action", detail="expected Allow, Deny or Pass")


def _rule(node: Node, direction: str) -> AdminRule:
    peers: list[Peer] = []
    unknown = False
    for peer in node.at(direction).items():
        unknown = unknown or any(peer.at(kind) for kind in _UNKNOWN_PEERS)
        peers += [Peer(None, None, IpBlock(n, ()), peer.span) for n in peer.at("networks").strings()]
        if peer.at("namespaces") or peer.at("pods"):
            peers.append(_peer(peer))
    return AdminRule(
        name=node.at("name").text(""),
        action=_ACTIONS.get(node.at("action").text(""), "Pass"),
        peers=tuple(peers),
        ports=(*_ports(node.at("ports")), *_protocols(node.at("protocols"))),
        unknown=unknown,
        span=node.span,
    )


def _peer(node: Node) -> Peer:
    """Every pod of some namespaces, or some pods of them."""
    pods = node.at("pods")
    if pods:
        return Peer(selector(pods.at("podSelector")), selector(pods.at("namespaceSelector")), None, node.span)
    return Peer(None, selector(node.at("namespaces")), None, node.span)


def _ports(node: Node) -> Iterator[PolicyPort]:
    """``ports`` of v1alpha1: a number, a range, or the name of a container's port of whatever protocol."""
    for port in node.items():
        number, span, name = port.at("portNumber"), port.at("portRange"), port.at("namedPort").text(None)
        if number:
            yield PolicyPort(number.at("port").count(0), None, number.at("protocol").text("TCP"), port.span)
        elif span:
            first, last = span.at("start").count(0), span.at("end").count(0)
            yield PolicyPort(first, last, span.at("protocol").text("TCP"), port.span)
        elif name is not None:
            yield from (PolicyPort(name, None, protocol, port.span) for protocol in _PROTOCOLS)


def _protocols(node: Node) -> Iterator[PolicyPort]:
    """``protocols`` of v1alpha2."""
    for entry in node.items():
        name = entry.at("destinationNamedPort").text(None)
        if name is not None:
            yield from (PolicyPort(name, None, protocol, entry.span) for protocol in _PROTOCOLS)
        for protocol in _PROTOCOLS:
            of = entry.at(protocol.lower())
            port = of.at("destinationPort")
            if port.at("range"):
                first, last = port.at("range", "start").count(0), port.at("range", "end").count(0)
                yield PolicyPort(first, last, protocol, entry.span)
            elif of:
                yield PolicyPort(port.at("number").count(None), None, protocol, entry.span)
