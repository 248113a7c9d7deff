"""Whether Consul lets a request in: the one intention of highest precedence, its permissions, the default.

Source: hashicorp/consul agent/structs/config_entry_intentions.go (precedence 9, 8, 6, 5), agent/xds/rbac.go
(permissions in order; on tcp they deny); hashicorp/consul-k8s charts/consul/values.yaml (ACLs off: all is allowed).
Shape: ``None`` where no sidecar stands before the workload. Intentions are never merged.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from analyzer.findings import Evidence
from analyzer.linking.memory import remembered
from analyzer.linking.mesh import Mesh, Pod, ServiceNode
from analyzer.model import Decision, Request, Verdict, conjunction
from analyzer.options import Options
from analyzer.requestsets.matching import Answer, either, taken
from analyzer.semantics import Sender
from analyzer.semantics.consul.chain import speaks_http, takes
from analyzer.semantics.consul.injection import (
    TRANSPARENT,
    installation,
    member,
    names_of,
    service_membership,
)
from parsers.facts.consul import ConsulMesh, IntentionSource, ServiceDefaults, ServiceIntentions

ACLS = "whether Consul's ACLs are on (global.acls.manageSystemACLs): they decide what no intention says"
_EVERYBODY = "*"


@dataclass(frozen=True, slots=True)
class Chosen:
    """The intention that decides."""

    intentions: ServiceIntentions
    source: IntentionSource


def verdict(request: Request, mesh: Mesh, _options: Options) -> Verdict | None:
    """Whether the sidecars of the callee's pods let the request in."""
    service = mesh.services.get(request.to)
    if service is None or service.external:
        return None
    pods = [p for p in service.pods if member(p, mesh) is not None]
    if not pods:
        return None
    name = names_of(service)[0]
    if (exposed := _exposed(name, request, mesh)) is not None:
        return exposed
    if request.principal is None:
        return _plaintext(pods[0], name, mesh)
    found = [_decided(source, name, request, mesh) for source in _sources(request, mesh)]
    return _alike(found)


def _alike(found: list[Verdict]) -> Verdict:
    if len({v.decision for v in found}) == 1:
        return conjunction(found)
    because = tuple(dict.fromkeys(e for v in found for e in v.because))
    return Verdict(Decision.UNKNOWN, because, ("which of the services of this identity calls",))


def _sources(request: Request, mesh: Mesh) -> tuple[str, ...]:
    """Names of the calling service: of the one meant, of those with the identity, else of its account."""
    caller = mesh.services.get(request.caller or "")
    if caller is not None:
        return names_of(caller)
    found = [
        name
        for service in mesh.services.values()
        if any(mesh.principal(p) == request.principal for p in service.pods)
        for name in names_of(service)
    ]
    return tuple(dict.fromkeys(found)) or ((request.principal or "").rpartition("/")[2],)


def _exposed(name: str, request: Request, mesh: Mesh) -> Verdict | None:
    """Paths that are served without mTLS and intentions."""
    for defaults in mesh.all(ServiceDefaults):
        if defaults.everything or defaults.meta.name == name:
            answer = either(taken("exact", path, request.path) for path in defaults.exposed)
            if answer:
                said = f"expose.paths of {defaults.meta.name} serves the path without mTLS and intentions"
                return Verdict(Decision.ALLOWED, (Evidence(said, defaults.span),))
    return None


def _plaintext(pod: Pod, name: str, mesh: Mesh) -> Verdict:
    """A peer without identity: refused, unless mTLS is permissive or nothing leads its traffic into the sidecar."""
    allowed = next((m for m in mesh.all(ConsulMesh) if m.permissive_allowed), None)
    asked = [d for d in mesh.all(ServiceDefaults) if d.mutual_tls and (d.everything or d.meta.name == name)]
    mode = next((d for d in sorted(asked, key=lambda d: d.everything)), None)
    if allowed is not None and mode is not None and mode.mutual_tls == "permissive":
        said = "mutualTLSMode is permissive: plaintext reaches the application, and no intention is asked"
        return Verdict(Decision.ALLOWED, (Evidence(said, mode.span),))
    if pod.annotations.get(TRANSPARENT, "").lower() == "false":
        said = f"{TRANSPARENT} is false: the application's port is reached round the sidecar"
        return Verdict(Decision.ALLOWED, (Evidence(said, pod.span),))
    return Verdict(Decision.DENIED, (Evidence("the sidecar takes mutual TLS only, and no identity arrives", pod.span),))


