"""VirtualServices and DestinationRules that Flagger makes of its Canaries, which no repository holds.

Source: fluxcd/flagger pkg/router/istio.go:216-260, 509-560; docs/gitbook/usage/how-it-works.md.
Shape: one VirtualService a Canary, of the name of its services (the apex); it takes the place of a written one of that
name. Primary and canary run the same program, so that the route leads to the apex itself: the weights between them
change neither the numbers nor the callee.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from analyzer.linking.mesh import CLUSTER_DOMAIN, Mesh
from parsers.facts.istio import CanaryRoute, Destination, DestinationRule, VirtualService

#: Providers whose canaries are VirtualServices; unwritten is the controller's flag, ``istio`` by default.
PROVIDERS = frozenset({None, "istio"})


def canary_services(mesh: Mesh) -> Iterator[VirtualService]:
    """The VirtualServices of all Canaries that Istio serves."""
    for canary in mesh.all(CanaryRoute):
        if canary.provider in PROVIDERS and canary.apex:
            yield _service(canary)


def _service(canary: CanaryRoute) -> VirtualService:
    host = f"{canary.apex}.{canary.meta.ns}.svc.{CLUSTER_DOMAIN}"
    to_apex = Destination(host, None, None, 100, canary.span)
    return VirtualService(
        meta=replace(canary.meta, name=canary.apex),
        hosts=() if canary.delegation else tuple(dict.fromkeys((*canary.hosts, host))),
        gateways=() if canary.delegation else canary.gateways,
        export_to=None,
        http=(replace(canary.route, destinations=(to_apex,)),),
        l4=(),
        span=canary.span,
    )


def canary_rules(mesh: Mesh) -> Iterator[DestinationRule]:
    """The DestinationRules of Canaries with a traffic policy (pkg/router/istio.go:66-120)."""
    for canary in mesh.all(CanaryRoute):
        if canary.provider in PROVIDERS and canary.apex and canary.policy is not None:
            host = f"{canary.apex}.{canary.meta.ns}.svc.{CLUSTER_DOMAIN}"
            meta = replace(canary.meta, name=canary.apex)
            yield DestinationRule(meta, host, None, None, canary.policy, (), canary.span)
