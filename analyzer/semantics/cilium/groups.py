"""Senders that the policies cannot tell apart at a service.

Shape: senders as sets of bits, by their place in the tuple that is asked about: those that the same entries of the
service's policies take, whose own egress the same policies rule.
"""

from __future__ import annotations

from analyzer.linking.mesh import Mesh, Pod, ServiceNode
from analyzer.semantics import Sender
from analyzer.semantics.cilium.endpoints import End, takes
from analyzer.semantics.cilium.rules import EGRESS, INGRESS, sections
from parsers.facts.cilium import CiliumPolicy


def groups(service: ServiceNode, senders: tuple[Sender, ...], mesh: Mesh) -> tuple[int, ...]:
    """Senders by what takes them; those of no service are asked about apart."""
    if not mesh.all(CiliumPolicy):
        return ((1 << len(senders)) - 1,)
    found: dict[object, int] = {}
    for index, sender in enumerate(senders):
        node = mesh.services.get(sender.service or "")
        pods = node.pods if node is not None else ()
        key = tuple(_key(pod, service, mesh) for pod in pods)
        found[key] = found.get(key, 0) | (1 << index)
    return tuple(sorted(found.values()))


def _key(pod: Pod, service: ServiceNode, mesh: Mesh) -> tuple[object, ...]:
    taken = tuple(
        takes(entry, End(pod=pod), mesh, section.namespace)
        for target in service.pods
        for section in sections(target, INGRESS, mesh)
        for entry in (*section.allows, *section.refuses)
    )
    own = tuple(id(section) for section in sections(pod, EGRESS, mesh))
    return (taken, own, any(pod.id == target.id for target in service.pods))
