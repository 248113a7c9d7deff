"""Retries that no line of a policy mentions: a node proxy repeats what an HTTP rule sends through it.

Source: cilium/cilium pkg/envoy/xds_server.go (getHttpFilterChainProto: ``retry_on: 5xx``, ``num_retries`` from
``http-retry-count``, 3 by default; ``http-request-timeout`` 3600 s), issues 21814 and 25032.
Units: ``http-retry-count`` counts retries; durations in seconds.
Shape: one layer where an egress rule of the caller redirects, one more where an ingress rule of the callee does: up to
16 requests a call. Neither is a part of the call where nothing redirects it.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.findings import Evidence
from analyzer.linking.memory import remembered
from analyzer.linking.mesh import Mesh, Pod, ServiceNode, Wire
from analyzer.model import Layer, Passage
from analyzer.options import Options
from analyzer.semantics.cilium.endpoints import End, takes
from analyzer.semantics.cilium.rules import EGRESS, INGRESS, port_in, sections
from parsers.facts.cilium import CiliumEntry, CiliumPolicy
from parsers.facts.kubernetes import ConfigMap
from parsers.quantities import Count

KIND = "node-proxy"
DEFAULT_RETRIES = 3
REQUEST_TIMEOUT_S = 3600.0
_CONFIG, _RETRIES = "cilium-config", "http-retry-count"
_MAX_RETRIES = 1000
_HTTP = frozenset({"http", "grpc", "ws"})


def passage(wire: Wire, mesh: Mesh, _options: Options) -> Passage | None:
    """The node proxies that a call passes, or ``None`` where no HTTP rule is about it."""
    caller, callee = mesh.services.get(wire.caller.service), mesh.services.get(wire.callee.service)
    if wire.protocol not in _HTTP or not mesh.all(CiliumPolicy) or callee is None or callee.external:
        return None
    senders = caller.pods if caller is not None and not caller.external else ()
    port = callee.target_port(wire.port)
    out = _first(
        _redirects(pod, End(pod=target, service=callee.id), EGRESS, port, target, mesh)
        for pod in senders
        for target in callee.pods
    )
    inward = _first(
        _redirects(target, end, INGRESS, port, target, mesh)
        for target in callee.pods
        for end in [End(pod=p) for p in senders] or [End(ip=_outside(caller))]
    )
    found = [(entry, where) for entry, where in ((out, "caller"), (inward, "callee")) if entry is not None]
    if not found:
        return None
    layers = tuple(_layer(entry, where, wire, mesh) for entry, where in found)
    return Passage(layers=layers, evidence=tuple(e for layer in layers for e in layer.evidence))


def _outside(caller: ServiceNode | None) -> str | None:
    return "0.0.0.0" if caller is None or caller.external else None


def _first(found: Iterator[CiliumEntry | None]) -> CiliumEntry | None:
    return next((e for e in found if e is not None), None)


def _redirects(
    subject: Pod, peer: End, direction: str, port: int | None, receiver: Pod, mesh: Mesh
) -> CiliumEntry | None:
    """The entry with HTTP rules that takes the connection: a wider allowance voids them, not their proxy."""
    if subject.id == (peer.pod.id if peer.pod is not None else None):
        return None
    for section in sections(subject, direction, mesh):
        for entry in section.allows:
            http = [p for p in entry.ports or () if p.http is not None]
            if not http or not any(port_in(p.ports, port, receiver) for p in http):
                continue
            if takes(entry, peer, mesh, section.namespace):
                return entry
    return None


def _layer(entry: CiliumEntry, where: str, wire: Wire, mesh: Mesh) -> Layer:
    retries, said = remembered(mesh, _count)
    failed = "grpc-unavailable" if wire.protocol == "grpc" else "503"
    span = next((p.span for p in entry.ports or () if p.http is not None), entry.span)
    return Layer(
        kind=KIND,
        name=f"cilium ({where}'s node)",
        attempts=Count.from_retries(retries),
        retries_on=("5xx",) if retries else (),
        fires_on=frozenset({"5xx", "connect-failure", "reset", "refused-stream"}) if retries else frozenset(),
        declared="an HTTP rule; retries are written nowhere",
        effective=True,
        span=span,
        note="an HTTP rule of a policy sends the call through the node's Envoy, which retries by itself",
        becomes=(("connect-failure", failed), ("reset", failed), ("refused-stream", failed)),
        timeout_s=REQUEST_TIMEOUT_S,
        evidence=(Evidence(f"an HTTP rule at the {where} sends the call through the node's proxy", span), said),
    )


def _count(mesh: Mesh) -> tuple[int, Evidence]:
    for config in mesh.all(ConfigMap):
        if config.meta.name == _CONFIG:
            for entry in config.entries:
                if entry.key == _RETRIES and entry.value.isdecimal() and int(entry.value) <= _MAX_RETRIES:
                    return int(entry.value), Evidence(f"{_RETRIES}: {entry.value}", entry.span)
    said = f"{_RETRIES} is not set: Cilium retries {DEFAULT_RETRIES} times (pkg/envoy/xds_server.go)"
    return DEFAULT_RETRIES, Evidence(said)
