"""What can be turned down: the places in files that repeat a request, and the edits that change how often.

Shape: one ``Knob`` a place, however many calls go through it; a default that nobody wrote is one knob a callee.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from analyzer.amplification import CallFacts
from analyzer.fixes import pythontext
from analyzer.fixes.edits import Change, Edit, EditedTree
from analyzer.fixes.places import OFF, Why, edit, free, new_route, page_at, routes
from analyzer.linking.mesh import Mesh
from analyzer.model import Layer
from parsers.facts.istio import VirtualService
from parsers.quantities import ONCE
from parsers.source import Span

_APPLICATION = frozenset({"app", "sdk"})


@dataclass(frozen=True, slots=True, order=True)
class Knob:
    """``code`` and ``route`` have a span; ``default`` the callee whose routes state nothing."""

    kind: str
    name: str
    span: Span | None = None
    service: str = ""

    def __str__(self) -> str:
        return f"{self.name} ({self.span})" if self.span else f"{self.name} for {self.service}"


def knob(layer: Layer, call: CallFacts) -> Knob | None:
    """The place that a layer of a call comes from; ``None`` where it repeats nothing or no one place decides."""
    if layer.attempts is None or layer.attempts == ONCE or not layer.counts_arrivals or not layer.effective:
        return None
    if layer.kind in _APPLICATION:
        return Knob("code", layer.name, layer.span) if layer.span is not None else None
    if layer.name != "istio" or layer.kind == "inbound":
        return None
    if layer.span is not None:
        return Knob("route", "retries of the route", layer.span)
    return Knob("default", "Istio's default retries", None, call.callee.service) if layer.kind == "sidecar" else None


def turned(one: Knob, attempts: int, tree: EditedTree, mesh: Mesh, rule: str) -> Change | None:
    """The edits that make it so many attempts; ``None`` where there are none that are certain."""
    what = "no retry" if attempts == 1 else f"{attempts} attempts"
    why = Why(rule, f"{one}: {what}")
    edits: Iterable[Edit | None]
    if one.kind == "code":
        edits = [_code(one, attempts, tree, why)]
    elif one.kind == "route":
        edits = [_route(one, attempts, tree, mesh, why)]
    else:
        edits = list(_default(one, tree, mesh, why)) if attempts == 1 else []
    found = tuple(e for e in edits if e is not None)
    return Change(rule, why.reason, found) if found and len(found) == len(tuple(edits)) else None


def _code(one: Knob, attempts: int, tree: EditedTree, why: Why) -> Edit | None:
    span = one.span
    text = tree.text(span.path) if span is not None else None
    if span is None or text is None or not span.path.endswith(".py"):
        return None

    def apply(source: str) -> str:
        changed = pythontext.switched_off(source, span) if attempts == 1 else pythontext.lowered(source, span, attempts)
        return source if changed is None else changed

    return Edit(span.path, span.line, span.end_line, why.rule, why.reason, apply) if apply(text) != text else None


def _route(one: Knob, attempts: int, tree: EditedTree, mesh: Mesh, why: Why) -> Edit | None:
    """Of a VirtualService only: what other kinds say has other readers as well."""
    written = {r.retries.span for v in mesh.all(VirtualService) for r in v.http if r.retries is not None}
    found = page_at(tree, one.span) if one.span in written and one.span is not None else None
    if found is None:
        return None
    page, way = found
    if attempts > 1:
        return edit(page, page.replace((*way, "attempts"), str(attempts - 1)), why)
    return edit(page, page.emptied(way, "attempts", "0"), why)


def _default(one: Knob, tree: EditedTree, mesh: Mesh, why: Why) -> Iterator[Edit | None]:
    service = mesh.services.get(one.service)
    if service is None:
        return
    known = list(routes(service, mesh))
    for _, route in known:
        if route.retries is None:
            found = page_at(tree, route.span)
            yield edit(found[0], found[0].add(found[1], OFF, "retries: {attempts: 0}"), why) if found else None
    if known or service.fact is None:
        return
    found = page_at(tree, service.fact.span)
    if found is None or not free(service.fact.meta.name, service.fact.meta, mesh):
        return
    page, way = found
    name = service.fact.meta.name
    yield edit(page, page.append(tuple(new_route(page, way, (name, name), service, OFF))), why)


def possible(knobs: Iterable[Knob], tree: EditedTree, mesh: Mesh) -> frozenset[Knob]:
    """Those that an edit can turn off."""
    return frozenset(k for k in knobs if turned(k, 1, tree, mesh, "") is not None)
