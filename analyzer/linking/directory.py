"""Which service a host name means to a caller.

Source: Kubernetes DNS (kubernetes/dns docs/specification.md: ``name.ns.svc.zone``, pod names under a headless service),
istio/api ServiceEntry (hosts with a leading ``*.``), Dapr service invocation (``dapr-app-id``), the compose network.
Errors: none; a name that leads nowhere is ``external:host``, with a diagnostic's code where it looks like a mistake.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from ipaddress import ip_address

from analyzer.linking.guesses import Guesses
from analyzer.linking.listening import Listening, nearest
from analyzer.linking.mesh import CLUSTER_DOMAIN, LOCAL, UNRESOLVED, Mesh, Pod, ServiceNode
from analyzer.linking.names import core, squeezed
from analyzer.linking.routes import Route
from analyzer.linking.texts import HOLE, shown
from analyzer.linking.variables import Variables
from analyzer.model import Precision
from parsers.facts.istio import ServiceEntry

_MAX_CANDIDATES = 12
_UPSTREAMS = "consul.hashicorp.com/connect-service-upstreams"


@dataclass(frozen=True, slots=True)
class Target:
    """A service that may be meant. ``mistaken`` where the name looks like one of the system's but is not."""

    service: str
    precision: Precision = Precision.EXACT
    note: str | None = None
    mistaken: bool = False
    path_from_outside: bool = False


@dataclass(frozen=True, slots=True)
class Sender:
    """The program that calls: its pod, its service, its folder, and the environment of its container."""

    pod: Pod
    service: ServiceNode
    folder: str
    variables: Variables


