"""Who may ask for what: every sender and every operation, each question asked once for senders that nobody tells apart.

Shape: ``Matrix.cells`` holds, for each operation, disjoint sets of senders (bits by their place) with one verdict each.
The last sender is a peer without identity that is no workload of ours.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from analyzer.access import identity, semantics, verdict
from analyzer.linking.homes import aliases, homes
from analyzer.linking.mesh import Mesh, ServiceNode
from analyzer.model import Decision, Operation, Request, Verdict
from analyzer.options import Options
from analyzer.semantics import Sender

#: A peer of no workload here, without an identity.
STRANGER = Sender(None, None)

_HTTP = re.compile(r"(?P<method>[A-Z*]+) (?P<path>/.*|\*)")
_RPC = re.compile(r"/[^/\s]+/[^/\s]+")

#: A set of senders and the answer they all get.
Cell = tuple[int, Verdict]


@dataclass(frozen=True, slots=True)
class Matrix:
    """Senders, operations, and the answer for each pair."""

    senders: tuple[Sender, ...]
    cells: Mapping[Operation, tuple[Cell, ...]]
    place: Mapping[str, int]  # service id -> its place among the senders; a second name of one has the same

    @property
    def stranger(self) -> int:
        return len(self.senders) - 1

    def verdict(self, sender: int, operation: Operation) -> Verdict | None:
        """The answer for one sender; ``None`` for an operation that nobody can be asked for by request."""
        return next((v for bits, v in self.cells.get(operation, ()) if bits >> sender & 1), None)

    def who(self, operation: Operation, decision: Decision) -> int:
        """The senders that get this answer, as bits."""
        return sum(bits for bits, v in self.cells.get(operation, ()) if v.decision is decision)

    def service(self, sender: int) -> str | None:
        return self.senders[sender].service

    def members(self, bits: int) -> Iterator[int]:
        """The places in a set of bits."""
        while bits:
            low = bits & -bits
            yield low.bit_length() - 1
            bits ^= low


def matrix(mesh: Mesh, options: Options, ports: Mapping[Operation, int]) -> Matrix:
    """Ask every question there is; ``ports`` are the workload's ports of operations, where they are known.

    Services that are only a second name of another are not asked for, nor asking.
    """
    second = aliases(mesh, homes(mesh))
    services = [s for s in mesh.services.values() if not s.external and s.id not in second]
    senders = (*(Sender(identity(s, mesh), s.id) for s in services if s.pods), STRANGER)
    cells: dict[Operation, tuple[Cell, ...]] = {}
    for service in services:
        parts = _parts(service, senders, mesh)
        for operation in operations(service, mesh):
            asked = request_of(operation, ports.get(operation))
            if asked is not None:
                cells[operation] = tuple(_cells(asked, parts, senders, mesh, options))
    place = {s.service: i for i, s in enumerate(senders) if s.service is not None}
    place |= {name: place[home] for name, home in second.items() if home in place}
    return Matrix(senders, cells, place)


def operations(service: ServiceNode, mesh: Mesh) -> tuple[Operation, ...]:
    """What the service can be asked for: its own operations; those that policies name, where its code is not here."""
    own = {o.name for o in mesh.operations.get(service.id, ())}
    if not any(o.service == service.id and request_of(o) for o in mesh.programs):
        own |= {o for s in semantics() for o in s.named(service, mesh)}
    names = {n for n in own if n != "*"} or {"*"}
    return tuple(Operation(service.id, n) for n in sorted(names))


def request_of(operation: Operation, port: int | None = None, sender: Sender = STRANGER) -> Request | None:
    """The request for an operation, whose path may have holes; ``None`` for what no request starts."""
    method: str | None = None
    path: str | None = None
    if _RPC.fullmatch(operation.name):
        method, path = "POST", operation.name
    elif found := _HTTP.fullmatch(operation.name):
        method = None if found["method"] == "*" else found["method"]
        path = None if found["path"] == "*" else found["path"]
    elif operation.name != "*":
        return None
    return Request(
        principal=sender.principal,
        to=operation.service,
        port=port,
        method=method,
        path=path,
        headers=None,
        caller=sender.service,
        open_path=True,
    )


def _parts(service: ServiceNode, senders: tuple[Sender, ...], mesh: Mesh) -> list[int]:
    """The senders as sets among whom no layer makes a difference."""
    parts = [(1 << len(senders)) - 1]
    for layer in semantics():
        if layer.groups is None and all(layer.member(p, mesh) is None for p in service.pods):
            continue
        split = layer.groups(service, senders, mesh) if layer.groups else tuple(1 << i for i in range(len(senders)))
        parts = [both for a in parts for b in split if (both := a & b)]
    return parts


def _cells(
    asked: Request, parts: Iterable[int], senders: tuple[Sender, ...], mesh: Mesh, options: Options
) -> Iterator[Cell]:
    for part in sorted(parts):
        sender = senders[(part & -part).bit_length() - 1]
        yield part, verdict(_from(asked, sender), mesh, options)


def _from(asked: Request, sender: Sender) -> Request:

    return replace(asked, principal=sender.principal, caller=sender.service)
