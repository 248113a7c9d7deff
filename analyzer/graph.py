"""The call graph: every wire with all its layers, and what the mesh makes of it. The only importer of networkx.

Shape: one ``Call`` a wire, for the service that receives most of it; ``id@service`` for the others that a route splits
it to, ``id@mirror:service`` for copies. Calls are sorted by id; memberships and mTLS modes are per service and pod id.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, reduce
from math import inf
from typing import TYPE_CHECKING, TypeVar

import analyzer.semantics
from analyzer.amplification.engine import engine_of
from analyzer.amplification.gains import gains
from analyzer.amplification.system import CallFacts, System, assume
from analyzer.findings import Evidence
from analyzer.linking.homes import aliases, homes
from analyzer.linking.mesh import Mesh, ServiceNode, Wire
from analyzer.model import Gain, Layer, Operation, Passage, Precision, weaker
from analyzer.options import Options
from analyzer.semantics import Membership, Semantics
from parsers.plugins import collect
from parsers.quantities import Count
from parsers.source import Span

if TYPE_CHECKING:
    import networkx as nx

T = TypeVar("T")

#: A proxy of the network, not of the pod.
BETWEEN = "node-proxy"


@dataclass(frozen=True, slots=True)
class Call:
    """One call as it is made: the application's layers, then the mesh's, and how often the callee is asked.

    ``share`` is the part of the requests (0..1) that this callee receives; ``answered`` a cause with which the caller's
    own proxy answers everything.
    """

    id: str
    caller: Operation
    callee: Operation
    provenance: str
    precision: Precision
    span: Span
    layers: tuple[Layer, ...]
    gain: Gain
    passage: Passage
    wire: Wire
    share: float = 1.0
    mirror: bool = False
    note: str | None = None
    evidence: tuple[Evidence, ...] = ()

    @property
    def times(self) -> Count | None:
        return self.wire.times

    @property
    def answered(self) -> str | None:
        return self.passage.answered

    def to_dict(self) -> dict[str, object]:
        return {
            "id": self.id,
            "caller": self.caller.to_dict(),
            "callee": self.callee.to_dict(),
            "provenance": self.provenance,
            "precision": self.precision.value,
            "span": self.span.to_dict(),
            "layers": [layer.to_dict() for layer in self.layers],
            "gain": self.gain.to_dict(),
            "times": self.times.to_json() if self.times else None,
            "answered": self.answered,
            "share": self.share,
            "mirror": self.mirror,
            "note": self.note,
            "evidence": [e.to_dict() for e in self.evidence],
        }


@dataclass(frozen=True)
class CallGraph:
    """The mesh with every call worked out. ``memberships`` and ``mtls`` are by service id."""

    mesh: Mesh
    calls: tuple[Call, ...]
    system: System
    memberships: Mapping[str, Membership | None]
    pod_memberships: Mapping[str, Membership | None]
    mtls: Mapping[str, str | None]

    @classmethod
    def build(cls, mesh: Mesh, options: Options = Options()) -> CallGraph:  # noqa: B008 -- frozen
        """Ask every semantics what becomes of each wire."""
        kinds = collect(analyzer.semantics, Semantics)
        other = aliases(mesh, homes(mesh))
        facts = {w.id: _facts(w, _at_home(_passage(w, mesh, options, kinds), other), other) for w in mesh.wires}
        system = assume(System(mesh.programs, facts), options.assumptions)
        gained = gains(engine_of(system))
        calls = [c for w in mesh.wires for c in _calls(w, system.calls[w.id], gained[w.id])]
        pods = {i: _first(k.member(p, mesh) for k in kinds) for i, p in mesh.pods.items()}
        return cls(
            mesh=mesh,
            calls=tuple(sorted(calls, key=lambda c: c.id)),
            system=system,
            memberships={i: _first(pods[p.id] for p in s.pods) for i, s in mesh.services.items()},
            pod_memberships=pods,
            mtls={i: _mtls(s, mesh, kinds) for i, s in mesh.services.items()},
        )

    @cached_property
    def _by_id(self) -> dict[str, Call]:
        return {c.id: c for c in self.calls}

    def call(self, identity: str) -> Call | None:
        """The call of that id."""
        return self._by_id.get(identity)

    def outgoing(self, service: str) -> tuple[Call, ...]:
        """What a service calls."""
        return tuple(c for c in self.calls if c.caller.service == service)

    def incoming(self, service: str) -> tuple[Call, ...]:
        """What is called of a service."""
        return tuple(c for c in self.calls if c.callee.service == service)

    def to_networkx(self, level: str = "service") -> nx.MultiDiGraph[str]:
        """The graph for exploration: nodes are service ids (or ``operation``s), an edge is a call under its id."""
        import networkx as nx

        graph: nx.MultiDiGraph[str] = nx.MultiDiGraph()
        entries = {e.operation: e for e in self.mesh.entries}
        for identity, node in self.mesh.services.items():
            own = self.mesh.operations.get(identity, ())
            names = [str(o) for o in own] if level == "operation" else [identity]
            for name in names:
                graph.add_node(name, **self._attributes(node, [e.kind for o, e in entries.items() if o in own]))
        for call in self.calls:
            ends = (call.caller, call.callee) if level == "operation" else (call.caller.service, call.callee.service)
            graph.add_edge(str(ends[0]), str(ends[1]), key=call.id, **_edge(call))
        return graph

    def _attributes(self, node: ServiceNode, kinds: list[str]) -> dict[str, object]:
        member = self.memberships.get(node.id)
        return {
            "service": node.id,
            "namespace": node.namespace,
            "name": node.name,
            "external": node.external,
            "mesh": member.kind if member else "none",
            "mtls": self.mtls.get(node.id),
            "entry": kinds[0] if kinds else None,
        }


def _edge(call: Call) -> dict[str, object]:
    return {
        "caller": call.caller.name,
        "callee": call.callee.name,
        "gain": call.gain.worst.value if call.gain.worst.value is not None else inf,
        "cause": call.gain.cause,
        "layers": [f"{layer.name} {layer.attempts or '?'}" for layer in call.layers],
        "provenance": call.provenance,
        "precision": call.precision.value,
        "mirror": call.mirror,
        "share": call.share,
        "span": str(call.span),
    }


def _passage(wire: Wire, mesh: Mesh, options: Options, kinds: tuple[Semantics, ...]) -> Passage:
    """What all meshes together do with a wire: a call passes one mesh, what several say is put together in order."""
    if wire.loopback:
        return Passage(evidence=(Evidence("localhost: the request never leaves the pod", wire.span),))
    found = [p for k in kinds if (p := k.passage(wire, mesh, options)) is not None]
    if len(found) <= 1:
        return found[0] if found else Passage()
    layers, said = _stacked(found)
    return Passage(
        layers=layers,
        callees=next((p.callees for p in found if p.callees), ()),
        shadows=tuple(s for p in found for s in p.shadows),
        budgets=tuple(b for p in found for b in p.budgets),
        answered=_first(p.answered for p in found),
        plaintext=_first(p.plaintext for p in found),
        evidence=(*(e for p in found for e in p.evidence), *said),
        precision=reduce(weaker, (p.precision for p in found)),
    )


def _stacked(found: Sequence[Passage]) -> tuple[tuple[Layer, ...], tuple[Evidence, ...]]:
    """The layers of all meshes: a node's proxy stands between the sidecars, and sees only bytes where they encrypt."""
    every = [layer for p in found for layer in p.layers]
    between = [layer for layer in every if layer.kind == BETWEEN]
    own = [layer for layer in every if layer.kind != BETWEEN]
    if between and any(p.plaintext is False for p in found):
        said = "the sidecars encrypt the call, so that the HTTP rules of the node's proxy cannot read it"
        return tuple(own), tuple(Evidence(said, layer.span) for layer in between)
    place = next((i for i, layer in enumerate(own) if layer.kind == "inbound"), len(own))
    return (*own[:place], *between, *own[place:]), ()


