"""The places where policies are enforced for a workload, with their rules turned into conditions once for a mesh.

Source: istio/istio pilot/pkg/networking/plugin/authz/authorization.go:104-119 (policies are enforced by the server).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator

from analyzer.linking.mesh import Mesh, Pod, ServiceNode
from analyzer.requestsets.conditions import Condition
from analyzer.semantics.istio.authorization_rules import Listener, rule_condition
from analyzer.semantics.istio.authorization_rulings import Compile, Place, place
from analyzer.semantics.istio.authorization_scope import at_sidecar, at_waypoint, at_ztunnel
from analyzer.semantics.istio.authorization_ztunnel import ztunnel_condition
from analyzer.semantics.istio.injection import AMBIENT, member
from analyzer.semantics.istio.memory import remembered
from analyzer.semantics.istio.proxies import waypoint_of
from analyzer.semantics.istio.trust import trust_domains


class _Places:
    """What has been compiled for a mesh so far."""

    def __init__(self, _mesh: Mesh) -> None:
        self._kept: dict[Hashable, Place] = {}

    def once(self, key: Hashable, compiled: Callable[[], Place]) -> Place:
        if key not in self._kept:
            self._kept[key] = compiled()
        return self._kept[key]


def sidecar_place(pod: Pod, mesh: Mesh, *, tcp: bool) -> Place:
    """The rulings of a pod's own proxy, for its ports that speak HTTP or for those that do not."""
    return remembered(mesh, _Places).once(
        ("sidecar", pod.id, tcp), lambda: place(at_sidecar(pod, mesh), _compiled(mesh, tcp=tcp))
    )


def waypoint_place(service: ServiceNode, waypoint: tuple[str, str], mesh: Mesh) -> Place:
    """The rulings of the waypoint for a service."""
    return remembered(mesh, _Places).once(
        ("waypoint", service.id, waypoint),
        lambda: place(at_waypoint(service, waypoint, mesh), _compiled(mesh, tcp=False)),
    )


def ztunnel_place(pod: Pod, mesh: Mesh) -> Place:
    """The rulings of the node's proxy for a pod."""
    return remembered(mesh, _Places).once(
        ("ztunnel", pod.id),
        lambda: place(
            at_ztunnel(pod, mesh),
            lambda policy, rule: ztunnel_condition(rule, policy.meta.ns, allows=policy.action == "ALLOW"),
        ),
    )


def conditions_of(service: ServiceNode, pod: Pod, mesh: Mesh) -> Iterator[Condition]:
    """Every condition that can decide about a request to the pod."""
    membership = member(pod, mesh)
    if membership is None:
        return
    if membership.kind != AMBIENT:
        found = [sidecar_place(pod, mesh, tcp=False), sidecar_place(pod, mesh, tcp=True)]
    else:
        waypoint = waypoint_of(service, pod, mesh)
        found = [ztunnel_place(pod, mesh), *([waypoint_place(service, waypoint, mesh)] if waypoint else [])]
    for where in found:
        yield where.condition
        yield from (r.condition for r in where.custom)


def _compiled(mesh: Mesh, *, tcp: bool) -> Compile:
    domains = trust_domains(mesh)
    return lambda policy, rule: rule_condition(
        rule, Listener(policy.meta.ns, allows=policy.action == "ALLOW", tcp=tcp, domains=domains)
    )
