"""Kubernetes NetworkPolicy: whether the network lets a connection through, below any mesh.

Source: Kubernetes API reference, networking.k8s.io/v1 NetworkPolicy.
Shape: ``None`` where no policy selects either end, and where Cilium joins these policies with its own.
Which pod sends follows from the calling service, the identity or the source address; where none of
them says it, the answer holds only if it is the same for every sender.
"""

from __future__ import annotations

from collections.abc import Sequence

from analyzer.findings import Evidence
from analyzer.linking.mesh import Mesh, Pod, ServiceNode
from analyzer.model import Decision, Request, Verdict, conjunction
from analyzer.options import Options
from analyzer.semantics import Semantics
from analyzer.semantics.network_policy.connectivity import (
    OPEN,
    End,
    Passed,
    about,
    any_policy,
    isolating,
    passed_in,
    passed_out,
    rules,
)
from analyzer.semantics.network_policy.groups import groups
from analyzer.semantics.network_policy.ports import EVERY_PORT, NO_PORT, Ports, ports
from parsers.facts.kubernetes import AdminPolicy, NetworkPolicy, PolicyRule

#: What is missing where nothing says who sends.
SENDER = "which pod or address sends it"
#: What decides where an ``ipBlock`` might take a pod.
PLUGIN = "whether the network plugin holds pod addresses against ipBlock"


def verdict(request: Request, mesh: Mesh, _options: Options) -> Verdict | None:
    """Whether the policies of both ends let the connection through."""
    service = mesh.services.get(request.to)
    if service is None or service.external or not any_policy(mesh):
        return None
    asked = _asked(request, service)
    found: list[Verdict] = []
    for target in service.pods:
        senders = _senders(request, mesh)
        each = [_between(s, target, asked, mesh) for s in senders] if senders else [_from_anybody(target, asked, mesh)]
        found.extend(v for v in each if v is not None)
    return _same(found)


def _senders(request: Request, mesh: Mesh) -> Sequence[End]:
    """Who can be sending: the pods of the calling service, else of the identity, else the address."""
    caller = mesh.services.get(request.caller or "")
    if caller is not None:
        return caller.pods
    if request.principal is not None:
        return tuple(p for p in mesh.pods.values() if mesh.principal(p) == request.principal)
    return (f"{request.source_ip}/{128 if ':' in request.source_ip else 32}",) if request.source_ip else ()


def _asked(request: Request, service: ServiceNode) -> Ports:
    """The pod's ports that are meant: the one asked for, else all that the Service leads to, else every one."""
    if request.port is not None:
        return ports([("TCP", request.port, request.port)])
    targets = {(p.protocol, service.target_port(p.port)) for p in service.ports}
    known = [(protocol, number, number) for protocol, number in targets if number is not None]
    return ports(known) if known else EVERY_PORT


def _between(source: End, target: Pod, asked: Ports, mesh: Mesh) -> Verdict | None:
    outward = passed_out(source, target, mesh) if isinstance(source, Pod) else OPEN
    inward = passed_in(source, target, mesh)
    found = [_direction(p, asked, d) for p, d in ((outward, "egress"), (inward, "ingress")) if p.isolating]
    return conjunction(found) if found else None


def _direction(passed: Passed, asked: Ports, direction: str) -> Verdict:
    spans = tuple(Evidence(f"NetworkPolicy {direction} rule", span) for span in passed.spans)
    if not asked & passed.at_most:
        return Verdict(Decision.DENIED, tuple(_isolates(p, direction) for p in passed.isolating))
    if asked & passed.surely == asked:
        return Verdict(Decision.ALLOWED, spans)
    needs = PLUGIN if asked & passed.at_most == asked else "port"
    return Verdict(Decision.UNKNOWN, spans, (needs,))


def _isolates(policy: NetworkPolicy | AdminPolicy, direction: str) -> Evidence:
    if isinstance(policy, AdminPolicy):
        return Evidence(f"{policy.tier} policy {policy.meta.name} is about the pod's {direction}", policy.span)
    name = f"{policy.meta.ns}/{policy.meta.name}"
    return Evidence(
        f"NetworkPolicy {name} isolates the pod for {direction}, and no rule lets this through", policy.span
    )


def _from_anybody(target: Pod, asked: Ports, mesh: Mesh) -> Verdict | None:
    """Nobody knows who sends: decided where nobody or everybody may."""
    applying = isolating(target, "Ingress", mesh)
    admin = [p for tier in ("Admin", "Baseline") for p in about(target, tier, mesh) if p.ingress]
    if admin:
        because = (*(_isolates(p, "ingress") for p in admin), *(_isolates(p, "ingress") for p in applying))
        return Verdict(Decision.UNKNOWN, because, (SENDER,))
    if not applying:
        return None
    every = [r for p in applying for r in rules(p, "Ingress")]
    if not every:
        return Verdict(Decision.DENIED, tuple(_isolates(p, "ingress") for p in applying))
    anybody = [r for r in every if not r.peers]
    let = passed_in("0.0.0.0/0", target, mesh).surely if anybody else NO_PORT
    if asked & let == asked:
        return Verdict(Decision.ALLOWED, tuple(_rule(r) for r in anybody))
    return Verdict(Decision.UNKNOWN, tuple(_rule(r) for r in every), (SENDER,))


def _rule(rule: PolicyRule) -> Evidence:
    return Evidence("NetworkPolicy ingress rule", rule.span)


def _same(found: Sequence[Verdict]) -> Verdict | None:
    """One answer where all pairs of pods give the same; else it depends on which of them it is."""
    if not found:
        return None
    if len({v.decision for v in found}) == 1:
        return conjunction(found)
    because = tuple(dict.fromkeys(e for v in found for e in v.because))
    return Verdict(Decision.UNKNOWN, because, ("which of the workloads sends or answers",))


NETWORK_POLICY = Semantics(
    name="network-policy",
    member=lambda _pod, _mesh: None,
    passage=lambda _wire, _mesh, _options: None,
    verdict=verdict,
    mtls=lambda _service, _port, _mesh: None,
    groups=groups,
)