def _at_home(passage: Passage, other: Mapping[str, str]) -> Passage:
    """A service that is another one by a second name is called by its first: one program, one count."""
    shares: dict[str, float] = {}
    for service, share in passage.callees:
        home = other.get(service, service)
        shares[home] = shares.get(home, 0.0) + share
    shadows = tuple(replace(s, service=other.get(s.service, s.service)) for s in passage.shadows)
    return replace(passage, callees=tuple(shares.items()), shadows=shadows)


def _facts(wire: Wire, passage: Passage, other: Mapping[str, str]) -> CallFacts:
    callee = Operation(other.get(wire.callee.service, wire.callee.service), wire.callee.name)
    return CallFacts(
        id=wire.id,
        caller=wire.caller,
        callee=callee,
        protocol=wire.protocol,
        method=wire.method if wire.protocol != "grpc" else "POST",
        passage=passage,
        layers=wire.layers,
        timeout_s=wire.timeout_s,
        times=wire.times,
        precision=wire.precision,
    )


def _calls(wire: Wire, facts: CallFacts, gain: Gain) -> Iterator[Call]:
    passage = facts.passage
    layers = (*wire.layers, *passage.layers)
    receivers = sorted(facts.callees, key=lambda pair: (-pair[1], pair[0]))
    first, share = receivers[0] if receivers else (facts.callee, 1.0)
    main = Call(
        wire.id, wire.caller, first, wire.provenance, wire.precision, wire.span, layers, gain, passage, wire,
        share=share, note=_note(wire, facts.callee, first), evidence=passage.evidence,
    )  # fmt: skip
    yield main
    for callee, part in receivers[1:]:
        yield replace(main, id=f"{wire.id}@{callee.service}", callee=callee, share=part)
    for shadow in passage.shadows:
        yield replace(
            main,
            id=f"{wire.id}@mirror:{shadow.service}",
            callee=Operation(shadow.service, wire.callee.name),
            share=shadow.percent / 100,
            mirror=True,
            layers=wire.layers,
            gain=Gain(),
            note=f"mirrored: {shadow.evidence.text}",
            evidence=(shadow.evidence,),
        )


def _note(wire: Wire, asked: Operation, receiver: Operation) -> str | None:
    if receiver.service == asked.service:
        return wire.note
    routed = f"asked of {asked.service}, routed to {receiver.service}"
    return f"{wire.note}; {routed}" if wire.note else routed


def _mtls(node: ServiceNode, mesh: Mesh, kinds: tuple[Semantics, ...]) -> str | None:
    if not node.pods:
        return None
    port = node.target_port(node.ports[0].port) if node.ports else None
    return _first(k.mtls(node, port, mesh) for k in kinds)


def _first(values: Iterable[T | None]) -> T | None:
    return next((v for v in values if v is not None), None)
