"""The rules that apply to an endpoint in one direction: Cilium's and Kubernetes', which it joins.

Source: cilium/cilium pkg/policy/api/rule_validation.go (Sanitize: which sections deny by default),
pkg/k8s/network_policy.go (what a NetworkPolicy becomes).
Shape: entries with the namespace their selectors mean; ``denies`` says whether what no entry allows is dropped.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from analyzer.linking.memory import remembered
from analyzer.linking.mesh import Mesh, Pod
from analyzer.semantics.cilium.endpoints import NAMESPACE, NAMESPACE_LABELS, selected
from parsers.facts import Labels, Requirement, Selector
from parsers.facts.cilium import Cidr, CiliumEntry, CiliumPolicy, CiliumRule, PortNumber, PortRule
from parsers.facts.kubernetes import ConfigMap, NetworkPolicy, Peer, PolicyRule
from parsers.source import Span

INGRESS, EGRESS = "ingress", "egress"
_CONFIG, _MODE = "cilium-config", "enable-policy"


def enforcement(mesh: Mesh) -> str:
    """``default``, ``always`` or ``never``, as the installation says (pkg/option/config.go, ``enable-policy``)."""
    return remembered(mesh, _enforcement)


def _enforcement(mesh: Mesh) -> str:
    written = (e for c in mesh.all(ConfigMap) if c.meta.name == _CONFIG for e in c.entries if e.key == _MODE)
    return next((e.value for e in written if e.value in ("always", "never")), "default")


@dataclass(frozen=True, slots=True)
class Section:
    """What one policy says of a direction for the endpoints it selects."""

    name: str
    namespace: str | None
    subject: Selector
    allows: tuple[CiliumEntry, ...]
    refuses: tuple[CiliumEntry, ...]
    denies: bool
    span: Span


def sections(pod: Pod, direction: str, mesh: Mesh) -> tuple[Section, ...]:
    """What applies to a pod in a direction."""
    return remembered(mesh, _ingress if direction == INGRESS else _egress).get(pod.id, ())


def _ingress(mesh: Mesh) -> dict[str, tuple[Section, ...]]:
    return _by_pod(mesh, (*_of_cilium(mesh, INGRESS), *_of_kubernetes(mesh, INGRESS)))


def _egress(mesh: Mesh) -> dict[str, tuple[Section, ...]]:
    return _by_pod(mesh, (*_of_cilium(mesh, EGRESS), *_of_kubernetes(mesh, EGRESS)))


def _by_pod(mesh: Mesh, every: tuple[Section, ...]) -> dict[str, tuple[Section, ...]]:
    found: dict[str, list[Section]] = {}
    for section in every:
        for pod in selected(section.subject, mesh, section.namespace):
            found.setdefault(pod, []).append(section)
    return {pod: tuple(sections_) for pod, sections_ in found.items()}


def _of_cilium(mesh: Mesh, direction: str) -> Iterator[Section]:
    for policy in mesh.all(CiliumPolicy):
        for rule in policy.rules:
            allows, refuses, denies = _side(rule, direction)
            if rule.endpoints is not None and (allows is not None or refuses is not None):
                kind = "CiliumClusterwideNetworkPolicy" if policy.clusterwide else "CiliumNetworkPolicy"
                name = policy.meta.name if policy.clusterwide else f"{policy.meta.ns}/{policy.meta.name}"
                yield Section(
                    name=f"{kind} {name}",
                    namespace=None if policy.clusterwide else policy.meta.ns,
                    subject=rule.endpoints,
                    allows=allows or (),
                    refuses=refuses or (),
                    denies=bool(allows or refuses) if denies is None else denies,
                    span=rule.span,
                )


def _side(
    rule: CiliumRule, direction: str
) -> tuple[tuple[CiliumEntry, ...] | None, tuple[CiliumEntry, ...] | None, bool | None]:
    if direction == INGRESS:
        return rule.ingress, rule.ingress_deny, rule.default_deny_ingress
    return rule.egress, rule.egress_deny, rule.default_deny_egress


# -------------------------------------------------------------------------------------------------------- Kubernetes


def _of_kubernetes(mesh: Mesh, direction: str) -> Iterator[Section]:
    for policy in mesh.all(NetworkPolicy):
        types = policy.policy_types or (("Ingress", "Egress") if policy.egress else ("Ingress",))
        if direction.capitalize() not in types:
            continue
        written = (policy.ingress if direction == INGRESS else policy.egress) or ()
        yield Section(
            name=f"NetworkPolicy {policy.meta.ns}/{policy.meta.name}",
            namespace=policy.meta.ns,
            subject=policy.pod_selector,
            allows=tuple(e for rule in written for e in _entries(rule, policy.meta.ns)),
            refuses=(),
            denies=True,
            span=policy.span,
        )


def _entries(rule: PolicyRule, namespace: str) -> Iterator[CiliumEntry]:
    """One entry a peer; a rule without peers takes everybody."""
    ports = (_ports(rule),) if rule.ports else None
    if not rule.peers:
        yield _entry(rule.span, ports, entities=("all",))
    for peer in rule.peers:
        if peer.ip_block is not None:
            yield _entry(rule.span, ports, cidrs=(Cidr(peer.ip_block.cidr, peer.ip_block.excepts),))
        else:
            yield _entry(rule.span, ports, endpoints=(_selector(peer, namespace),))


def _entry(
    span: Span,
    ports: tuple[PortRule, ...] | None,
    *,
    endpoints: tuple[Selector, ...] | None = None,
    cidrs: tuple[Cidr, ...] | None = None,
    entities: tuple[str, ...] | None = None,
) -> CiliumEntry:
    return CiliumEntry(endpoints, cidrs, entities, None, None, (), ports, icmp=False, authentication=None, span=span)


def _selector(peer: Peer, namespace: str) -> Selector:
    """A peer's two selectors as one, on labels as Cilium has them; an empty one of namespaces takes them all."""
    pods, spaces = peer.pod_selector or Selector(), peer.namespace_selector
    if spaces is None:
        return Selector(Labels({**pods.match_labels, NAMESPACE: namespace}), pods.match_expressions)
    around = {f"{NAMESPACE_LABELS}{k}": v for k, v in spaces.match_labels.items()}
    more = tuple(Requirement(f"{NAMESPACE_LABELS}{e.key}", e.operator, e.values) for e in spaces.match_expressions)
    anywhere = (Requirement(NAMESPACE, "Exists", ()),)
    return Selector(Labels({**pods.match_labels, **around}), (*pods.match_expressions, *more, *anywhere))


def _ports(rule: PolicyRule) -> PortRule:
    numbers = tuple(PortNumber(p.port, p.end_port, p.protocol) for p in rule.ports)
    return PortRule(numbers, None, other=False, span=rule.span)


def port_in(numbers: Iterable[PortNumber], port: int | None, receiver: Pod | None) -> bool | None:
    """Whether a TCP port is among those written; no list is every port; a name is the receiver's."""
    every = tuple(numbers)
    if not every:
        return True
    if port is None:
        return True if any(_number(n, receiver) is None and n.port is None for n in every) else None
    return any(_is(n, port, receiver) for n in every)


def _number(written: PortNumber, receiver: Pod | None) -> int | None:
    if isinstance(written.port, str):
        return receiver.container_port(written.port) if receiver is not None else None
    return written.port


def _is(written: PortNumber, port: int, receiver: Pod | None) -> bool:
    if written.protocol not in ("ANY", "TCP"):
        return False
    if written.port is None:
        return True
    number = _number(written, receiver)
    return number is not None and number <= port <= (written.end_port or number)
