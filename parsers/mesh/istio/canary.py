"""The route that Flagger makes of a ``Canary``'s ``service`` block, where Istio is its provider.

Source: fluxcd/flagger pkg/router/istio.go:216, 244, 253, 509, 548, 560 (``retries``, ``match``, ``rewrite``,
``timeout`` are copied into a VirtualService as they are written; ``delegation`` leaves out hosts and gateways).
Units: as in ``virtual_service``.
Shape: one fact a Canary; weights between primary and canary are the controller's, and not written anywhere.
"""

from __future__ import annotations

from collections.abc import Iterator

from parsers.facts.istio import CanaryRoute, HttpRoute
from parsers.mesh.istio.destination_rule import traffic_policy
from parsers.mesh.istio.fields import meta
from parsers.mesh.istio.retries import retry_policy
from parsers.mesh.istio.virtual_service import match_block, request_headers, rewritten_uri
from parsers.yamltree import Node


def canary(doc: Node) -> Iterator[CanaryRoute]:
    """Read the ``service`` block of one Canary."""
    spec = doc.at("spec")
    service = spec.at("service")
    service.ignore("port", "targetPort", "backendTimeout", "mirror", "gatewayRefs")
    yield CanaryRoute(
        meta=meta(doc),
        apex=service.at("name").text("") or spec.at("targetRef", "name").text(""),
        provider=spec.at("provider").text(None),
        hosts=service.at("hosts").strings(),
        gateways=service.at("gateways").strings(),
        delegation=service.at("delegation").boolean(default=False),
        route=_route(service),
        policy=traffic_policy(service.at("trafficPolicy")),
        span=doc.span,
    )


def _route(service: Node) -> HttpRoute:
    rewrite = service.at("rewrite")
    return HttpRoute(
        name=None,
        matches=tuple(match_block(m) for m in service.at("match").items()),
        destinations=(),
        redirect=False,
        direct_response_status=None,
        delegate=None,
        rewrite_uri=rewritten_uri(rewrite),
        rewrite_authority=rewrite.at("authority").text(None),
        timeout_s=service.at("timeout").duration_s(None),
        retries=retry_policy(service.at("retries")),
        fault=None,
        mirrors=(),
        headers_set=request_headers(service.at("headers")),
        span=service.span,
    )
