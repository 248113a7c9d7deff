"""Whether Linkerd lets a request in: Servers, what allows their clients, and the default where no Server is.

Source: linkerd/linkerd2 policy-controller/k8s/index/src/inbound/index.rs; linkerd2-proxy linkerd/proxy/server-policy/
src/authz.rs:87 (a route is allowed by its own authorizations or by its server's).
Shape: ``None`` where no proxy stands before the workload. There is no rule that denies: what nothing allows is denied.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.findings import Evidence
from analyzer.linking.mesh import Mesh, Pod, ServiceNode
from analyzer.model import Decision, Request, Verdict, conjunction
from analyzer.options import Options
from analyzer.requestsets.matching import Answer, either
from analyzer.semantics import Sender
from analyzer.semantics.linkerd.clients import (
    CLUSTER,
    Allowance,
    Client,
    in_networks,
    of_authorization,
    of_policy,
)
from analyzer.semantics.linkerd.identities import identity, takes
from analyzer.semantics.linkerd.injection import installation, member, service_membership, setting
from analyzer.semantics.linkerd.routes import Asked, attached, candidates
from analyzer.semantics.linkerd.shelf import authorizations_for, policies_for, servers_of, told_apart
from parsers.facts.gateway_api import KubernetesRoute
from parsers.facts.linkerd import PolicyServer

_DEFAULT = "config.linkerd.io/default-inbound-policy"
_SKIP = "config.linkerd.io/skip-inbound-ports"
_IDENTITY = "config.linkerd.io/proxy-require-identity-inbound-ports"
#: The default of the chart (charts/linkerd-control-plane/values.yaml, proxy.defaultInboundPolicy).
EVERYBODY = "all-unauthenticated"


def verdict(request: Request, mesh: Mesh, _options: Options) -> Verdict | None:
    """Whether the proxies of the callee's pods let the request in."""
    service = mesh.services.get(request.to)
    if service is None or service.external:
        return None
    found: list[Verdict] = []
    for pod in service.pods:
        if member(pod, mesh) is None:
            continue
        ports = _ports(request, service, pod)
        each = [_at_port(pod, port, request, mesh) for port in ports]
        found.append(_alike(each, "port"))
    return _alike(found, "which of the pods answers") if found else None


def _ports(request: Request, service: ServiceNode, pod: Pod) -> tuple[int | None, ...]:
    if request.port is not None:
        return (request.port,)
    targets = dict.fromkeys(service.target_port(p.port) for p in service.ports)
    containers = pod.fact.containers if pod.fact else ()
    return tuple(targets) or tuple(p.number for c in containers for p in c.ports) or (None,)


def _alike(each: list[Verdict], needs: str) -> Verdict:
    """One answer where all agree; else it depends."""
    if len({v.decision for v in each}) == 1:
        return conjunction(each)
    because = tuple(dict.fromkeys(e for v in each for e in v.because))
    return Verdict(Decision.UNKNOWN, because, tuple(dict.fromkeys((*(n for v in each for n in v.needs), needs))))


def _at_port(pod: Pod, port: int | None, request: Request, mesh: Mesh) -> Verdict:
    skipped, span = setting(_SKIP, pod, mesh)
    if port is not None and skipped is not None and str(port) in [p.strip() for p in skipped.split(",")]:
        return Verdict(Decision.ALLOWED, (Evidence(f"port {port} goes round the proxy ({_SKIP})", span),))
    client = Client(identity(request.principal, mesh), request.source_ip, request.principal is not None)
    servers = [s for s in servers_of(pod, mesh) if port is None or pod.container_port(s.port) == port]
    if not servers:
        return _decided(_by_default(pod, port, client, mesh))
    server = servers[0]
    routes = attached(mesh, "Server", server.meta.name, server.meta.ns)
    own = tuple(_of_server(server, client, mesh))
    said = Evidence(f"Server {server.meta.ns}/{server.meta.name} guards the port", server.span)
    if len(servers) > 1:
        said = Evidence(f"{said.text}; others select it, too, and only the oldest counts", server.span)
    if not routes:
        return _decided((*own, *_by_access(server, client)), said)
    return _by_routes(routes, own, said, request, client, mesh)


