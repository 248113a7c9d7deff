"""Least privilege: AuthorizationPolicies that let in exactly the calls the graph holds, and nothing else.

Shape: one policy a workload that is called, one that allows nothing a namespace; each rule with the calls behind it as
comments. What cannot be known from the repository is listed, not guessed.
Source: istio/api security/v1beta1/authorization_policy.proto; path templates since Istio 1.22.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from analyzer.access import identity
from analyzer.graph import Call, CallGraph
from analyzer.linking.mesh import Mesh, ServiceNode
from analyzer.model import Precision
from analyzer.reachability.matrix import request_of
from analyzer.requestsets.patterns import HOLE
from parsers.facts.istio import Gateway

#: Since this release a path may hold ``{*}`` (istio/istio releasenotes, 1.22).
TEMPLATES = (1, 22)
#: Entries through which requests come in by a gateway of the mesh.
_GATEWAYS = frozenset({"ingress", "gateway"})


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Manifests to apply, and what nobody could tell from the repository."""

    text: str
    unknown: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Rule:
    source: str  # the line of a source: principals or namespaces
    operation: str  # method and path, or *
    reasons: tuple[str, ...]


def suggest_authz(graph: CallGraph) -> Suggestion:
    """The policies for every workload in the mesh."""
    mesh = graph.mesh
    unknown: list[str] = []
    documents: list[str] = []
    called = [s for s in mesh.services.values() if s.pods and identity(s, mesh) is not None]
    for namespace in sorted({s.namespace for s in called}):
        documents.append(_nothing(namespace))
    for service in called:
        if service.fact is None and any(len(o.pods) and o.pods[0].id == service.id and o.fact for o in called):
            continue
        rules = [*_rules(service, graph, unknown), *_from_gateways(service, mesh, unknown)]
        if rules:
            documents.append(_policy(service, rules, mesh, unknown))
    unknown += _unseen(graph)
    return Suggestion("---\n".join(documents), tuple(dict.fromkeys(unknown)))


def _rules(service: ServiceNode, graph: CallGraph, unknown: list[str]) -> Iterator[_Rule]:
    found: dict[tuple[str, str], list[Call]] = {}
    for call in graph.calls:
        if call.callee.service != service.id or call.caller.service == service.id:
            continue
        caller = graph.mesh.services.get(call.caller.service)
        principal = identity(caller, graph.mesh) if caller else None
        if principal is None or call.passage.plaintext:
            unknown.append(f"{call.caller} asks {call.callee} without an identity: no policy can let it in by name")
            continue
        name = call.callee.name if request_of(call.callee) else "*"
        if name == "*" or call.precision is Precision.UNKNOWN:
            unknown.append(f"what {call.caller.service} asks of {service.id} ({call.span}): every operation is let in")
            name = "*"
        found.setdefault((principal, name), []).append(call)
    whole = {principal for principal, name in found if name == "*"}
    for (principal, name), calls in sorted(found.items()):
        if name == "*" or principal not in whole:
            reasons = tuple(dict.fromkeys(f"{c.caller} ({c.span})" for c in calls))
            yield _Rule(f"principals: [{_quoted(principal)}]", name, reasons)


def _from_gateways(service: ServiceNode, mesh: Mesh, unknown: list[str]) -> Iterator[_Rule]:
    entries = [e for e in mesh.entries if e.operation.service == service.id and e.kind in _GATEWAYS]
    namespaces = sorted({g.meta.ns for g in mesh.all(Gateway)})
    if not entries:
        return
    if not namespaces:
        unknown.append(f"which gateway lets requests in to {service.id}: no rule is written for it")
        return
    unknown.append(f"the identity of the gateway before {service.id}: its namespace {', '.join(namespaces)} is let in")
    for entry in entries:
        named = ", ".join(_quoted(n) for n in namespaces)
        yield _Rule(f"namespaces: [{named}]", entry.operation.name, (entry.reason,))


def _nothing(namespace: str) -> str:
    """What no other policy of the namespace allows is denied."""
    return _document("allow-nothing", namespace, "spec: {}\n")


def _policy(service: ServiceNode, rules: Iterable[_Rule], mesh: Mesh, unknown: list[str]) -> str:
    labels = service.fact.selector if service.fact else service.pods[0].labels
    lines = ["spec:", "  selector:", "    matchLabels:"]
    lines += [f"      {_quoted(k)}: {_quoted(v)}" for k, v in labels.items()]
    lines += ["  action: ALLOW", "  rules:"]
    for rule in rules:
        lines += [f"    # {_printable(r)}" for r in rule.reasons]
        lines += ["    - from:", f"        - source: {{{rule.source}}}"]
        lines += _to(rule.operation, service, mesh, unknown)
    return _document(f"{service.name}-callers", service.namespace, "\n".join(lines) + "\n")


def _to(operation: str, service: ServiceNode, mesh: Mesh, unknown: list[str]) -> list[str]:
    if operation == "*":
        return []
    method, _, path = operation.rpartition(" ")
    fields = [f"methods: [{_quoted(method or 'POST')}]"] if method != "*" else []
    written = _path(path, mesh.istio_version)
    if written is None:
        unknown.append(f"{service.id} {operation}: paths such as this cannot be written before Istio 1.22")
    elif written != "*":
        fields.append(f"paths: [{_quoted(written)}]")
    return ["      to:", f"        - operation: {{{', '.join(fields)}}}"] if fields else []


def _path(path: str, version: tuple[int, ...]) -> str | None:
    """The path as a policy writes it; ``None`` where this release has no way to."""
    if path == "*" or not HOLE.search(path):
        return path
    tail = re.fullmatch(r"([^{*]*/)(\{[^{}/]*\}|\*)", path)
    if version[:2] < TEMPLATES:
        return f"{tail[1]}*" if tail else None
    return HOLE.sub(lambda m: "{**}" if m[0] == "*" or m[0].endswith(":path}") else "{*}", path)


def _unseen(graph: CallGraph) -> Iterator[str]:
    for call in graph.calls:
        if call.callee.service == "unresolved":
            yield f"whom {call.caller} calls ({call.span})"
    speaking = {o.service for o in graph.mesh.programs} | {c.caller.service for c in graph.calls}
    for service in graph.mesh.services.values():
        if service.pods and service.id not in speaking:
            yield f"what {service.id} calls: none of its code is here"


def _document(name: str, namespace: str, spec: str) -> str:
    return (
        "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata:\n"
        f"  name: {_quoted(name)}\n  namespace: {_quoted(namespace)}\n{spec}"
    )


def _quoted(text: str) -> str:
    """A YAML string; JSON's quoting is YAML's."""
    return json.dumps(text)


def _printable(text: str) -> str:
    """One line, whatever the file names hold."""
    return "".join(c if c.isprintable() else "?" for c in text)
