"""Whether a pod has Consul's sidecar, and by which name Consul knows a service.

Source: hashicorp/consul-k8s control-plane/connect-inject/webhook/mesh_webhook.go (annotation, default),
connect-inject/constants (annotations).
Shape: one ``Membership`` with the line that decides. Where a repository holds entries of Consul and nothing about
injection anywhere, sidecars are assumed and the evidence says so, as for Istio (docs/decisions/0003).
"""

from __future__ import annotations

from analyzer.findings import Evidence
from analyzer.linking.memory import remembered
from analyzer.linking.mesh import Mesh, Pod, ServiceNode
from analyzer.semantics import Membership
from parsers.facts.consul import ConsulInstallation, ServiceDefaults, ServiceIntentions, ServiceResolver, ServiceRouter
from parsers.source import Span

KIND = "consul"
INJECT = "consul.hashicorp.com/connect-inject"
SERVICE = "consul.hashicorp.com/connect-service"
TRANSPARENT = "consul.hashicorp.com/transparent-proxy"
_OWN = frozenset({"consul-dataplane", "consul-connect-envoy-sidecar"})
_SYSTEM = frozenset({"kube-system", "local-path-storage"})
_YES = frozenset({"true", "1", "t"})
_RESOURCES: tuple[type, ...] = (ServiceIntentions, ServiceRouter, ServiceResolver, ServiceDefaults)


def member(pod: Pod, mesh: Mesh) -> Membership | None:
    """The pod's place in the mesh, or ``None``."""
    if pod.fact is not None and (pod.fact.kind == "ComposeService" or pod.fact.host_network):
        return None
    for container in pod.fact.containers if pod.fact else ():
        if container.name in _OWN:
            return Membership(KIND, Evidence(f"the pod carries the container {container.name} itself", container.span))
    if pod.namespace in _SYSTEM:
        return None
    own = pod.annotations.get(INJECT)
    if own is not None:
        yes = own.lower() in _YES
        return Membership(KIND, Evidence(f"the pod template is annotated {INJECT}: {own}", pod.span)) if yes else None
    installed = installation(mesh)
    if installed is not None and installed.inject is not None:
        said = Evidence("connectInject.default injects every pod", installed.span)
        return Membership(KIND, said) if installed.inject else None
    return _assumed(mesh)


def installation(mesh: Mesh) -> ConsulInstallation | None:
    """What values of Consul's chart say, where the repository holds them."""
    found = mesh.all(ConsulInstallation)
    return found[0] if found else None


def service_membership(service: ServiceNode | None, mesh: Mesh) -> Membership | None:
    """The membership of a service's pods: of the first that has one."""
    pods = service.pods if service is not None else ()
    return next((m for p in pods if (m := member(p, mesh)) is not None), None)


def names_of(service: ServiceNode) -> tuple[str, ...]:
    """The names by which Consul knows a service: as its pods are annotated, else its own."""
    written = (p.annotations[SERVICE] for p in service.pods if SERVICE in p.annotations)
    return tuple(dict.fromkeys(n.strip() for w in written for n in w.split(","))) or (service.name,)


def _assumed(mesh: Mesh) -> Membership | None:
    resource = remembered(mesh, _resource)
    if resource is None or remembered(mesh, _stated):
        return None
    said = "the repository holds entries of Consul and no annotation about injection"
    return Membership(KIND, Evidence(f"assumed to have Consul's sidecar: {said}", resource))


def _resource(mesh: Mesh) -> Span | None:
    return mesh.first_span(_RESOURCES)


def _stated(mesh: Mesh) -> bool:
    return any(INJECT in p.annotations for p in mesh.pods.values())