def _decided(source: str, name: str, request: Request, mesh: Mesh) -> Verdict:
    chosen = choose(source, name, mesh)
    if chosen is None:
        return _default(mesh)
    intentions, own = chosen.intentions, chosen.source
    said = Evidence(f"ServiceIntentions {intentions.meta.name}: {own.name} -> {intentions.destination}", own.span)
    if not own.permissions:
        if own.action == "allow" and intentions.jwt:
            return Verdict(Decision.UNKNOWN, (said,), ("jwt",))
        decision = Decision.ALLOWED if own.action == "allow" else Decision.DENIED
        return Verdict(decision, (said,), refused=decision is Decision.DENIED)
    if not speaks_http(name, mesh):
        tcp = Evidence(f"{name} speaks tcp to Consul, and permissions of requests deny there", own.span)
        return Verdict(Decision.DENIED, (said, tcp), refused=True)
    return _permitted(chosen, said, request, mesh)


def choose(source: str, name: str, mesh: Mesh) -> Chosen | None:
    """The intention of highest precedence: an exact destination before an exact source before none."""
    ranked: list[tuple[int, Chosen]] = []
    shelf = remembered(mesh, _by_destination)
    for intentions in (*shelf.get(name, ()), *(shelf.get(_EVERYBODY, ()) if name != _EVERYBODY else ())):
        for own in intentions.sources:
            if own.name in (source, _EVERYBODY):
                exact = intentions.destination == name
                rank = {(True, True): 9, (True, False): 8, (False, True): 6, (False, False): 5}
                ranked.append((rank[exact, own.name == source], Chosen(intentions, own)))
    return max(ranked, key=lambda pair: pair[0])[1] if ranked else None


def _by_destination(mesh: Mesh) -> dict[str, tuple[ServiceIntentions, ...]]:
    found: dict[str, list[ServiceIntentions]] = {}
    for intentions in mesh.all(ServiceIntentions):
        found.setdefault(intentions.destination, []).append(intentions)
    return {name: tuple(items) for name, items in found.items()}


def _permitted(chosen: Chosen, said: Evidence, request: Request, mesh: Mesh) -> Verdict:
    """The first permission that takes the request; one that may leaves it open."""
    doubts: list[Evidence] = []
    for permission in chosen.source.permissions:
        answer: Answer = takes(
            permission.match, request.method, request.path, request.headers, sure=request.headers is not None
        )
        if answer and permission.jwt:
            answer = None
        which = Evidence(f"a permission that {permission.action}s takes it", permission.span)
        if answer is None:
            doubts.append(which)
        elif answer and not doubts:
            decision = Decision.ALLOWED if permission.action == "allow" else Decision.DENIED
            return Verdict(decision, (said, which), refused=decision is Decision.DENIED)
        elif answer:
            break
    if doubts:
        return Verdict(Decision.UNKNOWN, (said, *doubts), ("method, path, headers or token",))
    rest = _default(mesh)
    none = Evidence("no permission takes it, so that the default decides", chosen.source.span)
    return Verdict(rest.decision, (said, none, *rest.because), rest.needs)


def _default(mesh: Mesh) -> Verdict:
    installed = installation(mesh)
    if installed is None or installed.acls is None:
        return Verdict(Decision.UNKNOWN, (Evidence("no intention is about this call"),), (ACLS,))
    if installed.acls:
        return Verdict(Decision.DENIED, (Evidence("no intention allows it, and ACLs deny by default", installed.span),))
    return Verdict(
        Decision.ALLOWED, (Evidence("no intention is about it, and without ACLs all is allowed", installed.span),)
    )


# ------------------------------------------------------------------------------------------------------------ groups


def groups(service: ServiceNode, senders: tuple[Sender, ...], mesh: Mesh) -> tuple[int, ...]:
    """Senders by the intention that decides about them, and whether they have an identity at all."""
    if service_membership(service, mesh) is None:
        return ((1 << len(senders)) - 1,)
    name = names_of(service)[0]
    found: dict[object, int] = {}
    for index, sender in enumerate(senders):
        key = tuple(_rules(sender, name, mesh)) if sender.principal is not None else None
        found[key] = found.get(key, 0) | (1 << index)
    return tuple(sorted(found.values()))


def _rules(sender: Sender, name: str, mesh: Mesh) -> Iterator[object]:
    request = Request(sender.principal, name, caller=sender.service)
    for source in _sources(request, mesh):
        chosen = choose(source, name, mesh)
        yield chosen.source.span if chosen is not None else None
