"""Whether a pod has Linkerd's proxy.

Source: linkerd/linkerd2 pkg/inject/report.go:184-228 (which annotation wins), charts/linkerd-control-plane/templates/
proxy-injector.yaml (namespaces that are never asked).
Shape: one ``Membership`` with the line that decides. Where a repository holds resources of Linkerd and no annotation
about injection anywhere, the proxy is assumed and the evidence says so, as for Istio (docs/decisions/0003).
"""

from __future__ import annotations

from analyzer.findings import Evidence
from analyzer.linking.memory import remembered
from analyzer.linking.mesh import Mesh, Pod, ServiceNode
from analyzer.semantics import Membership
from parsers.facts.gateway_api import MeshRoute
from parsers.facts.linkerd import (
    LinkerdAuthorizationPolicy,
    LinkerdInstallation,
    PolicyServer,
    ServerAuthorization,
    ServiceProfile,
)
from parsers.source import Span

KIND = "linkerd"
INJECT = "linkerd.io/inject"
_YES = frozenset({"enabled", "ingress"})
_WORDS = _YES | {"disabled"}
_SYSTEM = frozenset({"kube-system", "cert-manager"})
_WEBHOOKS = "config.linkerd.io/admission-webhooks"
_OWN = "linkerd-proxy"
#: Sidecars of others beside which Linkerd's is never put (pkg/healthcheck/sidecar.go).
_OTHERS = frozenset(
    {"istio-proxy", "gloo-mesh", "nginx-mesh-sidecar", "kuma-sidecar", "envoy-sidecar", "consul-dataplane"}
)
_RESOURCES: tuple[type, ...] = (
    ServiceProfile,
    PolicyServer,
    ServerAuthorization,
    LinkerdAuthorizationPolicy,
    MeshRoute,
)


def member(pod: Pod, mesh: Mesh) -> Membership | None:
    """The pod's place in the mesh, or ``None``."""
    if pod.fact is not None and (pod.fact.kind == "ComposeService" or pod.fact.host_network):
        return None
    for container in pod.fact.containers if pod.fact else ():
        if container.name == _OWN:
            return Membership(KIND, Evidence("the pod carries the container linkerd-proxy itself", container.span))
        if container.name in _OTHERS:
            return None
    if pod.namespace in _SYSTEM or mesh.namespace_labels(pod.namespace).get(_WEBHOOKS) == "disabled":
        return None
    return _injected(pod, mesh)


def service_membership(service: ServiceNode | None, mesh: Mesh) -> Membership | None:
    """The membership of a service's pods: of the first that has one."""
    pods = service.pods if service is not None else ()
    return next((m for p in pods if (m := member(p, mesh)) is not None), None)


def setting(name: str, pod: Pod, mesh: Mesh) -> tuple[str | None, Span | None]:
    """A proxy setting as the injector finds it: on the pod template, else on the namespace."""
    if name in pod.annotations:
        return pod.annotations[name], pod.span
    namespace = mesh.namespaces.get(pod.namespace)
    if namespace is not None and name in namespace.meta.annotations:
        return namespace.meta.annotations[name], namespace.span
    return None, None


def installation(mesh: Mesh) -> LinkerdInstallation | None:
    """What values of Linkerd's chart say, where the repository holds them."""
    found = mesh.all(LinkerdInstallation)
    return found[0] if found else None


def _injected(pod: Pod, mesh: Mesh) -> Membership | None:
    namespace = mesh.namespaces.get(pod.namespace)
    around = namespace.meta.annotations.get(INJECT) if namespace is not None else None
    own = pod.annotations.get(INJECT)
    if own is None and around is None:
        return _assumed(mesh)
    if (own is not None and own not in _WORDS) or (around is not None and around not in _WORDS):
        return None
    if own in _YES:
        return Membership(KIND, Evidence(f"the pod template is annotated {INJECT}: {own}", pod.span))
    if own is None and around in _YES and namespace is not None:
        said = f"namespace {pod.namespace} is annotated {INJECT}: {around}"
        return Membership(KIND, Evidence(said, namespace.span))
    return None


def _assumed(mesh: Mesh) -> Membership | None:
    resource = remembered(mesh, _resource)
    if resource is None or remembered(mesh, _stated):
        return None
    said = "the repository holds Linkerd configuration and no annotation about injection"
    return Membership(KIND, Evidence(f"assumed to have Linkerd's proxy: {said}", resource))


def _resource(mesh: Mesh) -> Span | None:
    return mesh.first_span(_RESOURCES)


def _stated(mesh: Mesh) -> bool:
    """Whether anything says yes or no to injection."""
    namespaces = (n for n in mesh.namespaces.values() if n is not None)
    return any(INJECT in n.meta.annotations for n in namespaces) or any(
        INJECT in p.annotations or any(c.name == _OWN for c in (p.fact.containers if p.fact else ()))
        for p in mesh.pods.values()
    )
