"""Which senders the NetworkPolicies cannot tell apart at a service.

Shape: senders as sets of bits, by their place in the tuple that is asked about. Selectors are held against all pods
once for a mesh, so that a thousand services with a policy each stay cheap.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from analyzer.linking.memory import remembered
from analyzer.linking.mesh import Mesh, Pod, ServiceNode
from analyzer.semantics import Sender
from analyzer.semantics.network_policy.connectivity import (
    any_policy,
    directions,
    isolating,
    peer_matches,
    ports_of,
    rules,
)
from analyzer.semantics.network_policy.ports import NO_PORT, Ports
from parsers.facts import Selector
from parsers.facts.kubernetes import AdminPolicy, IpBlock, NetworkPolicy, Peer, PolicyRule

_PeerKey = tuple[Selector | None, Selector | None, IpBlock | None, str]


class _Matching:
    """The pods that each peer and each policy takes, as far as it has been asked."""

    def __init__(self, mesh: Mesh) -> None:
        self._mesh = mesh
        self._peers: dict[_PeerKey, frozenset[str]] = {}
        self._subjects: dict[int, frozenset[str]] = {}
        self.egress = tuple(p for p in mesh.all(NetworkPolicy) if "Egress" in directions(p))

    def by_rule(self, rule: PolicyRule, namespace: str) -> frozenset[str] | None:
        """Ids of the pods that a rule's peers take; ``None``: every pod."""
        if not rule.peers:
            return None
        found: frozenset[str] = frozenset()
        for peer in rule.peers:
            key = (peer.pod_selector, peer.namespace_selector, peer.ip_block, namespace)
            if key not in self._peers:
                pods = self._mesh.pods.values()
                self._peers[key] = frozenset(p.id for p in pods if peer_matches(peer, p, namespace, self._mesh))
            found |= self._peers[key]
        return found

    def of_admins(self) -> Iterator[frozenset[str]]:
        """Ids of the pods that each cluster-wide policy is about, and that each of its rules takes."""
        for policy in self._mesh.all(AdminPolicy):
            yield self._taken(policy.subject)
            for rule in policy.ingress:
                for peer in rule.peers:
                    yield self._taken(peer)

    def _taken(self, peer: Peer) -> frozenset[str]:
        key = (peer.pod_selector, peer.namespace_selector, peer.ip_block, "")
        if key not in self._peers:
            pods = self._mesh.pods.values()
            self._peers[key] = frozenset(p.id for p in pods if peer_matches(peer, p, "", self._mesh))
        return self._peers[key]

    def subjects(self, index: int) -> frozenset[str]:
        """Ids of the pods that an egress policy isolates."""
        if index not in self._subjects:
            policy = self.egress[index]
            self._subjects[index] = frozenset(
                p.id
                for p in self._mesh.pods.values()
                if p.namespace == policy.meta.ns and policy in isolating(p, "Egress", self._mesh)
            )
        return self._subjects[index]


def groups(service: ServiceNode, senders: tuple[Sender, ...], mesh: Mesh) -> tuple[int, ...]:
    """Senders by what the service's policies let in of them, and their own let out; those of no service apart."""
    everybody = (1 << len(senders)) - 1
    if not any_policy(mesh):
        return (everybody,)
    pods = [node.pods if (node := mesh.services.get(s.service or "")) else () for s in senders]
    found = _split([everybody], _bits(pods, lambda each: not each))
    for taken in _distinctions(service, mesh):
        found = _split(found, _bits(pods, _some(taken)))
        found = _split(found, _bits(pods, _all(taken)))
    # A service's own pods are let through by themselves, whatever the policies say.
    found = _split(found, _bits(pods, _some(frozenset(p.id for p in service.pods))))
    return tuple(sorted(found))


def _distinctions(service: ServiceNode, mesh: Mesh) -> Iterator[frozenset[str]]:
    """Sets of pods that matter: those a rule lets in, and those whose own policies let out to the same ports."""
    matching = remembered(mesh, _Matching)
    for target in service.pods:
        for policy in isolating(target, "Ingress", mesh):
            for rule in rules(policy, "Ingress"):
                taken = matching.by_rule(rule, policy.meta.ns)
                if taken is not None:
                    yield taken
        by_ports: dict[tuple[Ports, Ports], frozenset[str]] = {}
        for index, policy in enumerate(matching.egress):
            let = _let_out(policy, target, matching)
            by_ports[let] = by_ports.get(let, frozenset()) | matching.subjects(index)
        yield from by_ports.values()
    yield from matching.of_admins()


def _let_out(policy: NetworkPolicy, target: Pod, matching: _Matching) -> tuple[Ports, Ports]:
    """What a policy lets out to a pod surely, and at most: where an address block might take it."""
    surely, at_most = NO_PORT, NO_PORT
    for rule in rules(policy, "Egress"):
        taken = matching.by_rule(rule, policy.meta.ns)
        let = ports_of(rule.ports, target)
        if taken is None or target.id in taken:
            surely |= let
        elif any(p.ip_block for p in rule.peers):
            at_most |= let
    return surely, surely | at_most


def _bits(pods: Sequence[Sequence[Pod]], chosen: Callable[[Sequence[Pod]], bool]) -> int:
    return sum(1 << index for index, each in enumerate(pods) if chosen(each))


def _some(taken: frozenset[str]) -> Callable[[Sequence[Pod]], bool]:
    return lambda each: any(p.id in taken for p in each)


def _all(taken: frozenset[str]) -> Callable[[Sequence[Pod]], bool]:
    return lambda each: all(p.id in taken for p in each)


def _split(found: Iterable[int], chosen: int) -> list[int]:
    return [part for old in found for part in (old & chosen, old & ~chosen) if part]
