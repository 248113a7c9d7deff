"""Which senders Istio's policies cannot tell apart at a service, and which operations they name.

Shape: senders as sets of bits, by their place in the tuple that is asked about.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from analyzer.linking.mesh import Mesh, Pod, ServiceNode
from analyzer.requestsets.conditions import Condition, Match, either, every, patterns_of
from analyzer.requestsets.patterns import ANY, Pattern
from analyzer.semantics import Sender
from analyzer.semantics.istio.authorization_places import (
    conditions_of,
    sidecar_place,
    waypoint_place,
    ztunnel_place,
)
from analyzer.semantics.istio.authorization_scope import at_sidecar
from analyzer.semantics.istio.hosts import Protocol, protocol_of
from analyzer.semantics.istio.injection import AMBIENT, member, pods_of
from analyzer.semantics.istio.memory import remembered
from analyzer.semantics.istio.mtls import server_mode
from analyzer.semantics.istio.proxies import waypoint_of


def lets_in(service: ServiceNode, mesh: Mesh) -> Condition | None:
    """All requests that some pod of the service lets in; what only a custom authorizer knows is left out."""
    found = [_lets_in(service, pod, mesh) for pod in pods_of(service) if member(pod, mesh) is not None]
    return either(found) if found else None


def _lets_in(service: ServiceNode, pod: Pod, mesh: Mesh) -> Condition:
    membership = member(pod, mesh)
    assert membership is not None
    ports = {service.target_port(p.port) for p in service.ports} or {None}
    strict = all(server_mode(pod, port, mesh).mode == "STRICT" for port in ports)
    identified: Condition = Match("principal", (ANY,)) if strict else True
    if membership.kind != AMBIENT:
        tcp = bool(service.ports) and all(protocol_of(p, p.port) is Protocol.TCP for p in service.ports)
        return every((identified, sidecar_place(pod, mesh, tcp=tcp).condition))
    waypoint = waypoint_of(service, pod, mesh)
    if waypoint is None:
        return every((identified, ztunnel_place(pod, mesh).condition))
    return waypoint_place(service, waypoint, mesh).condition


class _Identities:
    """The senders of each identity, and those without one, for the tuple of senders asked about last."""

    def __init__(self, _mesh: Mesh) -> None:
        self._senders: tuple[Sender, ...] = ()
        self.nobody = 0
        self.where: dict[str, int] = {}

    def of(self, senders: tuple[Sender, ...]) -> _Identities:
        if self._senders is not senders:
            self._senders, self.nobody, self.where = senders, 0, {}
            for index, sender in enumerate(senders):
                if sender.principal is None:
                    self.nobody |= 1 << index
                else:
                    self.where[sender.principal] = self.where.get(sender.principal, 0) | 1 << index
        return self


def groups(service: ServiceNode, senders: tuple[Sender, ...], mesh: Mesh) -> tuple[int, ...]:
    """Senders by the patterns of identities that match them, those without an identity apart."""
    known = remembered(mesh, _Identities).of(senders)
    somebody = ((1 << len(senders)) - 1) & ~known.nobody
    found = [part for part in (known.nobody, somebody) if part]
    for pattern in _patterns(service, mesh):
        chosen = _matching(pattern, known.where)
        found = [part for old in found for part in (old & chosen, old & ~chosen) if part]
    return tuple(sorted(found))


def named(service: ServiceNode, mesh: Mesh) -> tuple[str, ...]:
    """Operations that ALLOW rules name exactly: ``POST /v1/payments``, ``/pkg.Service/Method``."""
    found: dict[str, None] = {}
    for pod in pods_of(service):
        for policy in at_sidecar(pod, mesh).allow:
            for operation in (o for r in policy.rules or () for o in r.operations):
                found.update(dict.fromkeys(_operations(operation.methods, operation.paths)))
    return tuple(sorted(found))


def _operations(methods: tuple[str, ...], paths: tuple[str, ...]) -> Iterator[str]:
    for path in paths:
        if "*" in path or not path.startswith("/"):
            continue
        if _is_rpc(path) and methods in {(), ("POST",)}:
            yield path
            continue
        for method in methods:
            if "*" not in method:
                yield f"{method} {path}"


def _is_rpc(path: str) -> bool:
    """``/pkg.Service/Method``."""
    service, slash, method = path[1:].partition("/")
    return bool(slash) and "." in service and bool(method) and "/" not in method


def _patterns(service: ServiceNode, mesh: Mesh) -> tuple[Pattern, ...]:
    conditions = (c for pod in pods_of(service) for c in conditions_of(service, pod, mesh))
    return tuple({p: None for c in conditions for p in patterns_of(c, "principal")})


def _matching(pattern: Pattern, where: Mapping[str, int]) -> int:
    if pattern.kind == "exact":
        return where.get(pattern.value, 0)
    chosen = 0
    for principal, bits in where.items():
        if pattern.matches(principal):
            chosen |= bits
    return chosen
