"""Ports of Services and ServiceEntries that Istio takes for something else than they are.

Source: istio/istio pkg/config/analysis/analyzers/{service/portname,deployment/services,serviceentry/*}.go;
pkg/config/kube/conversion.go:50-93. Told only where the repository holds anything of Istio.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.linking.mesh import Mesh, ServiceNode
from analyzer.semantics.istio.hosts import Protocol, protocol_in_name, protocol_of
from analyzer.semantics.istio.injection import RESOURCES, SYSTEM_NAMESPACES, member
from analyzer.semantics.istio.problems.problem import Code, Problem, subject
from parsers.facts.istio import ServiceEntry
from parsers.facts.kubernetes import Service, ServicePort

_MANAGED = "gateway.istio.io/managed"
_CONTROL_PLANE = frozenset({"istio", "istiod", "istio-ingressgateway", "istio-egressgateway"})


def registry(mesh: Mesh) -> Iterator[Problem]:
    """Problems of what the registry holds."""
    if any(mesh.facts.get(kind) for kind in RESOURCES) or any(member(p, mesh) for p in mesh.pods.values()):
        for service in mesh.all(Service):
            if service.meta.ns not in SYSTEM_NAMESPACES and service.meta.ns != mesh.root_namespace:
                yield from _port_names(service)
        yield from _shared_ports(mesh)
    entries = mesh.all(ServiceEntry)
    if mesh.config is None or not mesh.config.dns_auto_allocate:
        for entry in entries:
            yield from _addresses(entry)
    yield from _protocols(entries)


def _port_names(service: Service) -> Iterator[Problem]:
    labels = service.meta.labels
    if "istio.io/rev" in labels or labels.get("istio") or labels.get(_MANAGED) or service.meta.name in _CONTROL_PLANE:
        return
    who = subject("Service", service.meta)
    for port in service.ports:
        external = service.type == "ExternalName"
        if external and (port.name == "tcp" or _unnamed(port)):
            said = f"port {port.port} of an ExternalName Service must be named for its protocol, and not tcp"
            yield Problem(Code.EXTERNAL_NAME_PORT, said, port.span, who)
        elif _unnamed(port):
            said = f"port {port.port} names no protocol: Istio guesses it from the first bytes of each connection"
            yield Problem(Code.PORT_NAME, said, port.span, who)


def _unnamed(port: ServicePort) -> bool:
    return protocol_of(port, port.port) is Protocol.SNIFFED and protocol_in_name(port.app_protocol or "") is None


def _shared_ports(mesh: Mesh) -> Iterator[Problem]:
    """Services of one workload that disagree about a port."""
    selecting: dict[str, list[ServiceNode]] = {}
    for node in mesh.services.values():
        for pod in node.pods if node.fact is not None else ():
            selecting.setdefault(pod.id, []).append(node)
    for pod_id, services in sorted(selecting.items()):
        pod = mesh.pods[pod_id]
        if pod.fact is None or pod.fact.kind != "Deployment" or member(pod, mesh) is None:
            continue
        who = f"Deployment {pod.id}"
        span = pod.span or pod.fact.span
        for number, words in sorted(_by_port(services).items()):
            if len(words) > 1:
                said = f"Services of {pod.id} use port {number} for {' and '.join(sorted(words))}"
                yield Problem(Code.MIXED_PROTOCOLS, said, span, who)
        for target, numbers in sorted(_by_target(services).items()):
            if len(numbers) > 1:
                listed = ", ".join(map(str, sorted(numbers)))
                said = f"ports {listed} of the Services of {pod.id} lead to its port {target}"
                yield Problem(Code.MIXED_PORTS, said, span, who)


def _by_port(services: list[ServiceNode]) -> dict[int, set[str]]:
    found: dict[int, set[str]] = {}
    for port in (p for s in services for p in s.ports):
        found.setdefault(port.port, set()).add(port.protocol.upper())
    return found


def _by_target(services: list[ServiceNode]) -> dict[str, set[int]]:
    found: dict[str, set[int]] = {}
    for port in (p for s in services for p in s.ports):
        found.setdefault(str(port.target_port or port.port), set()).add(port.port)
    return found


def _addresses(entry: ServiceEntry) -> Iterator[Problem]:
    """Bytes to a port can be told apart only by address."""
    for number, protocol, _ in entry.ports:
        if not entry.addresses and protocol in ("", "TCP"):
            said = f"port {number} is TCP and no addresses are written: it takes every connection to that port"
            yield Problem(Code.NO_ADDRESS, said, entry.span, subject("ServiceEntry", entry.meta))


def _protocols(entries: tuple[ServiceEntry, ...]) -> Iterator[Problem]:
    by_key: dict[tuple[str, str, int], list[tuple[str, ServiceEntry]]] = {}
    for entry in entries:
        scopes = ("*",) if not entry.export_to or "*" in entry.export_to else entry.export_to
        for scope in {entry.meta.ns if s == "." else s for s in scopes}:
            for host in entry.hosts:
                for number, protocol, _ in entry.ports:
                    by_key.setdefault((scope, host, number), []).append((protocol, entry))
    reported: set[int] = set()
    for (scope, host, number), found in sorted(by_key.items(), key=lambda item: item[0]):
        rivals = found if scope == "*" else [*found, *by_key.get(("*", host, number), [])]
        words = sorted({protocol for protocol, _ in rivals})
        for _, entry in rivals if len(words) > 1 else ():
            if id(entry) not in reported:
                reported.add(id(entry))
                said = f"{host}:{number} is {' and '.join(words)} in several ServiceEntries"
                yield Problem(Code.ENTRY_PROTOCOLS, said, entry.span, subject("ServiceEntry", entry.meta))
