"""Which AuthorizationPolicies are enforced where: at a sidecar, at ztunnel, at a gateway or at a waypoint.

Source: istio/istio pilot/pkg/model/authorization.go:84-113, policyattachment.go:109-205;
pilot/pkg/serviceregistry/ambient/authorization.go:398-665.
Shape: policies by action, in the order of their names; those that only log (dry run) are left out, as istiod does.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from analyzer.linking.mesh import Mesh, Pod, ServiceNode
from analyzer.semantics.istio.memory import remembered
from parsers.facts import Labels
from parsers.facts.istio import AuthorizationPolicy, RequestAuthentication

GATEWAY_NAME = "gateway.networking.k8s.io/gateway-name"
DRY_RUN = "istio.io/dry-run"
#: What Go's ``strconv.ParseBool`` takes for true.
_TRUE = frozenset({"1", "t", "T", "true", "TRUE", "True"})


@dataclass(frozen=True, slots=True)
class Policies:
    """What is enforced at one place."""

    custom: tuple[AuthorizationPolicy, ...] = ()
    deny: tuple[AuthorizationPolicy, ...] = ()
    allow: tuple[AuthorizationPolicy, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.custom or self.deny or self.allow)


def at_sidecar(pod: Pod, mesh: Mesh) -> Policies:
    """Policies of the pod's own proxy: by selector; at a gateway of the Gateway API also by reference to it."""
    return _by_action(p for p in _near(pod, mesh) if _selects(p, pod, mesh))


def at_ztunnel(pod: Pod, mesh: Mesh) -> Policies:
    """Policies of the node's proxy: by selector only, and no action but ALLOW and DENY."""
    chosen = (p for p in _near(pod, mesh) if not p.target_refs and _in_scope(p.selector, p, pod, mesh))
    found = _by_action(chosen)
    return Policies(deny=found.deny, allow=found.allow)


def at_waypoint(service: ServiceNode, waypoint: tuple[str, str], mesh: Mesh) -> Policies:
    """Policies that the waypoint (namespace, name) enforces for the service: by reference only."""
    return _by_action(p for p in mesh.all(AuthorizationPolicy) if _refers(p, service, waypoint, mesh))


def _near(pod: Pod, mesh: Mesh) -> Iterable[AuthorizationPolicy]:
    """Policies of the pod's namespace and of the root namespace."""
    by_namespace = remembered(mesh, _by_namespace)
    return (p for ns in dict.fromkeys((pod.namespace, mesh.root_namespace)) for p in by_namespace.get(ns, ()))


def _by_namespace(mesh: Mesh) -> dict[str, list[AuthorizationPolicy]]:
    found: dict[str, list[AuthorizationPolicy]] = {}
    for policy in mesh.all(AuthorizationPolicy):
        found.setdefault(policy.meta.ns, []).append(policy)
    return found


def token_checks(pod: Pod, mesh: Mesh) -> tuple[RequestAuthentication, ...]:
    """The RequestAuthentications of the pod's proxy; without any, no token is ever looked at."""
    return tuple(r for r in mesh.all(RequestAuthentication) if _selects(r, pod, mesh))


def is_dry_run(policy: AuthorizationPolicy) -> bool:
    """Whether the policy only logs what it would do."""
    return policy.meta.annotations.get(DRY_RUN, "") in _TRUE


def _by_action(policies: Iterable[AuthorizationPolicy]) -> Policies:
    enforced = [p for p in policies if not is_dry_run(p)]
    return Policies(
        custom=tuple(p for p in enforced if p.action == "CUSTOM"),
        deny=tuple(p for p in enforced if p.action == "DENY"),
        allow=tuple(p for p in enforced if p.action == "ALLOW"),
    )


def _selects(policy: AuthorizationPolicy | RequestAuthentication, pod: Pod, mesh: Mesh) -> bool:
    if policy.target_refs:
        gateway = pod.labels.get(GATEWAY_NAME)
        return gateway is not None and any(
            r.kind == "Gateway" and r.name == gateway and policy.meta.ns == pod.namespace for r in policy.target_refs
        )
    return _in_scope(policy.selector, policy, pod, mesh)


def _in_scope(
    selector: Labels | None, policy: AuthorizationPolicy | RequestAuthentication, pod: Pod, mesh: Mesh
) -> bool:
    if policy.meta.ns not in {pod.namespace, mesh.root_namespace}:
        return False
    return pod.labels.contains(selector or {})


def _refers(policy: AuthorizationPolicy, service: ServiceNode, waypoint: tuple[str, str], mesh: Mesh) -> bool:
    for ref in policy.target_refs:
        match ref.kind:
            case "Service" | "ServiceEntry":
                if (policy.meta.ns, ref.name) == (service.namespace, service.name):
                    return True
            case "Gateway":
                if (policy.meta.ns, ref.name) == waypoint:
                    return True
            case "GatewayClass":
                if policy.meta.ns == mesh.root_namespace and ref.name == "istio-waypoint":
                    return True
    return False
