"""Facts to mesh: which workloads and services there are, who calls whom, and by which operation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from analyzer.linking.configured import configured
from analyzer.linking.directory import Directory
from analyzer.linking.entries import entries
from analyzer.linking.homes import aliases, homes
from analyzer.linking.listening import listening
from analyzer.linking.mesh import Mesh, ServiceNode, Wire
from analyzer.linking.observed import observed
from analyzer.linking.placement import Placement, place
from analyzer.linking.programs import programs
from analyzer.linking.routes import Route, routes
from analyzer.linking.topology import external, topology
from analyzer.linking.wireids import Namer
from analyzer.model import Operation
from analyzer.options import Options
from parsers.diagnostics import Code, Diagnostic
from parsers.source import Span


def link(facts: Iterable[object], options: Options = Options()) -> tuple[Mesh, tuple[Diagnostic, ...]]:  # noqa: B008 -- frozen
    """Put facts together. Pure; the same facts in any order give the same mesh."""
    mesh, notes = topology(facts, options)
    placement = place(mesh, options)
    mesh = _with_code(mesh, placement)
    ways_in = routes(mesh)
    known, namer = homes(mesh), Namer(mesh)
    directory = Directory(mesh, ways_in, listening(mesh, placement, known), placement.units)
    code = programs(mesh, placement, directory, known, namer)
    told = namer.all(configured(mesh, placement, code.wires, known))
    recorded = namer.all(observed(mesh, (*code.wires, *told), known))
    wires = tuple(sorted((*code.wires, *told, *recorded), key=lambda w: w.id))
    mesh = replace(
        mesh,
        wires=wires,
        programs=code.programs,
        services={**mesh.services, **_outside(mesh, wires)},
    )
    found = entries(mesh, _at_home(ways_in, aliases(mesh, known)), code.programs, wires, options.entries)
    mesh = replace(mesh, entries=found, operations=_operations(mesh, tuple(e.operation for e in found)))
    diagnostics = {*notes, *placement.diagnostics, *code.diagnostics, *_unmatched(mesh, options)}
    return mesh, tuple(sorted(diagnostics, key=lambda d: d.sort_key))


def _unmatched(mesh: Mesh, options: Options) -> Iterator[Diagnostic]:
    """What the user names and nothing here is called."""
    names = {n for s in mesh.services.values() for n in (s.id, s.name)} | {p.name for p in mesh.pods.values()}
    nowhere = Span(".", 1, 1, 1, 1)
    for entry in options.entries:
        if entry.strip().partition(" ")[0] not in names:
            yield Diagnostic.at(nowhere, Code.AMBIGUOUS, detail=f"--entry {entry}: no service of that name")
    for folder, name in options.code:
        if name not in names:
            yield Diagnostic.at(nowhere, Code.AMBIGUOUS, detail=f"code: {folder} = {name}: no service of that name")


def _at_home(ways_in: tuple[Route, ...], other: Mapping[str, str]) -> tuple[Route, ...]:
    """Routes to a service that is another one by a second name lead to that one."""
    return tuple(replace(r, service=other.get(r.service, r.service)) for r in ways_in)


def _with_code(mesh: Mesh, placement: Placement) -> Mesh:
    """The mesh with the pods that only code tells of."""
    pods = {**mesh.pods, **{p.id: p for p in placement.pods}}
    made = {p.id: ServiceNode(p.id, p.namespace, p.name, None, (p,)) for p in placement.pods}
    names = {**mesh.namespaces, **{p.namespace: mesh.namespaces.get(p.namespace) for p in placement.pods}}
    return replace(
        mesh,
        pods=dict(sorted(pods.items())),
        services=dict(sorted({**mesh.services, **made}.items())),
        namespaces=dict(sorted(names.items())),
    )


def _outside(mesh: Mesh, wires: tuple[Wire, ...]) -> dict[str, ServiceNode]:
    """Nodes for what lies outside and is called."""
    ids = sorted({w.callee.service for w in wires} - set(mesh.services))
    return {i: replace(external(i.removeprefix("external:")), id=i) for i in ids}


def _operations(mesh: Mesh, started: tuple[Operation, ...]) -> dict[str, tuple[Operation, ...]]:
    found: dict[str, set[Operation]] = {s: set() for s in mesh.services}
    for operation in (*mesh.programs, *started, *(w.callee for w in mesh.wires), *(w.caller for w in mesh.wires)):
        found.setdefault(operation.service, set()).add(operation)
    return {s: tuple(sorted(o)) for s, o in sorted(found.items())}
