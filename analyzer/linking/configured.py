"""Calls that only configuration tells of: a value in a container's environment that names a known service.

Where Python code is known to call the same service the value tells nothing new; where it is known and does not, the
value is no call, except to a store or broker: those connections are not followed in code.
Shape: provenance ``config``, precision unknown. The caller's operation is ``*``; the callee's, too, unless its code is
known to ask others: then each operation that does, so that chains go on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from analyzer.linking.homes import aliases
from analyzer.linking.mesh import Mesh, Pod, ServiceNode, Wire
from analyzer.linking.names import stock
from analyzer.linking.operations import ANY
from analyzer.linking.placement import Placement
from analyzer.linking.texts import masked
from analyzer.linking.variables import Environments
from analyzer.model import Operation, Precision
from parsers.facts.kubernetes import ConfigEntry, Container
from parsers.quantities import ONCE
from parsers.source import Span

_AUTHORITY = re.compile(
    r"(?:(?P<scheme>[a-z][a-z0-9+.\-]{0,30})://)?(?:[^\s/@\"',;]{0,200}@)?"
    r"(?P<host>[a-z0-9](?:[a-z0-9_.\-]*[a-z0-9])?\.?)(?::(?P<port>\d{1,5}))?(?P<path>/[^\s\"',;]*)?",
    re.IGNORECASE,
)
_MAX_VALUE = 20_000
#: More operations than this are told as one unknown.
_MAX_OPERATIONS = 12
#: Names of variables in which a bare word may be an address.
_ADDRESSING = re.compile(
    r"(^|_)(HOST|HOSTS|HOSTNAME|ADDR|ADDRESS|ADDRESSES|URL|URI|SERVER|SERVERS|ENDPOINT|ENDPOINTS|TARGET|UPSTREAM|BACKEND|"
    r"BROKER|BROKERS|DOMAIN|PEER|PEERS|DSN|ORIGIN)(_|$)",
    re.IGNORECASE,
)
#: Schemes of stores and brokers, whose client libraries are not followed into their connections.
_STORES_WORDS = (
    "postgres postgresql mysql mariadb mongodb redis rediss amqp amqps kafka nats memcached cassandra clickhouse mqtt"
)
_STORES = frozenset(_STORES_WORDS.split())
_SPOKEN = {p: p for p in (*_STORES, "http", "grpc", "tcp", "ws")} | {
    "http2": "http",
    "https": "http",
    "mongo": "mongodb",
}
_NUMBERS = {
    5672: "amqp",
    6379: "redis",
    5432: "postgresql",
    3306: "mysql",
    27017: "mongodb",
    9092: "kafka",
    4222: "nats",
}
_TELEMETRY = re.compile(
    r"otel|opentelemetry|collector|jaeger|zipkin|prometheus|statsd|fluent|loki|tempo|sentry|datadog"
)


@dataclass(frozen=True, slots=True)
class _Value:
    """A text of a container's configuration, and where it stands."""

    name: str
    text: str
    span: Span


def configured(
    mesh: Mesh, placement: Placement, wires: tuple[Wire, ...], known: Mapping[str, ServiceNode]
) -> Iterator[Wire]:
    """One wire for each service that a workload's configuration names and its code is not known to call."""
    environments, asked = Environments(mesh), _Asked(mesh, wires, known)
    coded = {p.runner.pod.id for p in placement.placed}
    seen = {(w.caller.service, w.callee.service) for w in wires}
    for pod in mesh.pods.values():
        if pod.fact is None:
            continue
        caller = known[pod.id]
        for container in pod.fact.containers:
            image = placement.env.get((pod.id, container.name), ())
            for value in _values(pod, container, image, environments):
                for node, host, port, scheme in _named(value, pod, mesh):
                    if pod.id in coded and scheme not in _STORES and not _stores(node):
                        continue
                    pair = (caller.id, node.id)
                    itself = any(known[p.id].id == caller.id for p in node.pods)
                    if not itself and pair not in seen:
                        seen.add(pair)
                        wire = _wire(caller, node, host, port, scheme, value)
                        yield from (replace(wire, callee=o) for o in asked.of(node, wire.protocol))


