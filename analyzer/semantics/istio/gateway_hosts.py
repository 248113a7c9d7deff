"""Whether a gateway takes the hosts of a VirtualService that is bound to it.

Source: istio/istio pilot/pkg/model/gateway.go, pkg/config/analysis/analyzers/virtualservice/gateways.go.
Shape: a server's host may name the namespace whose VirtualServices it takes: ``ns/host``, ``./host``, ``*/host``.
"""

from __future__ import annotations

from analyzer.semantics.istio.hosts import hosts_overlap
from parsers.facts.istio import Gateway, GatewayServer, VirtualService


def admits(gateway: Gateway, service: VirtualService) -> bool:
    """Whether any server of the gateway takes any host of the VirtualService."""
    return any(server_admits(server, gateway.meta.ns, service) for server in gateway.servers)


def server_admits(server: GatewayServer, owner: str, service: VirtualService) -> bool:
    """Whether one server of a gateway in namespace ``owner`` does."""
    for written in server.hosts:
        scope, slash, host = written.rpartition("/")
        wanted = owner if scope == "." else scope
        if slash and wanted not in ("*", service.meta.ns):
            continue
        if any(hosts_overlap(host.lower(), h.lower()) for h in service.hosts):
            return True
    return False
