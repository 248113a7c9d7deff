"""Confused deputies: a service reaches through others what it may not ask for itself.

A chain of which every hop was granted to its sender is how a system is meant to work. It is a bypass where the service
sets out over a hop that is open to everybody, so that nobody decided it, and comes to an operation it may not ask for;
or where the target refuses the service in so many words, however it is reached.
Shape: the shortest chain of each (service, operation), over calls really made by the operations on the way. Of an open
hop only the nearest denied operations are told: what lies behind them follows from the same hop.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from analyzer.findings import Evidence
from analyzer.linking.mesh import Mesh
from analyzer.model import Decision, Operation, Verdict
from analyzer.reachability.cuts import smallest_cut
from analyzer.reachability.hops import Hop, Hops
from analyzer.reachability.matrix import Matrix
from analyzer.reachability.paths import Path
from parsers.source import Span


@dataclass(frozen=True, slots=True)
class Chain:
    """Hops from a service to an operation, the first made by the service itself."""

    hops: tuple[Hop, ...]

    @property
    def target(self) -> Operation:
        return self.hops[-1].target

    @property
    def via(self) -> tuple[Operation, ...]:
        return tuple(h.target for h in self.hops[:-1])


def bypasses(table: Matrix, made: Hops, mesh: Mesh) -> Iterator[Path]:
    """Every bypass, the shortest chain of each, with the least that closes it."""
    by_service: dict[str, list[Hop]] = {}
    for operation, hops in made.leaving.items():
        by_service.setdefault(operation.service, []).extend(hops)
    refusing = _refusing(table)
    for service in sorted(by_service):
        place = table.place.get(service)
        if place is None:
            continue
        starts = [h for h in by_service[service] if h.target.service != service]
        found = {c.target: c for c in _refused(service, starts, place, refusing, made)}
        found |= {c.target: c for c in _nearest_denied(service, starts, place, table, made, granted=False)}
        every = {c.target: c for c in _nearest_denied(service, starts, place, table, made, granted=True)} | found
        for target in sorted(every):
            direct = table.verdict(place, target)
            assert direct is not None
            yield _path(service, every[target], direct, starts, made, mesh, granted=target not in found)


def _refusing(table: Matrix) -> dict[Operation, int]:
    """Operations that refuse somebody by a rule, with whom."""
    found = {o: sum(bits for bits, v in cells if v.refused) for o, cells in table.cells.items()}
    return {o: bits for o, bits in found.items() if bits}


def _refused(
    service: str, starts: list[Hop], place: int, refusing: Mapping[Operation, int], made: Hops
) -> Iterator[Chain]:
    """Chains to what refuses the service by a rule."""
    wanted = {o for o, bits in refusing.items() if bits >> place & 1} - {h.target for h in starts}
    if wanted:
        yield from (c for c in chains(starts, made.leaving) if c.target in wanted and c.target.service != service)


def _nearest_denied(
    service: str, starts: list[Hop], place: int, table: Matrix, made: Hops, *, granted: bool
) -> Iterator[Chain]:
    """Chains over what the service may ask for to the first that it may not.

    The first hop is open to everybody, so that nobody decided it; ``granted``: or let through by name.
    """
    first = sorted(starts, key=lambda h: (h.target, h.call.id))
    queue: deque[tuple[Hop, ...]] = deque((h,) for h in first if granted or h.open)
    seen = {way[0].target for way in queue}
    while queue:
        way = queue.popleft()
        for hop in made.leaving.get(way[-1].target, ()):
            if hop.target in seen or hop.target.service == service:
                continue
            seen.add(hop.target)
            direct = table.verdict(place, hop.target)
            if direct is not None and direct.decision is Decision.DENIED:
                yield Chain((*way, hop))
            else:
                queue.append((*way, hop))


def chains(starts: list[Hop], leaving: Mapping[Operation, tuple[Hop, ...]]) -> Iterator[Chain]:
    """The shortest chain of two or more hops to every operation; with an open hop before its last, where there is one.

    A breadth-first walk over (operation, whether an open hop was passed).
    """
    queue: deque[tuple[Operation, bool]] = deque()
    before: dict[tuple[Operation, bool], tuple[tuple[Operation, bool] | None, Hop]] = {}
    for hop in sorted(starts, key=lambda h: (h.target, h.call.id)):
        state = (hop.target, hop.open)
        if state not in before:
            before[state] = (None, hop)
            queue.append(state)
    best: dict[tuple[Operation, bool], Chain] = {}
    while queue:
        state = queue.popleft()
        for hop in leaving.get(state[0], ()):
            found = (hop.target, state[1])
            best.setdefault(found, Chain((*_walked(state, before), hop)))
            following = (hop.target, state[1] or hop.open)
            if following not in before:
                before[following] = (state, hop)
                queue.append(following)
    for target in sorted({t for t, _ in best}):
        yield best.get((target, True)) or best[target, False]


def _walked(
    state: tuple[Operation, bool], before: Mapping[tuple[Operation, bool], tuple[tuple[Operation, bool] | None, Hop]]
) -> tuple[Hop, ...]:
    found: list[Hop] = []
    at: tuple[Operation, bool] | None = state
    while at is not None:
        at, hop = before[at]
        found.append(hop)
    return tuple(reversed(found))


def _path(  # noqa: PLR0913 -- one path is told from all of them
    service: str, chain: Chain, direct: Verdict, starts: list[Hop], made: Hops, mesh: Mesh, *, granted: bool
) -> Path:
    names = " -> ".join(str(o) for o in (*chain.via, chain.target))
    evidence = (
        *direct.because,
        *(Evidence(f"{h.call.caller} asks {h.target}", h.call.span) for h in chain.hops),
        *(Evidence(f"everybody may ask {h.target}: {_why(h)}", _span(h)) for h in chain.hops[:-1] if h.open),
    )
    cut = smallest_cut(starts, made.leaving, chain.target)
    return Path(
        kind="bypass",
        source=service,
        target=chain.target,
        via=chain.via,
        evidence=tuple(dict.fromkeys(evidence)),
        cut=tuple(dict.fromkeys(_closing(h, mesh) for h in cut)),
        message=f"{service} may not ask {chain.target}, but reaches it: {names}",
        granted=granted,
    )


def _why(hop: Hop) -> str:
    return "; ".join(e.text for e in hop.verdict.because)


def _span(hop: Hop) -> Span | None:
    return next((e.span for e in hop.verdict.because if e.span), None)


def _closing(hop: Hop, mesh: Mesh) -> Evidence:
    """What would close a hop: a rule at its callee."""
    node = mesh.services.get(hop.target.service)
    span = node.pods[0].span if node and node.pods else None
    caller = hop.call.caller.service
    return Evidence(
        f"an AuthorizationPolicy on {hop.target.service} that does not let {caller} ask {hop.target.name}", span
    )