class Directory:
    """Host names to services.

    ``ports`` say who listens where: outside a cluster ``localhost:8001`` means another program. ``units`` are the
    programs that only code tells of: (name, folder, service id).
    """

    def __init__(
        self,
        mesh: Mesh,
        routes: tuple[Route, ...],
        ports: tuple[Listening, ...],
        units: tuple[tuple[str, str, str], ...],
    ) -> None:
        self._mesh = mesh
        self._routes = routes
        self._ports = ports
        self._units = units
        self._guesses = Guesses(mesh, units)

    def find(self, host: str, port: int | None, sender: Sender) -> tuple[Target, ...]:
        """Every service the name may mean: none for an empty name, several where part of it is not known."""
        plain = host.lower().rstrip(".").strip("[]")
        if HOLE.search(plain):
            return self._partly(plain, sender.pod)
        if plain in LOCAL:
            return (self._local(port, sender),)
        return (self._beside(plain, sender) or self._whole(plain, sender.pod),)

    def app(self, name: str, sender: Sender) -> Target | None:
        """The service whose Dapr app id is ``name``."""
        told = self._apps.get(name, ())
        if len(told) == 1:
            return Target(told[0])
        ids = self._by_name.get(name, ())
        return self._beside(name.lower(), sender) or (Target(ids[0]) if len(ids) == 1 else None)

    @cached_property
    def _apps(self) -> dict[str, tuple[str, ...]]:
        found: defaultdict[str, set[str]] = defaultdict(set)
        for service in self._mesh.services.values():
            for pod in service.pods:
                if "dapr.io/app-id" in pod.annotations:
                    found[pod.annotations["dapr.io/app-id"]].add(service.id)
        return {name: tuple(sorted(ids)) for name, ids in found.items()}

    def named_after(self, hole: str, sender: Sender) -> Target | None:
        """For an address that nothing sets: the service that its variable is named after."""
        found = self._guesses.after(hole, sender.service.id, sender.folder)
        if found is None:
            return None
        return Target(found, Precision.UNKNOWN, f"nothing sets {hole}; taken for {found} by its name")

    def _beside(self, host: str, sender: Sender) -> Target | None:
        """A program that only code tells of, for another one: the nearest of that name in the tree."""
        if sender.pod.fact is not None or "." in host:
            return None
        named = [(service, folder) for name, folder, service in self._units if squeezed(name) == squeezed(host)]
        if not named:
            return None
        found = nearest(named, sender.folder)
        return (
            Target(found, Precision.UPPER_BOUND, f"{host} is taken for {found}, which no manifest names")
            if found
            else None
        )

    def _whole(self, host: str, pod: Pod) -> Target:
        found = self._mesh.service_for_host(host, pod.namespace) or self._pod_name(host, pod)
        if found is not None:
            return self._followed(found, pod, 0)
        return self._from_outside(host) or self._elsewhere(host, pod) or self._outside(host)

    def _followed(self, node: ServiceNode, pod: Pod, depth: int) -> Target:
        """An ExternalName is the name it stands for."""
        name = node.fact.external_name if node.fact else None
        if not name or depth > 4:
            return Target(node.id)
        real = self._mesh.service_for_host(name, node.namespace)
        target = self._followed(real, pod, depth + 1) if real else self._outside(name.lower().rstrip("."))
        return Target(target.service, target.precision, f"{node.name} stands for {name} (ExternalName)")

    def _pod_name(self, host: str, pod: Pod) -> ServiceNode | None:
        """``kafka-0.kafka``: one pod of a headless service."""
        first, _, rest = host.partition(".")
        if not rest or not re.search(r"-\d+$", first):
            return None
        node = self._mesh.service_for_host(rest, pod.namespace)
        return node if node is not None and node.fact is not None and node.fact.headless else None

    def _from_outside(self, host: str) -> Target | None:
        """A public name of the system itself: the call leaves and comes back in."""
        if "." not in host:
            return None
        ids = sorted({r.service for r in self._named_routes(host)})
        if not ids:
            return None
        note = f"{host} is a name of this system: the call comes back in through its gateway"
        return Target(ids[0], Precision.UPPER_BOUND, note, path_from_outside=True)

    def _named_routes(self, host: str) -> list[Route]:
        """Routes for a name: written whole, or ``*.`` before one of its parents."""
        parents = ["*." + host.split(".", i)[-1] for i in range(1, host.count(".") + 1)]
        return [r for name in (host, *parents) for r in self._by_host.get(name, ())]

    @cached_property
    def _by_host(self) -> dict[str, list[Route]]:
        found: defaultdict[str, list[Route]] = defaultdict(list)
        for route in self._routes:
            if route.host != "*":
                found[route.host].append(route)
        return found

    def routed(self, host: str, path: str | None) -> Route | None:
        """Where the system's own gateway sends a request for one of its public names: the longest match wins."""
        fits = [r for r in self._named_routes(host) if r.takes(path or "/")]
        return max(fits, key=lambda r: (r.how == "exact", len(r.path), r.service)) if fits else None

    def _elsewhere(self, host: str, pod: Pod) -> Target | None:
        """The only service of that name, where no namespace was written or the spelling is a little off."""
        parts = host.split(".")
        if len(parts) > 1 and not _looks_internal(host):
            return None
        ids = self._by_name.get(parts[0], ())
        if len(ids) == 1 and len(parts) == 1 and "default" in (pod.namespace, ids[0].partition("/")[0]):
            return Target(
                ids[0], Precision.UPPER_BOUND, f"{host} is in another namespace, as far as written", mistaken=True
            )
        if len(parts) == 1:
            alike = [i for i in self._by_squeezed.get(squeezed(host), ()) if i.partition("/")[0] == pod.namespace]
            alike = alike or ([] if pod.fact else list(self._by_core.get(core(host), ())))
            if len(alike) == 1:
                return Target(alike[0], Precision.UPPER_BOUND, f"{host} is taken for {alike[0]}", mistaken=True)
        return None

    def _outside(self, host: str) -> Target:
        entry = next((h for h in self._entry_hosts if _covers(h, host)), None)
        if entry is not None:
            return Target(f"external:{host}" if entry.startswith("*") else f"external:{entry}")
        return Target(f"external:{host}", mistaken=_looks_internal(host))

    def _local(self, port: int | None, sender: Sender) -> Target:
        """The pod itself, another of its containers; else, as on a developer's machine, whoever listens there."""
        pod, own = sender.pod, sender.service
        if (upstream := self._upstream(port, pod)) is not None:
            return Target(
                upstream, Precision.EXACT, f"localhost:{port} is the sidecar's way to {upstream} ({_UPSTREAMS})"
            )
        if pod.fact is not None:
            ports = {p.number for c in pod.fact.containers for p in c.ports}
            if port in ports or port in {own.target_port(p.port) for p in own.ports}:
                return Target(own.id, Precision.EXACT, "localhost: the pod itself")
        elsewhere = [(x.service, x.folder) for x in self._ports if x.port == port and x.service != own.id]
        here = any(x.port == port and x.service == own.id for x in self._ports)
        found = None if here else nearest(elsewhere, sender.folder)
        if found is not None:
            note = f"on one machine port {port} is where {found} listens; in a cluster it is the pod itself"
            return Target(found, Precision.UPPER_BOUND, note, mistaken=pod.fact is not None)
        if here:
            return Target(own.id, Precision.EXACT, "localhost: the program itself")
        return Target("external:localhost", Precision.EXACT, "localhost: a process beside it that nothing declares")

    def _upstream(self, port: int | None, pod: Pod) -> str | None:
        """The service that Consul's sidecar offers on a port of the pod itself: ``name:port``, ``name.ns:port:dc``."""
        for written in pod.annotations.get(_UPSTREAMS, "").split(","):
            parts = written.strip().split(":")
            if port is None or len(parts) < 2 or parts[1] != str(port):
                continue
            labels = parts[0].split(".")
            spaces = [labels[i - 1] for i, label in enumerate(labels) if label == "ns" and i > 1] or labels[1:2]
            near = self._mesh.services.get(f"{(spaces or [pod.namespace])[0]}/{labels[0]}")
            named = self._by_name.get(labels[0], ())
            return near.id if near is not None else named[0] if len(named) == 1 else f"external:{labels[0]}"
        return None

    def _partly(self, host: str, pod: Pod) -> tuple[Target, ...]:
        """Part of the name is known only at run time: its namespace, or which of several services."""
        if HOLE.fullmatch(host):
            return ()
        first, dot, _ = host.partition(".")
        if not HOLE.search(first) and dot:
            near = self._mesh.services.get(f"{pod.namespace}/{first}")
            ids = (near.id,) if near else self._by_name.get(first, ())
            note = f"{shown(host)}: taken as the service of that name"
            if len(ids) == 1:
                return (Target(ids[0], Precision.UPPER_BOUND, note),)
        if len(re.sub(r"[^a-z0-9]", "", HOLE.sub("", first))) < 3:
            return ()
        pattern = "".join("[a-z0-9_.-]*" if i % 2 else re.escape(p) for i, p in enumerate(HOLE.split(first)))
        ids = tuple(
            s.id
            for s in self._mesh.services.values()
            if not s.external and s.namespace == pod.namespace and re.fullmatch(pattern, s.name)
        )
        if not 0 < len(ids) <= _MAX_CANDIDATES:
            return (Target(f"external:{shown(host)}", Precision.UNKNOWN),) if _public(host) else ()
        return tuple(Target(i, Precision.UPPER_BOUND, f"{shown(host)}: one of {len(ids)}") for i in ids)

    @cached_property
    def _entry_hosts(self) -> tuple[str, ...]:
        return tuple(sorted({h.lower().rstrip(".") for e in self._mesh.all(ServiceEntry) for h in e.hosts}))

    @cached_property
    def _by_name(self) -> dict[str, tuple[str, ...]]:
        return self._index(lambda name: name)

    @cached_property
    def _by_squeezed(self) -> dict[str, tuple[str, ...]]:
        return self._index(squeezed)

    @cached_property
    def _by_core(self) -> dict[str, tuple[str, ...]]:
        return self._index(core)

    def _index(self, key: Callable[[str], str]) -> dict[str, tuple[str, ...]]:
        found: defaultdict[str, list[str]] = defaultdict(list)
        for service in self._mesh.services.values():
            if not service.external:
                found[key(service.name)].append(service.id)
        return {name: tuple(sorted(ids)) for name, ids in found.items()}


def _covers(pattern: str, host: str) -> bool:
    return pattern == host or (pattern.startswith("*.") and host.endswith(pattern[1:]))


def _looks_internal(host: str) -> bool:
    """Whether a name can only mean something inside the cluster."""
    if _is_ip(host):
        return False
    return "." not in host or host.endswith((".svc", f".svc.{CLUSTER_DOMAIN}", ".internal.local"))


def _public(host: str) -> bool:
    return re.search(r"\.(com|net|org|io|dev|app|ai|co|cloud|gov|edu)$", host) is not None


def _is_ip(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


#: Where a request goes whose address is not known.
NOWHERE = Target(UNRESOLVED, Precision.UNKNOWN)
