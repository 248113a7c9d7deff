"""What the user wrote down about who may reach whom, held against what is so.

``never A -> B``: neither directly nor through others. ``only A -> B``: nobody but A directly. ``must A -> B``: let in.
Source and target are services (``payments``, ``prod/payments``), patterns (``prod/*``), a label (``team=a``) or,
for a source, ``none`` (no identity) and ``outside`` (what comes in at an entry); a target may name an operation.
Shape: one path a violation. What is not known is no violation of ``never`` and ``only``, and is one of ``must``.
"""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase

from analyzer.findings import Evidence
from analyzer.linking.mesh import Mesh
from analyzer.model import Decision, Operation
from analyzer.options import Intent
from analyzer.reachability.deputies import Chain, chains
from analyzer.reachability.hops import Hop, Hops
from analyzer.reachability.matrix import Matrix
from analyzer.reachability.paths import Path

NONE = "none"
OUTSIDE = "outside"


def violations(intents: tuple[Intent, ...], table: Matrix, made: Hops, mesh: Mesh) -> Iterator[Path]:
    """Every assertion that does not hold, with the way by which it does not."""
    for intent in intents:
        targets = [o for o in table.cells if _is_target(intent.target, o, mesh)]
        sources = [i for i in range(len(table.senders)) if _is_source(intent.source, table.senders[i].service, mesh)]
        match intent.kind:
            case "never":
                yield from _never(intent, sources, targets, table)
                yield from _never_through(intent, sources, targets, table, made, mesh)
            case "only":
                yield from _only(intent, sources, targets, table)
            case "must":
                yield from _must(intent, sources, targets, table)


def _never(intent: Intent, sources: list[int], targets: list[Operation], table: Matrix) -> Iterator[Path]:
    for target in targets:
        for source in sources:
            found = table.verdict(source, target)
            if found and found.decision is Decision.ALLOWED and table.service(source) != target.service:
                yield _path(intent, _name(source, table), target, (), found.because)


def _never_through(
    intent: Intent, sources: list[int], targets: list[Operation], table: Matrix, made: Hops, mesh: Mesh
) -> Iterator[Path]:
    wanted = set(targets)
    for name, starts in _starts(intent, sources, table, made, mesh):
        for chain in chains(starts, made.leaving):
            if chain.target in wanted and chain.target.service != name:
                evidence = tuple(Evidence(f"{h.call.caller} asks {h.target}", h.call.span) for h in chain.hops)
                yield _path(intent, name, chain.target, _via(name, chain), evidence)


def _starts(
    intent: Intent, sources: list[int], table: Matrix, made: Hops, mesh: Mesh
) -> Iterator[tuple[str, list[Hop]]]:
    if intent.source == OUTSIDE:
        for entry in mesh.entries:
            if entry.kind not in {"cron", "cli", "startup", "root"}:
                yield OUTSIDE, list(made.leaving.get(entry.operation, ()))
        return
    for source in sources:
        service = table.service(source)
        if service is not None:
            yield service, [h for _, h in made.of_service(service)]


def _only(intent: Intent, sources: list[int], targets: list[Operation], table: Matrix) -> Iterator[Path]:
    for target in targets:
        for bits, found in table.cells[target]:
            if found.decision is not Decision.ALLOWED:
                continue
            for other in table.members(bits):
                if other not in sources and table.service(other) != target.service:
                    yield _path(intent, _name(other, table), target, (), found.because)


def _must(intent: Intent, sources: list[int], targets: list[Operation], table: Matrix) -> Iterator[Path]:
    for target in targets:
        for source in sources:
            found = table.verdict(source, target)
            if found is not None and found.decision is not Decision.ALLOWED:
                yield _path(intent, _name(source, table), target, (), found.because)


def _path(
    intent: Intent, source: str, target: Operation, via: tuple[Operation, ...], evidence: tuple[Evidence, ...]
) -> Path:
    how = f" through {' -> '.join(map(str, via))}" if via else ""
    does = "cannot reach" if intent.kind == "must" else "can reach"
    reason = f" ({intent.reason})" if intent.reason else ""
    said = f"{intent.kind} {intent.source} -> {intent.target}{reason}: {source} {does} {target}{how}"
    return Path("intent", source, target, via, evidence, (), said)


def _name(source: int, table: Matrix) -> str:
    return table.service(source) or NONE


def _via(name: str, chain: Chain) -> tuple[Operation, ...]:
    return chain.via if name != OUTSIDE else (chain.hops[0].call.caller, *chain.via)


def _is_source(written: str, service: str | None, mesh: Mesh) -> bool:
    if written in {NONE, OUTSIDE}:
        return service is None
    return service is not None and _is_service(written, service, mesh)


def _is_target(written: str, operation: Operation, mesh: Mesh) -> bool:
    service, _, name = written.partition(" ")
    return _is_service(service, operation.service, mesh) and (not name or fnmatchcase(operation.name, name.strip()))


def _is_service(written: str, service: str, mesh: Mesh) -> bool:
    if "=" in written:
        label, _, value = written.partition("=")
        node = mesh.services.get(service)
        return node is not None and any(p.labels.get(label) == value for p in node.pods)
    return fnmatchcase(service, written) or fnmatchcase(service.rpartition("/")[2], written)
