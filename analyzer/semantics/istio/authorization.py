"""Whether Istio lets a request through: mTLS, then the policies of the sidecar, or of the waypoint and ztunnel.

Source: istio/istio pilot/pkg/networking/plugin/authz/authorization.go:104-119 (policies are enforced by the server);
pilot/pkg/networking/core/listener_inbound.go:759-789 (ports that no Service names are served too).
Shape: three-valued; ``None`` where Istio has no say: outside the cluster, or where no proxy stands before the workload.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from analyzer.findings import Evidence
from analyzer.linking.mesh import Mesh, Pod, ServiceNode
from analyzer.model import Decision, Request, Verdict, conjunction
from analyzer.options import Options
from analyzer.requestsets.conditions import attributes
from analyzer.requestsets.patterns import Pattern
from analyzer.semantics.istio.authorization_places import sidecar_place, waypoint_place, ztunnel_place
from analyzer.semantics.istio.authorization_rulings import Place, decision
from analyzer.semantics.istio.authorization_scope import token_checks
from analyzer.semantics.istio.authorization_seen import default_sni, has_holes, seen
from analyzer.semantics.istio.hosts import Protocol, protocol_of
from analyzer.semantics.istio.injection import AMBIENT, member, pods_of
from analyzer.semantics.istio.matching import DEFAULT_NORMALIZATION, refused
from analyzer.semantics.istio.mtls import server_mode
from analyzer.semantics.istio.proxies import waypoint_of
from analyzer.semantics.istio.scope import arrives_directly
from parsers.facts.istio import EnvoyFilter

#: What an EnvoyFilter patches where policies are enforced.
_GUARDING = frozenset({"LISTENER", "FILTER_CHAIN", "NETWORK_FILTER", "HTTP_FILTER"})


def verdict(request: Request, mesh: Mesh, _options: Options) -> Verdict | None:
    """Decide about a request at every workload that may answer it."""
    service = mesh.services.get(request.to)
    if service is None or service.external:
        return None
    asked = _completed(request, service)
    found = [(pod, _at_pod(asked, service, pod, mesh)) for pod in pods_of(service)]
    if all(v is None for _, v in found):
        return None
    return _across([(pod, v or _unguarded(pod)) for pod, v in found])


def normalization(mesh: Mesh) -> str:
    """How paths are normalised before they are matched."""
    written = mesh.config.path_normalization if mesh.config else None
    return DEFAULT_NORMALIZATION if written in {None, "", "DEFAULT"} else str(written)


def _completed(request: Request, service: ServiceNode) -> Request:
    """With the port, where the service has only one, and the server name that a client's sidecar sends."""
    targets = {service.target_port(p.port) for p in service.ports} - {None}
    port = request.port if request.port is not None else next(iter(targets)) if len(targets) == 1 else None
    sni = request.sni
    if sni is None and request.principal is not None:
        sni = default_sni(service, port)
    return replace(request, port=port, sni=sni)


def _unguarded(pod: Pod) -> Verdict:
    return Verdict(Decision.ALLOWED, (Evidence(f"no proxy stands before {pod.id}", pod.span),))


def _across(found: Sequence[tuple[Pod, Verdict]]) -> Verdict:
    """One answer where all workloads give the same; else it depends on which of them is asked."""
    answers = {v.decision for _, v in found}
    if len(answers) == 1:
        return conjunction(v for _, v in found)
    each = ", ".join(f"{pod.id}: {v.decision.value}" for pod, v in found)
    because = tuple(dict.fromkeys(e for _, v in found for e in v.because))
    return Verdict(Decision.UNKNOWN, because, (f"which workload answers ({each})",))


def _at_pod(request: Request, service: ServiceNode, pod: Pod, mesh: Mesh) -> Verdict | None:
    membership = member(pod, mesh)
    if membership is None or arrives_directly(pod, request.port) is not None:
        return None
    if membership.kind == AMBIENT:
        return _ambient(request, service, pod, mesh)
    return _sidecar(request, service, pod, mesh)


