"""The Gateway API where no mesh serves it: what an implementation leaves out of a route, and what nobody has granted.

What a route does to a call inside a mesh is the mesh's to say (istio, linkerd); a gateway's own requests are no calls
of the system. So there is only what does not do what it says.
Source: kubernetes-sigs/gateway-api conformance/reports (which implementation supports HTTPRouteRetry), GEP-1731,
apis/v1beta1/referencegrant_types.go; fluxcd/flagger pkg/router (which provider copies ``retries``).
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.linking.mesh import Mesh
from analyzer.semantics import Flaw, Problem, Semantics
from parsers.facts.delivery import Canary
from parsers.facts.gateway_api import GatewayClass, KubernetesGateway, KubernetesRoute, ReferenceGrant

#: Controllers whose gateways honour ``retry``; of others no report says that they do.
_RETRYING = frozenset(
    {
        "istio.io/gateway-controller",
        "io.cilium/gateway-controller",
        "gateway.envoyproxy.io/gatewayclass-controller",
        "kgateway.dev/kgateway",
        "kgateway.dev/agentgateway",
    }
)
#: Well-known classes where the repository does not define them.
_CLASSES = {
    "istio": "istio.io/gateway-controller",
    "istio-remote": "istio.io/gateway-controller",
    "cilium": "io.cilium/gateway-controller",
    "eg": "gateway.envoyproxy.io/gatewayclass-controller",
    "consul": "consul.hashicorp.com/gateway-controller",
    "nginx": "gateway.nginx.org/nginx-gateway-controller",
    "traefik": "traefik.io/gateway-controller",
    "kong": "konghq.com/kic-gateway-controller",
}
#: Providers that copy ``service.retries`` of a Canary; unwritten is istio.
_COPYING = frozenset({None, "istio", "contour", "appmesh", "appmesh:v1beta1", "appmesh:v1beta2"})


def problems(mesh: Mesh) -> Iterator[Problem]:
    """Fields that nobody reads, and references across namespaces that nobody has granted."""
    classes = {**_CLASSES, **{c.meta.name: c.controller for c in mesh.all(GatewayClass)}}
    gateways = {(g.meta.ns, g.meta.name): classes.get(g.class_name) for g in mesh.all(KubernetesGateway)}
    for route in mesh.all(KubernetesRoute):
        at = [gateways.get((p.namespace or route.meta.ns, p.name)) for p in route.parents if p.kind == "Gateway"]
        yield from _ignored(route, [c for c in at if c is not None])
        if any(p.kind == "Gateway" for p in route.parents):
            yield from _ungranted(route, mesh)
    for canary in mesh.all(Canary):
        if canary.retries and canary.provider not in _COPYING:
            who = f"Canary {canary.meta.ns}/{canary.meta.name}"
            said = f"Flagger's provider {canary.provider} does not read service.retries"
            yield Problem(Flaw.INEFFECTIVE, "flagger-ignores-retries", who, said, canary.span)


def _ignored(route: KubernetesRoute, controllers: list[str]) -> Iterator[Problem]:
    deaf = sorted({c for c in controllers if c not in _RETRYING})
    for rule in route.rules:
        if rule.retry is not None and deaf:
            who = f"{route.kind} {route.meta.ns}/{route.meta.name}"
            said = f"no report says that {', '.join(deaf)} reads retry: nothing may be retried"
            yield Problem(Flaw.INEFFECTIVE, "gateway-ignores-retry", who, said, rule.retry.span, sure=False)


def _ungranted(route: KubernetesRoute, mesh: Mesh) -> Iterator[Problem]:
    """A gateway sends to another namespace only where that one grants it: else its share is answered with 500."""
    for rule in route.rules:
        for backend in rule.backends:
            namespace = backend.namespace or route.meta.ns
            if namespace != route.meta.ns and not _granted(route, namespace, backend.name, mesh):
                who = f"{route.kind} {route.meta.ns}/{route.meta.name}"
                said = (
                    f"no ReferenceGrant in {namespace} lets it send to {backend.name}: its share is answered with 500"
                )
                yield Problem(Flaw.DANGLING, "reference-not-granted", who, said, backend.span, sure=False)


def _granted(route: KubernetesRoute, namespace: str, name: str, mesh: Mesh) -> bool:
    return any(
        grant.meta.ns == namespace
        and (route.kind, route.meta.ns) in grant.origins
        and any(kind == "Service" and only in (None, name) for kind, only in grant.targets)
        for grant in mesh.all(ReferenceGrant)
    )


GATEWAY_API = Semantics(
    name="gateway-api",
    member=lambda _pod, _mesh: None,
    passage=lambda _wire, _mesh, _options: None,
    verdict=lambda _request, _mesh, _options: None,
    mtls=lambda _service, _port, _mesh: None,
    groups=lambda _service, senders, _mesh: ((1 << len(senders)) - 1,),
    problems=problems,
)
