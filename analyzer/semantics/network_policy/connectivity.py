"""What Kubernetes' network policies let through between two ends: pods or addresses outside.

Source: Kubernetes API reference, networking.k8s.io/v1 NetworkPolicy; concepts/services-networking/network-policies;
kubernetes-sigs/network-policy-api (cluster-wide policies before and after them).
Shape: policies act on pod ports, after a Service's address has been translated. An ``ipBlock`` is meant for addresses
outside; whether it takes pods is left to the network plugin, so for a pod it counts as a doubt, not as a match.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import ip_network

from analyzer.linking.memory import remembered
from analyzer.linking.mesh import Mesh, Pod
from analyzer.semantics.network_policy.ports import EVERY_PORT, LAST, NO_PORT, Ports, ports
from parsers.facts import Labels, Selector
from parsers.facts.cilium import CiliumPolicy
from parsers.facts.kubernetes import AdminPolicy, AdminRule, IpBlock, NetworkPolicy, Peer, PolicyPort, PolicyRule
from parsers.source import Span

#: The label that every namespace has.
NAME_LABEL = "kubernetes.io/metadata.name"

#: One end: a pod, or addresses outside the cluster as a CIDR.
End = Pod | str


@dataclass(frozen=True, slots=True)
class Passed:
    """What one direction lets through: surely, and at most (where an ``ipBlock`` might take a pod).

    ``isolating`` are the policies that apply; with none everything passes. ``spans`` are the rules that let through.
    """

    surely: Ports
    at_most: Ports
    isolating: tuple[NetworkPolicy | AdminPolicy, ...]
    spans: tuple[Span, ...]


OPEN = Passed(EVERY_PORT, EVERY_PORT, (), ())


def passed_in(source: End, target: Pod, mesh: Mesh) -> Passed:
    """What the policies of the target let in from the source."""
    return _passed(target, source, target, "Ingress", mesh)


def passed_out(source: Pod, target: End, mesh: Mesh) -> Passed:
    """What the policies of the source let out to the target."""
    return _passed(source, target, target if isinstance(target, Pod) else None, "Egress", mesh)


def connections(source: End, target: End, mesh: Mesh) -> Ports:
    """What is surely let through from one end to the other."""
    out = passed_out(source, target, mesh) if isinstance(source, Pod) else OPEN
    inward = passed_in(source, target, mesh) if isinstance(target, Pod) else OPEN
    return out.surely & inward.surely


def isolating(pod: Pod, direction: str, mesh: Mesh) -> tuple[NetworkPolicy, ...]:
    """The policies that select the pod for a direction; a pod on the host's network is not subject to any."""
    if pod.fact is not None and pod.fact.host_network:
        return ()
    near = remembered(mesh, _by_namespace).get(pod.namespace, ())
    return tuple(p for p in near if direction in directions(p) and p.pod_selector.matches(pod.labels))


def _by_namespace(mesh: Mesh) -> dict[str, list[NetworkPolicy]]:
    found: dict[str, list[NetworkPolicy]] = {}
    for policy in mesh.all(NetworkPolicy):
        found.setdefault(policy.meta.ns, []).append(policy)
    return found


def directions(policy: NetworkPolicy) -> tuple[str, ...]:
    """``policyTypes``, or what they are where none are written."""
    if policy.policy_types:
        return policy.policy_types
    return ("Ingress", "Egress") if policy.egress else ("Ingress",)


def rules(policy: NetworkPolicy, direction: str) -> tuple[PolicyRule, ...]:
    """The rules for a direction; none where the policy has none."""
    return (policy.ingress if direction == "Ingress" else policy.egress) or ()


def _passed(subject: Pod, peer: End, receiver: Pod | None, direction: str, mesh: Mesh) -> Passed:
    if isinstance(peer, Pod) and peer.id == subject.id:
        return OPEN
    admin, baseline = (about(subject, tier, mesh) for tier in ("Admin", "Baseline"))
    applying = isolating(subject, direction, mesh)
    if not (applying or any(_admin_rules(p, direction) for p in (*admin, *baseline))):
        return OPEN
    asked = _Asked(peer, receiver, direction, mesh)
    return Passed(
        asked.let(admin, applying, baseline, doubt=False),
        asked.let(admin, applying, baseline, doubt=True),
        (*(p for p in (*admin, *baseline) if _admin_rules(p, direction)), *applying),
        tuple(asked.spans),
    )


