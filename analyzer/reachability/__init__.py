"""Who can reach what they should not: the matrix of permissions, and the paths that follow from it.

Source: docs/reachability.md says what each kind of path means and how it was compared with others.
Shape: ``Reachability`` holds the matrix, the verdict of every call, and the paths in a fixed order.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from analyzer.graph import CallGraph
from analyzer.model import Decision, Operation, Verdict
from analyzer.options import Options
from analyzer.reachability.deputies import bypasses
from analyzer.reachability.drift import broken, unused
from analyzer.reachability.exposure import exposures
from analyzer.reachability.hops import Hops, hops, port_of
from analyzer.reachability.intents import violations
from analyzer.reachability.lateral import lateral
from analyzer.reachability.matrix import Matrix, matrix
from analyzer.reachability.paths import Path

__all__ = ["Access", "Matrix", "Path", "Reachability", "lateral", "reach"]


@dataclass(frozen=True, slots=True)
class Access:
    """One row: may this identity (``None``: a peer without one) ask for this operation?"""

    source: str | None
    to: Operation
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Reachability:
    """Everything about who may reach what. ``verdicts`` are those of the calls, by their ids."""

    matrix: Matrix
    hops: Hops
    paths: tuple[Path, ...]

    @property
    def verdicts(self) -> Mapping[str, Verdict]:
        return self.hops.verdicts

    def access(self) -> Iterator[Access]:
        """The matrix row by row: every identity there is and none, for every operation."""
        identities = _identities(self.matrix)
        for operation, cells in self.matrix.cells.items():
            for principal, bits in identities.items():
                found = [v for part, v in cells if part & bits]
                yield Access(principal, operation, _one(found))


def reach(graph: CallGraph, options: Options) -> Reachability:
    """Work out the matrix and every path."""
    mesh = graph.mesh
    table = matrix(mesh, options, _ports(graph))
    made = hops(graph, table, options)
    found = [
        *exposures(table, mesh),
        *bypasses(table, made, mesh),
        *broken(graph, made),
        *unused(table, graph),
        *violations(options.intents, table, made, mesh),
    ]
    return Reachability(table, made, tuple(sorted(found, key=lambda p: p.sort_key)))


def _ports(graph: CallGraph) -> dict[Operation, int]:
    """The port at which an operation is asked for, where all calls agree."""
    found: dict[Operation, set[int | None]] = {}
    for call in graph.calls:
        found.setdefault(call.callee, set()).add(port_of(call, graph.mesh))
    return {o: port for o, ports in found.items() if len(ports) == 1 and (port := next(iter(ports))) is not None}


def _identities(table: Matrix) -> dict[str | None, int]:
    """Each identity with the senders that have it, and the peer without one that is no workload here."""
    found: dict[str | None, int] = {}
    for place, sender in enumerate(table.senders):
        if sender.principal is not None or sender.service is None:
            found[sender.principal] = found.get(sender.principal, 0) | 1 << place
    return found


def _one(found: list[Verdict]) -> Verdict:
    """The answer for an identity that several workloads share: theirs, where it is the same."""
    if len({v.decision for v in found}) == 1:
        return found[0]
    because = tuple(dict.fromkeys(e for v in found for e in v.because))
    return Verdict(Decision.UNKNOWN, because, ("which workload of that identity asks",))
