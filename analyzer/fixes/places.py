"""Where in the files a fact is written, for edits of manifests: pages, routes of a host, new routes.

Source: istio/api networking/v1alpha3/virtual_service.proto; istio/istio
pkg/config/validation/agent/validation.go:940-998 (``attempts: 0`` stands alone in its block).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from analyzer.fixes.edits import Edit, EditedTree
from analyzer.fixes.yamltext import Page, Splice, Way, spliced
from analyzer.linking.mesh import Mesh, ServiceNode
from parsers.facts import Meta
from parsers.facts.istio import HttpRoute, VirtualService
from parsers.source import Span

#: The word with which a route names the sidecars (istio/api virtual_service.proto, gateways).
_MESH = "mesh"
OFF = ("retries:", "  attempts: 0")


@dataclass(frozen=True, slots=True)
class Why:
    """The rule that an edit is made for, and what it does."""

    rule: str
    reason: str


def page_at(tree: EditedTree, span: Span) -> tuple[Page, Way] | None:
    """The file and the way to what stands at a span; ``None`` where it cannot be edited."""
    page = Page.of(span.path, tree.text(span.path))
    way = page.find(span) if page is not None else None
    return (page, way) if page is not None and way is not None else None


def edit(page: Page, splices: tuple[Splice, ...] | None, why: Why) -> Edit | None:
    """Splices of one page as an edit."""
    if not splices:
        return None
    lines = [page.text.count("\n", 0, offset) + 1 for s in splices for offset in (s.start, max(s.start, s.end - 1))]
    appended = all(s.start == len(page.text) for s in splices)
    first, last = (page.lines + 1, page.lines) if appended else (min(lines), max(lines))
    return Edit(page.path, first, last, why.rule, why.reason, lambda text: spliced(text, splices))


def routes(service: ServiceNode, mesh: Mesh) -> Iterator[tuple[VirtualService, HttpRoute]]:
    """What VirtualServices say for sidecars that call the service, where it sends requests to anybody."""
    for one in mesh.all(VirtualService):
        if any(mesh.service_for_host(h, one.meta.ns) is service for h in one.hosts):
            for route in one.http:
                gateways = [g for m in route.matches for g in m.gateways] or one.gateways
                if route.destinations and (not gateways or _MESH in gateways):
                    yield one, route


def new_route(
    page: Page, root: Way, names: tuple[str, str], service: ServiceNode | None, retries: tuple[str, ...]
) -> list[str]:
    """A VirtualService in the namespace of the object at ``root``: each port as it is, with these retries.

    ``names``: its own, and the host's.
    """
    name, host = names
    namespace = page.node((*root, "metadata", "namespace"))
    lines = ["apiVersion: networking.istio.io/v1", "kind: VirtualService", "metadata:", f"  name: {name}"]
    lines += [f"  namespace: {page.written(namespace)}"] if namespace else []
    inner = "  " if page.nested_sequences() else ""
    dash = f"  {inner}- "
    under = " " * len(dash)
    lines += ["spec:", "  hosts:", f"{dash}{host}", "  http:"]
    ports = [p.port for p in service.ports] if service is not None else []
    for port in ports if len(ports) > 1 else [None]:
        block = [] if port is None else ["match:", f"{inner}- port: {port}"]
        block += [*retries, "route:", f"{inner}- destination:", f"{inner}    host: {host}"]
        block += [] if port is None else [f"{inner}    port:", f"{inner}      number: {port}"]
        lines += [f"{dash if i == 0 else under}{line}" for i, line in enumerate(block)]
    return lines


def free(name: str, like: Meta, mesh: Mesh) -> bool:
    """Whether no VirtualService has that name yet."""
    return not any(v.meta.name == name and v.meta.ns == like.ns for v in mesh.all(VirtualService))