def _sidecar(request: Request, service: ServiceNode, pod: Pod, mesh: Mesh) -> Verdict:
    mode = server_mode(pod, request.port, mesh)
    if mode.mode == "STRICT" and request.principal is None:
        return Verdict(
            Decision.DENIED, (mode.because, Evidence("a peer without identity is refused before any policy"))
        )
    principal = None if mode.mode == "DISABLE" else request.principal
    tcp = _protocol(service, request.port) is Protocol.TCP
    if not tcp and (why := refused(request.method, request.path, normalization(mesh), holes=request.open_path)):
        return Verdict(Decision.DENIED, (Evidence(f"the proxy answers 400 itself: {why}"),))
    found = _decided(sidecar_place(pod, mesh, tcp=tcp), request, principal, pod, mesh)
    plain = (mode.because,) if request.principal is None and found.decision is Decision.ALLOWED else ()
    return replace(found, because=(*found.because, *plain, *_patches(pod, mesh)))


def _patches(pod: Pod, mesh: Mesh) -> Iterator[Evidence]:
    """EnvoyFilters that may put something before the policies, or take them away: said, not modelled."""
    for patch in mesh.all(EnvoyFilter):
        near = patch.meta.ns in {pod.namespace, mesh.root_namespace} and pod.labels.contains(patch.selector or {})
        if near and _GUARDING.intersection(patch.applies_to):
            name = f"{patch.meta.ns}/{patch.meta.name}"
            yield Evidence(f"EnvoyFilter {name} may change this; what it does is not modelled", patch.span)


def _decided(where: Place, request: Request, principal: str | None, pod: Pod, mesh: Mesh) -> Verdict:
    wanted = attributes(where.condition)
    asked = request
    if request.jwt is None and not token_checks(pod, mesh):
        asked = replace(request, jwt=())
    known = seen(
        asked, principal, normalization(mesh), (*wanted, *(a for r in where.custom for a in attributes(r.condition)))
    )
    return decision(where, known, _narrowed(request))


def _narrowed(request: Request) -> dict[str, Pattern]:
    return {"path": Pattern("holes", request.path or "")} if has_holes(request) else {}


def _ambient(request: Request, service: ServiceNode, pod: Pod, mesh: Mesh) -> Verdict:
    """Through the waypoint, where there is one, which then is the peer that ztunnel sees; else ztunnel alone."""
    waypoint = waypoint_of(service, pod, mesh)
    if waypoint is None:
        return _ztunnel(request, request.principal, pod, mesh)
    if why := refused(request.method, request.path, normalization(mesh), holes=request.open_path):
        return Verdict(Decision.DENIED, (Evidence(f"the waypoint answers 400 itself: {why}"),))
    first = _decided(waypoint_place(service, waypoint, mesh), request, request.principal, pod, mesh)
    identity = f"{mesh.trust_domain}/ns/{waypoint[0]}/sa/{waypoint[1]}"
    return conjunction((first, _ztunnel(request, identity, pod, mesh)))


def _ztunnel(request: Request, principal: str | None, pod: Pod, mesh: Mesh) -> Verdict:
    mode = server_mode(pod, request.port, mesh)
    if mode.mode == "STRICT" and principal is None:
        return Verdict(Decision.DENIED, (mode.because, Evidence("ztunnel refuses a peer without identity")))
    where = ztunnel_place(pod, mesh)
    return decision(where, seen(request, principal, normalization(mesh), attributes(where.condition)), {})


def _protocol(service: ServiceNode, port: int | None) -> Protocol:
    """What the workload's port speaks, by the Service port in front of it."""
    fronting = [p for p in service.ports if port is None or service.target_port(p.port) == port]
    spoken = {protocol_of(p, p.port) for p in fronting} or {protocol_of(None, port)}
    return Protocol.TCP if spoken == {Protocol.TCP} else Protocol.HTTP