class _Asked:
    """What a service may be asked for: any operation of its code that itself asks others, or just something."""

    def __init__(self, mesh: Mesh, wires: tuple[Wire, ...], known: Mapping[str, ServiceNode]) -> None:
        self._other = aliases(mesh, known)
        self._calling: dict[str, set[Operation]] = {}
        for wire in wires:
            if wire.caller.name.startswith("/") or " /" in wire.caller.name:
                self._calling.setdefault(wire.caller.service, set()).add(wire.caller)

    def of(self, node: ServiceNode, protocol: str) -> tuple[Operation, ...]:
        found = self._calling.get(self._other.get(node.id, node.id), set())
        fits = sorted(o for o in found if o.name.startswith("/") == (protocol == "grpc"))
        if not 0 < len(fits) <= _MAX_OPERATIONS:
            return (Operation(node.id, ANY),)
        return tuple(Operation(node.id, o.name) for o in fits)


def _values(
    pod: Pod, container: Container, image: tuple[ConfigEntry, ...], environments: Environments
) -> Iterator[_Value]:
    known = environments.of(pod, container, image)
    for name, variable in sorted(known.known.items()):
        if variable.value and not variable.linked and variable.span is not None:
            yield _Value(name, variable.value[:_MAX_VALUE], variable.span)
    for name in pod.fact.mounted if pod.fact else ():
        for entry in environments.entries(name, pod.namespace):
            yield _Value(entry.key, entry.value[:_MAX_VALUE], entry.span)
    for word in (*container.command, *container.args):
        yield _Value("", word[:_MAX_VALUE], container.span)


def _named(value: _Value, pod: Pod, mesh: Mesh) -> Iterator[tuple[ServiceNode, str, int | None, str]]:
    """Known services in a text. A bare word counts only where it is all there is, in a variable for an address."""
    for match in _AUTHORITY.finditer(value.text):
        host, port = match["host"].lower(), match["port"]
        node = mesh.service_for_host(host, pod.namespace)
        if node is None:
            continue
        bare = not match["scheme"] and port is None
        if bare and not (_ADDRESSING.search(value.name) and match[0] == value.text.strip()):
            continue
        if port is not None and not _plausible(node, int(port)) and not match["scheme"]:
            continue
        yield node, host, int(port) if port else None, (match["scheme"] or "").lower().partition("+")[0]


def _plausible(node: ServiceNode, port: int) -> bool:
    """Whether the service has that port, as far as manifests tell: ``cache:10`` is no address."""
    ports = {p.port for p in node.ports} | {p.number for pod in node.pods for c in _containers(pod) for p in c.ports}
    return not ports or port in ports


def _stores(node: ServiceNode) -> bool:
    """Whether all that runs behind a service are stores, brokers and the like."""
    images = [c.image for pod in node.pods for c in _containers(pod)]
    return bool(images) and all(stock(i) for i in images)


def _containers(pod: Pod) -> tuple[Container, ...]:
    return pod.fact.containers if pod.fact else ()


def _wire(caller: ServiceNode, node: ServiceNode, host: str, port: int | None, scheme: str, value: _Value) -> Wire:
    where = masked(" ".join((f"{value.name}={value.text}" if value.name else value.text).split()))
    note = f"configuration names it: {where[:120]}"
    if _TELEMETRY.search(node.name):
        note += " (telemetry)"
    return Wire(
        id="",
        caller=Operation(caller.id, "*"),
        callee=Operation(node.id, "*"),
        host=host,
        port=port,
        protocol=_protocol(scheme, node, port),
        method="*",
        path="",
        provenance="config",
        precision=Precision.UNKNOWN,
        span=value.span,
        times=ONCE,
        note=note,
    )


def _protocol(scheme: str, node: ServiceNode, port: int | None) -> str:
    """What is spoken, by the scheme, else by the port's ``appProtocol``, name or number, else by what runs there."""
    if scheme:
        return {"https": "http", "tcp": "tcp"}.get(scheme, scheme)
    found = node.port(port) or next(iter(node.ports), None)
    named = (found.app_protocol or found.name or "") if found else ""
    head = named.lower().partition("-")[0]
    if head in _SPOKEN:
        return _SPOKEN[head]
    number = port or (found.port if found else None)
    if number in _NUMBERS:
        return _NUMBERS[number]
    return "tcp" if _stores(node) else "http"
