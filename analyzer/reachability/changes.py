"""What a change of policies opens and closes, as sets of requests with one example each.

Shape: a change a service and direction, sorted; ``same`` where the text of the policies near it changed and what it
lets in did not. Exact over identities, methods, paths, hosts, ports and conditions; what NetworkPolicies let through is
compared sender by sender.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from analyzer.access import semantics
from analyzer.linking.mesh import Mesh, ServiceNode
from analyzer.linking.variants import shape
from analyzer.model import Decision, Operation
from analyzer.options import Options
from analyzer.reachability.matrix import Matrix, matrix
from analyzer.requestsets.classes import TooManyError
from analyzer.requestsets.conditions import Condition, every, negation
from analyzer.requestsets.questions import Example, Universe
from parsers.facts.istio import AuthorizationPolicy, PeerAuthentication
from parsers.facts.kubernetes import NetworkPolicy

#: In the order they are told.
KINDS = ("opened", "closed", "same")


@dataclass(frozen=True, slots=True)
class PolicyChange:
    """One difference at a service. ``requests`` says the set in words, ``example`` is one request of it."""

    kind: str
    service: str
    requests: tuple[str, ...] = ()
    example: tuple[tuple[str, str | None], ...] = ()

    def to_dict(self) -> dict[str, object]:
        return {
            "kind": self.kind,
            "service": self.service,
            "requests": list(self.requests),
            "example": dict(self.example),
        }


def policy_changes(before: Mesh, after: Mesh, options: Options) -> tuple[PolicyChange, ...]:
    """Every service at which other requests are let in than before."""
    found: list[PolicyChange] = []
    tables: tuple[Matrix, Matrix] | None = None
    if _network(before) != _network(after):
        tables = (matrix(before, options, {}), matrix(after, options, {}))
    for identity in sorted(set(before.services) & set(after.services)):
        old, new = before.services[identity], after.services[identity]
        if old.external:
            continue
        changes = _service(old, new, before, after)
        if not changes and tables:
            changes = _senders(identity, *tables)
        if not changes and _written(old, before) != _written(new, after):
            changes = [PolicyChange("same", identity)]
        found += changes
    return tuple(sorted(found, key=lambda c: (KINDS.index(c.kind), c.service)))


def _service(old: ServiceNode, new: ServiceNode, before: Mesh, after: Mesh) -> list[PolicyChange]:
    a, b = _let_in(old, before), _let_in(new, after)
    if a == b:
        return []
    try:
        universe = Universe([a, b])
        return [
            *_difference("opened", new.id, every((b, negation(a))), universe),
            *_difference("closed", new.id, every((a, negation(b))), universe),
        ]
    except TooManyError:
        return [PolicyChange("opened", new.id, ("the policies are too many to compare",))]


def _difference(kind: str, service: str, condition: Condition, universe: Universe) -> list[PolicyChange]:
    example = universe.example(condition)
    if example is None:
        return []
    return [PolicyChange(kind, service, tuple(map(str, universe.boxes(condition))), _pairs(example))]


def _pairs(example: Example) -> tuple[tuple[str, str | None], ...]:
    return tuple(example.items())


def _let_in(service: ServiceNode, mesh: Mesh) -> Condition:
    """What all layers let in; a layer that has no say lets everything in."""
    found = (s.lets_in(service, mesh) for s in semantics())
    return every(c for c in found if c is not None)


def _senders(service: str, old: Matrix, new: Matrix) -> list[PolicyChange]:
    """Differences by sender: for layers that look at pods, not at requests."""
    found: list[PolicyChange] = []
    for kind, first, second in (("opened", old, new), ("closed", new, old)):
        names: dict[str, Operation] = {}
        for operation in (o for o in second.cells if o.service == service):
            more = _allowed(second, operation) - _allowed(first, operation)
            names.update(dict.fromkeys(sorted(more), operation))
        if names:
            sender, operation = next(iter(names.items()))
            example = (("from", sender), ("operation", operation.name))
            found.append(PolicyChange(kind, service, tuple(f"from {n}" for n in names), example))
    return found


def _allowed(table: Matrix, operation: Operation) -> set[str]:
    bits = table.who(operation, Decision.ALLOWED)
    return {table.service(i) or "none" for i in table.members(bits)}


def _written(service: ServiceNode, mesh: Mesh) -> list[object]:
    """The policies that select the service's pods, without where they stand."""
    namespaces = {service.namespace, mesh.root_namespace}
    found: list[object] = []
    written: tuple[AuthorizationPolicy | PeerAuthentication, ...] = (
        *mesh.all(AuthorizationPolicy),
        *mesh.all(PeerAuthentication),
    )
    for policy in written:
        selector: Mapping[str, str] = policy.selector or {}
        if policy.meta.ns in namespaces and any(p.labels.contains(selector) for p in service.pods):
            found.append(policy)
    for network in mesh.all(NetworkPolicy):
        if network.meta.ns == service.namespace and any(network.pod_selector.matches(p.labels) for p in service.pods):
            found.append(network)
    return sorted((shape(f) for f in found), key=repr)


def _network(mesh: Mesh) -> list[object]:
    return sorted((shape(f) for f in mesh.all(NetworkPolicy)), key=repr)
