"""Routes of connections: the ``tls`` and ``tcp`` parts of a VirtualService, which weigh destinations and never repeat.

Source: istio/api networking/v1alpha3/virtual_service.proto (TLSRoute, TCPRoute); istio/istio
pilot/pkg/networking/core/{tls.go, networkfilter.go}.
Shape: the destinations with their shares; ``None`` where no route takes the connection, so that it goes as dialled.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.linking.mesh import Mesh
from analyzer.semantics.istio.hosts import gateway_name, host_matches
from analyzer.semantics.istio.route_match import Proxy
from analyzer.semantics.istio.routing import serving
from parsers.facts.istio import Destination, L4Match, L4Route, VirtualService


def connection_routes(
    host: str, port: int | None, proxy: Proxy, mesh: Mesh, *, tls: bool
) -> tuple[VirtualService, L4Route] | None:
    """The first route that takes a connection to a host and port."""
    for service in serving(host, proxy, mesh):
        for route in service.l4:
            if route.protocol == "tls" and not tls:
                continue
            if _takes(route, service, host, port, proxy):
                return service, route
    return None


def _takes(route: L4Route, service: VirtualService, host: str, port: int | None, proxy: Proxy) -> bool:
    """Blocks are alternatives; a TLS route needs a server name, a TCP route may have no block at all."""
    if not route.matches:
        return route.protocol == "tcp"
    return any(_block(block, service, host, port, proxy) for block in route.matches)


def _block(block: L4Match, service: VirtualService, host: str, port: int | None, proxy: Proxy) -> bool:
    if block.port is not None and port is not None and block.port != port:
        return False
    if block.sni_hosts and not any(host_matches(s.lower(), host) for s in block.sni_hosts):
        return False
    if block.gateways:
        return any(gateway_name(g, service.meta.ns) in proxy.gateways for g in block.gateways)
    return proxy.labels.contains(block.source_labels) and block.source_namespace in (None, proxy.namespace)


def shares(destinations: tuple[Destination, ...]) -> Iterator[tuple[Destination, float]]:
    """One destination takes all, whatever its weight; of several, those with weight 0 none (route.go:686-706)."""
    if len(destinations) == 1:
        yield destinations[0], 1.0
        return
    total = sum(d.weight or 0 for d in destinations)
    for destination in destinations:
        if destination.weight:
            yield destination, destination.weight / total
