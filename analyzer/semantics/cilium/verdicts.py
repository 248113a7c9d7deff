"""Whether Cilium lets a request through: the sender's egress and the receiver's ingress, then the HTTP rules.

Source: cilium/cilium pkg/policy (deny before allow, default deny), Documentation/security/policy; HTTP rules are
expressions on the whole path with its query (Envoy ``safe_regex``); an allowance without HTTP rules voids them.
Shape: ``None`` where the repository holds no policy of Cilium, or none selects either end, or none is enforced.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from analyzer.findings import Evidence
from analyzer.linking.mesh import Mesh, Pod, ServiceNode
from analyzer.model import Decision, Request, Verdict, conjunction
from analyzer.options import Options
from analyzer.requestsets.matching import Answer, both, either, taken
from analyzer.semantics.cilium.endpoints import End, takes
from analyzer.semantics.cilium.rules import EGRESS, INGRESS, Section, enforcement, port_in, sections
from parsers.facts.cilium import CiliumEntry, CiliumPolicy, HttpRule


@dataclass(frozen=True, slots=True)
class _Question:
    """A connection to a pod's port and the request on it."""

    request: Request
    port: int | None
    receiver: Pod
    mesh: Mesh


def verdict(request: Request, mesh: Mesh, _options: Options) -> Verdict | None:
    """Whether the policies of both ends let the request through."""
    service = mesh.services.get(request.to)
    if service is None or service.external or not mesh.all(CiliumPolicy) or enforcement(mesh) == "never":
        return None
    found: list[Verdict] = []
    for target in service.pods:
        for port in _ports(request, service, target):
            asked = _Question(request, port, target, mesh)
            for sender in _senders(request, mesh):
                found += _between(sender, asked, service)
    return _alike(found)


def _ports(request: Request, service: ServiceNode, target: Pod) -> tuple[int | None, ...]:
    if request.port is not None:
        return (request.port,)
    ports = dict.fromkeys(service.target_port(p.port) for p in service.ports)
    containers = target.fact.containers if target.fact else ()
    return tuple(ports) or tuple(p.number for c in containers for p in c.ports) or (None,)


def _senders(request: Request, mesh: Mesh) -> Sequence[End]:
    """The pods of the calling service, else of the identity, else the address; else nobody knows who."""
    caller = mesh.services.get(request.caller or "")
    pods: Sequence[Pod] = ()
    if caller is not None:
        pods = caller.pods
    elif request.principal is not None:
        pods = tuple(p for p in mesh.pods.values() if mesh.principal(p) == request.principal)
    return tuple(End(pod=p) for p in pods) or (End(ip=request.source_ip),)


def _between(sender: End, asked: _Question, service: ServiceNode) -> list[Verdict]:
    found: list[Verdict] = []
    if sender.pod is not None and sender.pod.id == asked.receiver.id:
        return [Verdict(Decision.ALLOWED, (Evidence("a pod reaches itself"),))]
    if sender.pod is not None:
        found += _direction(sender.pod, End(pod=asked.receiver, service=service.id), EGRESS, asked)
    found += _direction(asked.receiver, sender, INGRESS, asked)
    return [conjunction(found)] if found else []


def _direction(subject: Pod, peer: End, direction: str, asked: _Question) -> list[Verdict]:
    """Deny beats allow; what nothing allows is dropped where any section denies by default."""
    applying = sections(subject, direction, asked.mesh)
    always = enforcement(asked.mesh) == "always"
    if not applying:
        said = Evidence(f"nothing allows {direction} of {subject.id}, and enable-policy is always", subject.span)
        return [Verdict(Decision.DENIED, (said,))] if always else []
    refused = [(s, e, a) for s, e, a in _matching(applying, peer, asked, refusing=True) if a is not False]
    sure = [(s, e) for s, e, a in refused if a]
    if sure:
        return [Verdict(Decision.DENIED, tuple(_said(s, e, "denies") for s, e in sure), refused=True)]
    allowed = [(s, e, a) for s, e, a in _matching(applying, peer, asked, refusing=False) if a is not False]
    answer: Answer = either(a for _, _, a in allowed)
    because = tuple(_said(s, e, "allows") for s, e, a in allowed if a or answer is None)
    if not always and not any(s.denies for s in applying) and not _limited(applying, peer, asked):
        answer = True
    elif answer is False:
        because = tuple(
            Evidence(f"{s.name} selects {subject.id} for {direction}, and nothing allows this", s.span)
            for s in applying
            if s.denies or always
        )
    if refused and answer is not False:
        answer = None
    decision = {True: Decision.ALLOWED, False: Decision.DENIED, None: Decision.UNKNOWN}[answer]
    needs = ("who sends it, and what the request is",) if answer is None else ()
    return [Verdict(decision, because, needs)]


def _limited(applying: tuple[Section, ...], peer: End, asked: _Question) -> bool:
    """Whether HTTP rules take the connection: what they do not allow is dropped, default or not."""
    return any(
        rule.http and port_in(rule.ports, asked.port, asked.receiver) is not False
        for section in applying
        for entry in section.allows
        for rule in entry.ports or ()
        if takes(entry, peer, asked.mesh, section.namespace) is not False
    )


def _said(section: Section, entry: CiliumEntry, what: str) -> Evidence:
    return Evidence(f"{section.name} {what} it", entry.span)


def _matching(
    applying: tuple[Section, ...], peer: End, asked: _Question, *, refusing: bool
) -> Iterator[tuple[Section, CiliumEntry, Answer]]:
    for section in applying:
        for entry in section.refuses if refusing else section.allows:
            answer = both((takes(entry, peer, asked.mesh, section.namespace), _on_port(entry, asked)))
            yield section, entry, answer


def _on_port(entry: CiliumEntry, asked: _Question) -> Answer:
    """Whether one of the port rules takes the connection, and its HTTP rules the request."""
    if entry.ports is None:
        return not entry.icmp
    return either(
        both((port_in(rule.ports, asked.port, asked.receiver), _http(rule.http, asked.request))) for rule in entry.ports
    )


def _http(rules: tuple[HttpRule, ...] | None, request: Request) -> Answer:
    return True if not rules else either(_rule(r, request) for r in rules)


def _rule(rule: HttpRule, request: Request) -> Answer:
    parts: list[Answer] = []
    if rule.path is not None:
        parts.append(_whole(rule.path, request.path))
    if rule.method is not None:
        parts.append(_whole(rule.method, request.method))
    if rule.host is not None:
        parts.append(_whole(rule.host, request.host))
    parts += [_header(h, request) for h in rule.headers]
    if rule.header_matches:
        parts.append(None)
    return both(parts)


def _whole(expression: str, text: str | None) -> Answer:
    return taken("regex", expression, None if text == "*" else text)


def _header(written: str, request: Request) -> Answer:
    if request.headers is None:
        return None
    name, colon, value = written.partition(":")
    own = dict(request.headers).get(name.strip().lower())
    return own is not None and (not colon or own == value.strip())


def _alike(found: list[Verdict]) -> Verdict | None:
    if not found:
        return None
    if len({v.decision for v in found}) == 1:
        return conjunction(found)
    because = tuple(dict.fromkeys(e for v in found for e in v.because))
    return Verdict(Decision.UNKNOWN, because, ("port, and which of the workloads sends or answers",))
