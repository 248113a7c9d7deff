"""From what was computed to the report: every row in the words that formats show."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import TYPE_CHECKING

from analyzer.amplification.results import Amplification, Pair, Scenario
from analyzer.amplification.timing import inversions
from analyzer.graph import Call, CallGraph
from analyzer.hops import Hops
from analyzer.linking.mesh import Entry, Mesh, ServiceNode
from analyzer.model import Verdict
from analyzer.reachability import Reachability
from analyzer.report import (
    AccessView,
    AmplificationView,
    CallView,
    CycleView,
    Hop,
    InversionView,
    LoadView,
    PathView,
    ScenarioView,
    ServiceView,
)
from parsers.quantities import Count

if TYPE_CHECKING:
    pass

#: Chains that are taken apart hop by hop: more than anybody reads.
CHAINS = 200
#: Rows of the access matrix that a report holds.
MOST_ACCESS = 50_000


def services(graph: CallGraph) -> tuple[ServiceView, ...]:
    """Every service with its place in the mesh."""
    mesh = graph.mesh
    started: dict[str, Entry] = {}
    for entry in mesh.entries:
        started.setdefault(entry.operation.service, entry)
    return tuple(_service(graph, mesh, node, started) for node in mesh.services.values())


def _service(graph: CallGraph, mesh: Mesh, node: ServiceNode, started: Mapping[str, Entry]) -> ServiceView:
    member = graph.memberships.get(node.id)
    entry = started.get(node.id)
    span = node.fact.span if node.fact else next((p.span for p in node.pods), None)
    return ServiceView(
        id=node.id,
        namespace="" if node.external else node.namespace,
        name=node.name,
        principal=mesh.principal(node.pods[0]) if node.pods else None,
        mesh=member.kind if member else "none",
        mtls=graph.mtls.get(node.id),
        operations=tuple(o.name for o in mesh.operations.get(node.id, ())),
        entry=entry.kind if entry else None,
        span=span,
    )


def calls(graph: CallGraph, verdicts: Mapping[str, Verdict]) -> tuple[CallView, ...]:
    """Every call with its layers and, where policies have a say, its verdict."""
    return tuple(_call(call, verdicts.get(call.id)) for call in graph.calls)


def _call(call: Call, verdict: Verdict | None) -> CallView:
    return CallView(
        id=call.id,
        caller=call.caller,
        callee=call.callee,
        provenance=call.provenance,
        precision=call.precision,
        span=call.span,
        layers=call.layers,
        gain=call.gain,
        times=call.times,
        verdict=verdict,
        answered=call.answered,
        mirror=call.mirror,
        note=call.note,
        evidence=call.evidence,
    )


def amplification(computed: Amplification) -> tuple[AmplificationView, ...]:
    """Every pair; the largest with their chains taken apart."""
    hops = Hops(computed.system)
    largest = sorted(computed.pairs, key=lambda p: (_rank(p.worst), p.entry, p.target))[:CHAINS]
    apart = {(p.entry, p.target): hops.of(p) for p in largest if _rank(p.worst) < (1, -1)}
    return tuple(_row(p, apart.get((p.entry, p.target), ())) for p in computed.pairs)


def _row(pair: Pair, hops: tuple[Hop, ...]) -> AmplificationView:
    return AmplificationView(
        entry=pair.entry,
        target=pair.target,
        single=pair.single,
        worst=pair.worst,
        sustained=pair.sustained,
        cause=pair.cause,
        by_cause=pair.by_cause,
        chain=pair.chain,
        precision=pair.precision,
        hops=hops,
    )


def _rank(count: Count) -> tuple[int, int]:
    return (0, 0) if count.value is None else (1, -count.value)


def scenarios(found: Iterable[Scenario]) -> tuple[ScenarioView, ...]:
    """The worst cause of every pair."""
    return tuple(scenario(s) for s in found)


def scenario(found: Scenario) -> ScenarioView:
    """One scenario."""
    load = tuple(LoadView(o.operation, o.requests, o.precision) for o in found.load)
    return ScenarioView(found.entry, found.failing, found.cause, load)


def cycles(computed: Amplification) -> tuple[CycleView, ...]:
    """Operations that call one another."""
    return tuple(CycleView(c.members, c.gain_per_turn, c.calls) for c in computed.cycles)


def access(reachability: Reachability) -> tuple[AccessView, ...]:
    """The matrix row by row, up to a number that a document can hold; ``meshgain access`` answers for all."""
    return tuple(AccessView(a.source, a.to, a.verdict) for a in islice(reachability.access(), MOST_ACCESS))


def paths(reachability: Reachability) -> tuple[PathView, ...]:
    """Every way that should not be there."""
    return tuple(
        PathView(p.kind, p.source, p.target, p.via, p.evidence, p.cut, p.message, p.granted) for p in reachability.paths
    )


def given_up(computed: Amplification) -> tuple[InversionView, ...]:
    """Callers that give up before their callees do."""
    return tuple(
        InversionView(i.call, i.limit.seconds, i.limit.by, i.inner, i.needs_s, i.requests, i.wasted)
        for i in inversions(computed.system)
    )
