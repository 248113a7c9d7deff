"""Cilium: network policies of a namespace and of the whole cluster, with their HTTP rules.

Source: cilium/cilium pkg/policy/api/{rule,ingress,egress,l4,http}.go, v1.19; pkg/k8s/apis/cilium.io/v2.
Shape: one fact a document; ``spec`` and ``specs`` are one list of rules.
Errors: none; kinds that are not modelled (CiliumEnvoyConfig, egress gateways) are diagnostics.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from parsers.facts.cilium import Cidr, CiliumEntry, CiliumPolicy, CiliumRule, HttpRule, PortNumber, PortRule
from parsers.mesh import Dialect
from parsers.metadata import meta, selector
from parsers.yamltree import Node

GROUP = "cilium.io"
#: What runs and finds Cilium itself: no policy and no call.
_INFRASTRUCTURE = (
    "CiliumEndpoint", "CiliumEndpointSlice", "CiliumIdentity", "CiliumNode", "CiliumNodeConfig", "CiliumPodIPPool",
    "CiliumLoadBalancerIPPool", "CiliumL2AnnouncementPolicy", "CiliumBGPPeeringPolicy", "CiliumBGPClusterConfig",
    "CiliumBGPPeerConfig", "CiliumBGPAdvertisement", "CiliumBGPNodeConfig",
)  # fmt: skip


def _policy(doc: Node) -> Iterator[CiliumPolicy]:
    found = meta(doc)
    doc.ignore("description")
    specs = (*((doc.at("spec"),) if doc.at("spec") else ()), *doc.at("specs").items())
    if found is not None:
        clusterwide = doc.at("kind").written() == "CiliumClusterwideNetworkPolicy"
        yield CiliumPolicy(found, clusterwide, tuple(_rule(s) for s in specs), doc.span)


def _rule(node: Node) -> CiliumRule:
    node.ignore("labels", "description", "log")
    nodes, endpoints, denies = node.at("nodeSelector"), node.at("endpointSelector"), node.at("enableDefaultDeny")
    nodes.ignore_rest()
    return CiliumRule(
        endpoints=None if nodes and not endpoints else selector(endpoints),
        ingress=_entries(node, "ingress"),
        ingress_deny=_entries(node, "ingressDeny"),
        egress=_entries(node, "egress"),
        egress_deny=_entries(node, "egressDeny"),
        default_deny_ingress=denies.at("ingress").boolean(None),
        default_deny_egress=denies.at("egress").boolean(None),
        span=node.span,
    )


def _entries(node: Node, key: str) -> tuple[CiliumEntry, ...] | None:
    written = node.at(key)
    return tuple(_entry(e, "from" if key.startswith("ingress") else "to") for e in written.items()) if written else None


def _entry(node: Node, way: str) -> CiliumEntry:
    endpoints, entities = node.at(f"{way}Endpoints"), node.at(f"{way}Entities")
    plain, sets = node.at(f"{way}CIDR"), node.at(f"{way}CIDRSet")
    names, services, ports = node.at("toFQDNs"), node.at("toServices"), node.at("toPorts")
    unmodelled = tuple(k for k in (f"{way}Nodes", f"{way}Groups", f"{way}Requires") if node.at(k))
    for key in unmodelled:
        node.at(key).ignore_rest()
    for item in node.at("icmps").items():
        item.ignore_rest()
    cidrs = (*(Cidr(c, ()) for c in plain.strings()), *(_cidr(c) for c in sets.items()))
    return CiliumEntry(
        endpoints=tuple(selector(s) for s in endpoints.items()) if endpoints else None,
        cidrs=cidrs if plain or sets else None,
        entities=entities.strings() if entities else None,
        names=tuple(_name(n) for n in names.items()) if names else None,
        services=tuple(_service(s) for s in services.items()) if services else None,
        unmodelled=unmodelled,
        ports=tuple(_ports(p) for p in ports.items()) if ports else None,
        icmp=bool(node.at("icmps")),
        authentication=node.at("authentication", "mode").text(None),
        span=node.span,
    )


def _cidr(node: Node) -> Cidr:
    for key in ("cidrGroupRef", "cidrGroupSelector"):
        node.at(key).ignore_rest()
    return Cidr(node.at("cidr").text(None), node.at("except").strings())


def _name(node: Node) -> str:
    """A name, or a pattern; a name is the pattern that takes only itself."""
    pattern = node.at("matchPattern").text("")
    return node.at("matchName").text("") or pattern


def _service(node: Node) -> tuple[str | None, str]:
    node.at("k8sServiceSelector").ignore_rest()
    own = node.at("k8sService")
    return own.at("namespace").text(None), own.at("serviceName").text("")


def _ports(node: Node) -> PortRule:
    node.ignore("serverNames")
    for key in ("terminatingTLS", "originatingTLS", "listener"):
        node.at(key).ignore_rest()
    rules = node.at("rules")
    http = rules.at("http")
    other = False
    for key in ("dns", "kafka", "l7"):
        rules.at(key).ignore_rest()
        other = other or bool(rules.at(key))
    rules.ignore("l7proto")
    return PortRule(
        ports=tuple(_port(p) for p in node.at("ports").items()),
        http=tuple(_http(h) for h in http.items()) if http else None,
        other=other,
        span=node.span,
    )


def _port(node: Node) -> PortNumber:
    """A port is a string of digits there, or a name."""
    written = node.at("port").scalar(None)
    number: int | str | None = written
    if written is not None and written.isdecimal():
        number = int(written) or None
    return PortNumber(number, node.at("endPort").integer(None), node.at("protocol").text("ANY").upper())


def _http(node: Node) -> HttpRule:
    node.at("headerMatches").ignore_rest()
    return HttpRule(
        method=node.at("method").text(None),
        path=node.at("path").text(None),
        host=node.at("host").text(None),
        headers=node.at("headers").strings(),
        header_matches=bool(node.at("headerMatches")),
        span=node.span,
    )


def _irrelevant(doc: Node) -> Iterator[object]:
    doc.ignore_rest()
    return iter(())


_READERS: dict[str, Callable[[Node], Iterator[object]]] = {
    "CiliumNetworkPolicy": _policy,
    "CiliumClusterwideNetworkPolicy": _policy,
    **dict.fromkeys(_INFRASTRUCTURE, _irrelevant),
}


def _parse(doc: Node) -> Iterator[object]:
    yield from _READERS[doc.at("kind").written()](doc)


CILIUM = Dialect("cilium", frozenset((GROUP, k) for k in _READERS), _parse, frozenset({GROUP}))