def _of_server(server: PolicyServer, client: Client, mesh: Mesh) -> Iterator[Allowance]:
    """What allows clients of the whole server: by name, by labels, or for its namespace."""
    for authorization in authorizations_for(server, mesh):
        yield of_authorization(authorization, client, mesh)
    namespace = server.meta.ns
    for kind, name in (("Server", server.meta.name), ("Namespace", namespace)):
        for policy in policies_for(namespace, kind, name, mesh):
            yield of_policy(policy, client, mesh)


def _by_access(server: PolicyServer, client: Client) -> tuple[Allowance, ...]:
    """What ``accessPolicy`` lets in besides; ``deny``, the default, adds nothing."""
    if server.access in (None, "deny"):
        return ()
    said = Evidence(f"accessPolicy: {server.access} of Server {server.meta.ns}/{server.meta.name}", server.span)
    return (Allowance(_lets(server.access or "", client), said),)


def _by_default(pod: Pod, port: int | None, client: Client, mesh: Mesh) -> tuple[Allowance, ...]:
    written, span = setting(_DEFAULT, pod, mesh)
    installed = installation(mesh)
    chosen = installed.default_inbound_policy if installed is not None and written is None else None
    policy = written or chosen or EVERYBODY
    said = f"{_DEFAULT}: {written}" if written else f"no Server selects the port, and Linkerd's default is {EVERYBODY}"
    if chosen is not None and installed is not None:
        said, span = f"no Server selects the port, and proxy.defaultInboundPolicy is {chosen}", installed.span
    required, _ = setting(_IDENTITY, pod, mesh)
    if required is not None and port is not None and str(port) in [p.strip() for p in required.split(",")]:
        return (Allowance(client.identity is not None, Evidence(f"{_IDENTITY} lists {port}", pod.span)),)
    return (Allowance(_lets(policy, client), Evidence(said, span)),)


def _lets(policy: str, client: Client) -> Answer:
    """What one of the named policies says of a client; a name that is none of them falls back to the cluster's."""
    match policy:
        case "deny":
            return False
        case "all-authenticated":
            return client.identity is not None
        case "cluster-authenticated":
            return False if client.identity is None else in_networks(client, CLUSTER)
        case "cluster-unauthenticated":
            return in_networks(client, CLUSTER)
        case _:
            return True


def _by_routes(
    routes: tuple[KubernetesRoute, ...],
    own: tuple[Allowance, ...],
    said: Evidence,
    request: Request,
    client: Client,
    mesh: Mesh,
) -> Verdict:
    asked = Asked(request.method, request.path, request.headers or ())
    each: list[Verdict] = []
    for rule in candidates(routes, asked):
        if rule is None:
            none = Evidence("no route of the Server takes the request: 404", said.span)
            each.append(Verdict(Decision.DENIED, (said, none)))
            continue
        route = rule[0]
        allowed = [of_policy(p, client, mesh) for p in policies_for(route.meta.ns, route.kind, route.meta.name, mesh)]
        taken = Evidence(f"{route.kind} {route.meta.name} takes the request", rule[1].span)
        each.append(_decided((*allowed, *own), said, taken))
    return _alike(each, "method, path and headers")


def _decided(allowances: tuple[Allowance, ...], *said: Evidence) -> Verdict:
    answer = either(a.answer for a in allowances)
    if answer:
        return Verdict(Decision.ALLOWED, (*said, *(a.evidence for a in allowances if a.answer)))
    if answer is None:
        open_ = tuple(a.evidence for a in allowances if a.answer is None)
        return Verdict(Decision.UNKNOWN, (*said, *open_), ("source_ip",))
    nothing = () if allowances else (Evidence("nothing allows anybody"),)
    return Verdict(Decision.DENIED, (*said, *(a.evidence for a in allowances), *nothing))


# ------------------------------------------------------------------------------------------------------------ groups


def groups(service: ServiceNode, senders: tuple[Sender, ...], mesh: Mesh) -> tuple[int, ...]:
    """Senders that no policy of the repository tells apart: by whether they have an identity, and by each pattern."""
    everybody = (1 << len(senders)) - 1
    if service_membership(service, mesh) is None:
        return (everybody,)
    known = told_apart(service.pods, mesh)
    found: dict[tuple[object, ...], int] = {}
    for index, sender in enumerate(senders):
        name = identity(sender.principal, mesh)
        key = (name is None, *(name is not None and takes(p, name) for p in known))
        found[key] = found.get(key, 0) | (1 << index)
    return tuple(sorted(found.values()))