class _Asked:
    """One peer and direction, held against the tiers in their order. ``spans`` collects the rules that let through.

    ``doubt``: how a peer counts of which nobody knows whether it is meant: as let through, or as not.
    """

    def __init__(self, peer: End, receiver: Pod | None, direction: str, mesh: Mesh) -> None:
        self._peer = peer
        self._receiver = receiver
        self._direction = direction
        self._mesh = mesh
        self.spans: dict[Span, None] = {}

    def let(
        self,
        admin: Iterable[AdminPolicy],
        applying: tuple[NetworkPolicy, ...],
        baseline: Iterable[AdminPolicy],
        *,
        doubt: bool,
    ) -> Ports:
        """Administrators first; then NetworkPolicies, whose word is the last where any applies; then the baseline."""
        decided, left = self._by_admin(admin, EVERY_PORT, doubt=doubt)
        if applying:
            return decided | (left & self._by_policies(applying, doubt=doubt))
        more, rest = self._by_admin(baseline, left, doubt=doubt)
        return decided | more | rest

    def _by_policies(self, applying: Iterable[NetworkPolicy], *, doubt: bool) -> Ports:
        let = NO_PORT
        for policy in applying:
            for rule in rules(policy, self._direction):
                matched = _peers(rule.peers, self._peer, policy.meta.ns, self._mesh)
                if matched or (matched is None and doubt):
                    let |= self._ports(rule.ports, rule.span)
        return let

    def _by_admin(self, policies: Iterable[AdminPolicy], left: Ports, *, doubt: bool) -> tuple[Ports, Ports]:
        """What is allowed, and what is passed on to the next tier."""
        allowed, passed = NO_PORT, NO_PORT
        for policy in policies:
            for rule in _admin_rules(policy, self._direction):
                matched = _admin_peers(rule, self._peer, self._mesh)
                meant = matched or (matched is None and {"Allow": doubt, "Deny": not doubt}.get(rule.action, False))
                if not meant:
                    continue
                decided = left & (self._ports(rule.ports, rule.span) if rule.action == "Allow" else self._of(rule))
                left -= decided
                if rule.action == "Allow":
                    allowed |= decided
                elif rule.action == "Pass":
                    passed |= decided
        return allowed, left | passed

    def _of(self, rule: AdminRule) -> Ports:
        return ports_of(rule.ports, self._receiver)

    def _ports(self, written: tuple[PolicyPort, ...], span: Span) -> Ports:
        let = ports_of(written, self._receiver)
        if let:
            self.spans[span] = None
        return let


def any_policy(mesh: Mesh) -> bool:
    """Whether there is any to decide here; Cilium joins Kubernetes' policies with its own, and decides both."""
    return bool(mesh.all(AdminPolicy)) or (bool(mesh.all(NetworkPolicy)) and not mesh.all(CiliumPolicy))


def about(subject: Pod, tier: str, mesh: Mesh) -> tuple[AdminPolicy, ...]:
    """The cluster's own policies of a tier that are about the pod, the first to be asked first."""
    if subject.fact is not None and subject.fact.host_network:
        return ()
    return tuple(p for p in remembered(mesh, _by_priority) if p.tier == tier and _is_subject(p, subject, mesh))


def _by_priority(mesh: Mesh) -> tuple[AdminPolicy, ...]:
    return tuple(sorted(mesh.all(AdminPolicy), key=lambda p: (p.priority, p.meta.name)))


def _is_subject(policy: AdminPolicy, pod: Pod, mesh: Mesh) -> bool:
    return peer_matches(policy.subject, pod, policy.meta.ns, mesh) is True


def _admin_rules(policy: AdminPolicy, direction: str) -> tuple[AdminRule, ...]:
    return policy.ingress if direction == "Ingress" else policy.egress


def _admin_peers(rule: AdminRule, end: End, mesh: Mesh) -> bool | None:
    """Whether one of the peers is the end; here an address block is never a pod."""
    found = [peer_matches(p, end, "", mesh) is True for p in rule.peers]
    if any(found):
        return True
    return None if rule.unknown and not isinstance(end, Pod) else False


def _peers(peers: Iterable[Peer], end: End, namespace: str, mesh: Mesh) -> bool | None:
    """Whether one of the peers is the end; ``None``: only where the network plugin takes pods for addresses."""
    found = [peer_matches(p, end, namespace, mesh) for p in peers]
    if not found or True in found:
        return True
    return None if None in found else False


def peer_matches(peer: Peer, end: End, namespace: str, mesh: Mesh) -> bool | None:
    """Whether one peer is the end; ``None``: where the network plugin takes pods for addresses."""
    if peer.ip_block is not None:
        return None if isinstance(end, Pod) else _holds(peer.ip_block, end)
    if not isinstance(end, Pod) or (end.fact is not None and end.fact.host_network):
        return False
    if peer.namespace_selector is None:
        return end.namespace == namespace and (peer.pod_selector or Selector()).matches(end.labels)
    return peer.namespace_selector.matches(_labels(end.namespace, mesh)) and (
        peer.pod_selector is None or peer.pod_selector.matches(end.labels)
    )


def _labels(namespace: str, mesh: Mesh) -> Labels:
    return Labels({**mesh.namespace_labels(namespace), NAME_LABEL: namespace})


def _holds(block: IpBlock, cidr: str) -> bool:
    """Whether the block holds all of the addresses; its exceptions none of them."""
    try:
        outside = ip_network(cidr, strict=False)
        inside = ip_network(block.cidr, strict=False)
        excepts = [ip_network(e, strict=False) for e in block.excepts]
    except ValueError:
        return False
    return _within(outside, inside) and not any(_overlap(outside, e) for e in excepts)


def _within(a: object, b: object) -> bool:
    return getattr(a, "version", 0) == getattr(b, "version", 1) and a.subnet_of(b)  # type: ignore[attr-defined]  # same version


def _overlap(a: object, b: object) -> bool:
    return getattr(a, "version", 0) == getattr(b, "version", 1) and a.overlaps(b)  # type: ignore[attr-defined]  # same version


def ports_of(written: tuple[PolicyPort, ...], receiver: Pod | None) -> Ports:
    """The ports of a rule at the pod that receives; every port where none is written."""
    return ports(r for p in written for r in _ranges(p, receiver)) if written else EVERY_PORT


def _ranges(written: PolicyPort, receiver: Pod | None) -> Iterator[tuple[str, int, int]]:
    match written.port:
        case None:
            yield (written.protocol, 1, LAST)
        case int(number):
            yield (written.protocol, number, written.end_port or number)
        case str(name):
            containers = receiver.fact.containers if receiver and receiver.fact else ()
            for port in (p for c in containers for p in c.ports):
                if port.name == name and port.protocol == written.protocol:
                    yield (written.protocol, port.number, port.number)
