"""Routes of the Gateway API as Linkerd ranks them: which rule takes a request.

Source: linkerd/linkerd2 policy-controller/k8s/index/src/{inbound,outbound}/; linkerd2-proxy linkerd/http/route/src.
Shape: rules in the order in which they may take the request, up to the first that surely does; ``None`` at the end
where none surely does, because then nothing takes it. Both groups of HTTPRoute are alike.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from analyzer.linking.memory import remembered
from analyzer.linking.mesh import Mesh
from analyzer.requestsets.matching import Answer, both, taken
from parsers.facts.gateway_api import KubernetesRoute, MeshRoute, RouteMatch, RouteRule, ValueMatch

_KINDS = {"Exact": "exact", "PathPrefix": "segments", "RegularExpression": "regex"}


@dataclass(frozen=True, slots=True)
class Asked:
    """What is known of a request; ``None`` is not known. ``headers`` are some of them: others may be there, too."""

    method: str | None
    path: str | None
    headers: tuple[tuple[str, str], ...] = ()


Rule = tuple[KubernetesRoute, RouteRule]


def every_route(mesh: Mesh) -> tuple[KubernetesRoute, ...]:
    """HTTPRoutes of both groups, and GRPCRoutes."""
    return remembered(mesh, _every)


def _every(mesh: Mesh) -> tuple[KubernetesRoute, ...]:
    return (*(m.route for m in mesh.all(MeshRoute)), *mesh.all(KubernetesRoute))


def attached(mesh: Mesh, kind: str, name: str, namespace: str, port: int | None = None) -> tuple[KubernetesRoute, ...]:
    """Routes whose parent is the object."""
    return tuple(
        route
        for route in every_route(mesh)
        if any(
            p.kind == kind
            and p.name == name
            and (p.namespace or route.meta.ns) == namespace
            and (p.port is None or port is None or p.port == port)
            for p in route.parents
        )
    )


def candidates(routes: Iterable[KubernetesRoute], asked: Asked) -> list[Rule | None]:
    """The rules that may take the request, the first to be asked first."""
    each = [(route, rule, match) for route in routes for rule in route.rules for match in rule.matches or (None,)]
    found: list[Rule | None] = []
    for route, rule, match in sorted(each, key=lambda e: (*_rank(e[2]), e[0].meta.ns, e[0].meta.name)):
        answer = True if match is None else _takes(match, asked)
        if answer is False:
            continue
        if (route, rule) not in found:
            found.append((route, rule))
        if answer:
            return found
    return [*found, None]


def _rank(match: RouteMatch | None) -> tuple[int, int, bool, int, int]:
    """Exact paths, then longer prefixes, then expressions; a method, more headers, more parameters before fewer."""
    if match is None:
        return (3, 0, True, 0, 0)
    kind = {"Exact": 0, "PathPrefix": 1}.get(match.path_kind, 2) if match.path is not None else 3
    return (kind, -len(match.path or ""), match.method is None, -len(match.headers), -len(match.query_params))


def _takes(match: RouteMatch, asked: Asked) -> Answer:
    path = None if asked.path is None else asked.path.partition("?")[0]
    parts: list[Answer] = []
    if match.path is not None:
        parts.append(taken(_KINDS.get(match.path_kind, "segments"), match.path, path))
    if match.method is not None:
        parts.append(None if asked.method is None else asked.method.upper() == match.method)
    parts += [_header(h, asked) for h in match.headers]
    parts += [None for _ in match.query_params]
    return both(parts)


def _header(match: ValueMatch, asked: Asked) -> Answer:
    value = dict(asked.headers).get(match.name.lower())
    return taken("regex" if match.kind == "RegularExpression" else "exact", match.value, value)
