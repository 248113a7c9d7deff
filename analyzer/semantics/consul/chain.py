"""The discovery chain: the protocol of a service, its router's route for a request, where that leads.

Source: hashicorp/consul agent/consul/discoverychain/compile.go (router, splitter, resolver; only the start's router);
agent/xds/routes.go (matches; the appended catch-all has no retries).
Shape: entries by name: without enterprise namespaces a name is one service in the whole cluster.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

from analyzer.linking.mesh import Mesh, ServiceNode
from analyzer.requestsets.matching import Answer, both, either, opposite, taken
from analyzer.semantics.consul.injection import names_of
from parsers.facts.consul import (
    ConsulMatch,
    ConsulRoute,
    ConsulValue,
    ServiceDefaults,
    ServiceResolver,
    ServiceRouter,
    ServiceSplitter,
)

F = TypeVar("F", ServiceRouter, ServiceResolver, ServiceSplitter)

_HTTP = frozenset({"http", "http2", "grpc"})
_MAX_REDIRECTS = 8


def entry(facts: Iterable[F], name: str) -> F | None:
    """The entry of a service."""
    return next((f for f in facts if f.meta.name == name), None)


def protocol(name: str, mesh: Mesh) -> str:
    """What a service speaks: as its defaults say, else those of all proxies, else ``tcp``."""
    found = [d for d in mesh.all(ServiceDefaults) if d.protocol]
    own = next((d.protocol for d in found if not d.everything and d.meta.name == name), None)
    return (own or next((d.protocol for d in found if d.everything), None) or "tcp").lower()


def speaks_http(name: str, mesh: Mesh) -> bool:
    """Whether routers and permissions of requests work for a service."""
    return protocol(name, mesh) in _HTTP


def routes_for(
    router: ServiceRouter | None, method: str | None, path: str | None, headers: tuple[tuple[str, str], ...] | None
) -> list[ConsulRoute | None]:
    """The routes that may take a request, up to the first that surely does; ``None``: the catch-all."""
    found: list[ConsulRoute | None] = []
    for route in router.routes if router is not None else ():
        answer = takes(route.match, method, path, headers, sure=False)
        if answer is not False:
            found.append(route)
        if answer:
            return found
    return [*found, None]


def takes(
    match: ConsulMatch,
    method: str | None,
    path: str | None,
    headers: tuple[tuple[str, str], ...] | None,
    *,
    sure: bool,
) -> Answer:
    """Whether a match takes a request; ``sure``: the headers given are all there are."""
    parts: list[Answer] = []
    if match.path_kind is not None:
        bare = None if path is None else path.partition("?")[0]
        wanted = match.path.lower() if match.ignore_case else match.path
        parts.append(taken(match.path_kind, wanted, bare.lower() if bare is not None and match.ignore_case else bare))
    if match.methods:
        parts.append(None if method is None else method.upper() in match.methods)
    parts += [_header(h, headers, sure=sure) for h in match.headers]
    parts += [None for _ in match.query_params]
    return both(parts)


def _header(wanted: ConsulValue, headers: tuple[tuple[str, str], ...] | None, *, sure: bool) -> Answer:
    values = [v for k, v in headers or () if k.lower() == wanted.name.lower()]
    if not values and not sure:
        return None
    answer = either(taken(wanted.kind, wanted.value, v) for v in values)
    return opposite(answer) if wanted.invert else answer


def receivers(name: str, node: ServiceNode, mesh: Mesh) -> tuple[tuple[str, float], ...]:
    """Who receives what is sent to a service: its splits, each redirected, as ids of services."""
    splitter = entry(mesh.all(ServiceSplitter), name)
    splits = splitter.splits if splitter is not None else ((None, 100.0),)
    total = sum(w for _, w in splits)
    shares: dict[str, float] = {}
    for service, weight in splits:
        if weight and total:
            identity = _identity(_redirected(service or name, mesh), node, mesh)
            shares[identity] = shares.get(identity, 0.0) + weight / total
    return tuple(shares.items())


def _redirected(name: str, mesh: Mesh) -> str:
    for _ in range(_MAX_REDIRECTS):
        resolver = entry(mesh.all(ServiceResolver), name)
        if resolver is None or not resolver.redirect or resolver.redirect == name:
            return name
        name = resolver.redirect
    return name


def _identity(name: str, near: ServiceNode, mesh: Mesh) -> str:
    """The id of the service of a name: the one dialled, one in its namespace, else the only one anywhere."""
    if name in names_of(near):
        return near.id
    found = list(_named(name, mesh))
    same = [s for s in found if s.namespace == near.namespace]
    return (same or found)[0].id if found else f"external:{name}"


def _named(name: str, mesh: Mesh) -> Iterator[ServiceNode]:
    return (s for s in mesh.services.values() if not s.external and name in names_of(s))
