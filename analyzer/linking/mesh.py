"""The linked system: namespaces, workloads, services, configuration objects, programs and the wires between them.

Shape: a service's id is ``namespace/name``; a workload that no Service selects is a service of its own name.
``external:host`` lies outside, ``unresolved`` where the address is not known. Everything is sorted by id.
Nothing here knows what a mesh does with a call: that is ``analyzer.semantics``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from analyzer.model import Layer, Operation, Precision
from parsers.facts import Labels
from parsers.facts.istio import MeshConfig
from parsers.facts.kubernetes import Namespace, Service, ServicePort, Workload
from parsers.facts.python import Handler
from parsers.quantities import Count
from parsers.source import Span

F = TypeVar("F")

UNRESOLVED = "unresolved"
CLUSTER_DOMAIN = "cluster.local"
#: Names of the machine or pod itself.
LOCAL = frozenset({"localhost", "127.0.0.1", "::1", "0.0.0.0", "::"})


@dataclass(frozen=True, slots=True)
class Pod:
    """A workload in its namespace, as the mesh sees it: labels of the pod template and the identity it runs as."""

    id: str
    namespace: str
    name: str
    labels: Labels
    annotations: Labels
    service_account: str
    fact: Workload | None
    span: Span | None

    def container_port(self, name_or_number: int | str | None) -> int | None:
        """The number of a named container port; a number stands for itself."""
        if name_or_number is None or isinstance(name_or_number, int):
            return name_or_number
        containers = self.fact.containers if self.fact else ()
        return next((p.number for c in containers for p in c.ports if p.name == name_or_number), None)


@dataclass(frozen=True, slots=True)
class ServiceNode:
    """Something that can be called: a Service and the pods it selects, a bare workload, or something outside."""

    id: str
    namespace: str
    name: str
    fact: Service | None
    pods: tuple[Pod, ...]

    @property
    def external(self) -> bool:
        return self.id.startswith("external:") or self.id == UNRESOLVED

    @property
    def fqdn(self) -> str:
        return f"{self.name}.{self.namespace}.svc.{CLUSTER_DOMAIN}" if not self.external else self.name

    @property
    def ports(self) -> tuple[ServicePort, ...]:
        return self.fact.ports if self.fact else ()

    def port(self, number: int | None) -> ServicePort | None:
        """The Service port dialled; the only one where none is named."""
        if number is None:
            return self.ports[0] if len(self.ports) == 1 else None
        return next((p for p in self.ports if p.port == number), None)

    def target_port(self, number: int | None) -> int | None:
        """The workload's port behind a Service port."""
        port = self.port(number)
        if port is None:
            return number
        target = port.target_port if port.target_port is not None else port.port
        return self.pods[0].container_port(target) if self.pods else target if isinstance(target, int) else None


@dataclass(frozen=True, slots=True)
class Wire:
    """One caller operation asking one callee operation, as the code or the configuration makes the call.

    ``host`` and ``port`` are what is dialled (``payments.prod``, 8080). ``layers`` are the application's own,
    outermost first. ``timeout_s`` is the client's. ``times``: the constant number of sends in a loop; ``None``: data
    decides (xN).
    ``key`` is the ``Send.key`` in the caller's program; ``None`` for calls that no Python code makes.
    """

    id: str
    caller: Operation
    callee: Operation
    host: str
    port: int | None
    protocol: str
    method: str
    path: str
    provenance: str  # code config trace declared
    precision: Precision
    span: Span
    layers: tuple[Layer, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    timeout_s: float | None = None
    body_bytes: int | None = None
    times: Count | None = None
    key: int | None = None
    note: str | None = None

    @property
    def loopback(self) -> bool:
        """Whether the request never leaves the pod: no proxy and no policy sees it."""
        return self.host.strip("[]").lower() in LOCAL and self.caller.service == self.callee.service


@dataclass(frozen=True, slots=True)
class Program:
    """What one operation does: the handler's tree of steps, and which wires each ``Send.key`` in it stands for.

    Several wires under one key are alternatives: one of them is called.
    """

    operation: Operation
    handler: Handler
    wires: tuple[tuple[int, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """An operation that something outside the system can start, and why we think so."""

    operation: Operation
    kind: str  # ingress gateway load-balancer node-port consumer cron cli startup named root
    reason: str
    span: Span | None


@dataclass(frozen=True, slots=True)
class Mesh:
    """Everything that is known of the system before any mesh semantics. Built once, read-only."""

    facts: Mapping[type, tuple[object, ...]]
    namespaces: Mapping[str, Namespace | None]
    pods: Mapping[str, Pod]
    services: Mapping[str, ServiceNode]
    wires: tuple[Wire, ...] = ()
    programs: Mapping[Operation, Program] = field(default_factory=dict)
    operations: Mapping[str, tuple[Operation, ...]] = field(default_factory=dict)
    entries: tuple[Entry, ...] = ()
    istio_version: tuple[int, ...] = (1, 32)
    istio_version_source: str = "the newest modelled"
    istio_version_span: Span | None = None

    def all(self, kind: type[F]) -> tuple[F, ...]:
        """Every fact of a kind, with its namespace filled in, sorted by (namespace, name, span)."""
        return self.facts.get(kind, ())  # type: ignore[return-value]  # keyed by the type itself

    def first_span(self, kinds: Iterable[type]) -> Span | None:
        """Where the first object of these kinds is written, in the order of the kinds."""
        spans = (getattr(fact, "span", None) for kind in kinds for fact in self.facts.get(kind, ()))
        return next((span for span in spans if isinstance(span, Span)), None)

    def namespace_labels(self, name: str) -> Labels:
        found = self.namespaces.get(name)
        return found.meta.labels if found else Labels()

    def services_of(self, pod: Pod) -> tuple[ServiceNode, ...]:
        """The services that select the pod, sorted by id."""
        return tuple(s for s in self.services.values() if any(p.id == pod.id for p in s.pods))

    @property
    def config(self) -> MeshConfig | None:
        """The mesh configuration, where the repository holds one."""
        found = self.all(MeshConfig)
        return found[0] if found else None

    @property
    def root_namespace(self) -> str:
        return (self.config.root_namespace if self.config else None) or "istio-system"

    @property
    def trust_domain(self) -> str:
        return (self.config.trust_domain if self.config else None) or "cluster.local"

    def principal(self, pod: Pod) -> str:
        """The identity the pod has in the mesh, without ``spiffe://`` (istio/istio pkg/spiffe/spiffe.go:51-72)."""
        return f"{self.trust_domain}/ns/{pod.namespace}/sa/{pod.service_account}"

    def service_for_host(self, host: str, namespace: str) -> ServiceNode | None:
        """The service that a host name means for a client in ``namespace``: short, ``name.ns``, ``.svc``, FQDN."""
        parts = host.lower().rstrip(".").split(".")
        name, rest = parts[0], parts[1:]
        if not rest:
            return self.services.get(f"{namespace}/{name}")
        suffix = ["svc", *CLUSTER_DOMAIN.split(".")]
        if rest[1:] == suffix[: len(rest) - 1]:
            return self.services.get(f"{rest[0]}/{name}")
        return None


def by_kind(facts: Iterable[object]) -> dict[type, tuple[object, ...]]:
    """Facts under their type, in the order given."""
    found: dict[type, list[object]] = {}
    for fact in facts:
        found.setdefault(type(fact), []).append(fact)
    return {kind: tuple(items) for kind, items in found.items()}
