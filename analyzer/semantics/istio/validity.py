"""What Istio's validation webhook refuses: such an object never comes into force.

Source: istio/istio pkg/config/validation/agent/validation.go:940-998 (retries); pkg/config/validation/validation.go:
1039, 1807, 2048-2460 (traffic policies, hosts, routes, weights).
Errors: none; the reason is text for a report.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from analyzer.semantics.istio.hosts import MESH
from parsers.facts.istio import DestinationRule, HttpRoute, L4Route, TrafficPolicy, VirtualService
from parsers.source import Span


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an object is refused, and the line that makes it so."""

    reason: str
    span: Span


def refused_virtual_service(service: VirtualService) -> Refusal | None:
    """The first reason to refuse a VirtualService, or ``None``."""
    return next(_virtual_service(service), None)


def _virtual_service(service: VirtualService) -> Iterator[Refusal]:
    delegate = not service.hosts
    if delegate and service.gateways:
        yield Refusal("it has gateways but no hosts", service.span)
    if not service.http and not service.l4:
        yield Refusal("it has no http, tls or tcp route", service.span)
    if "*" in service.hosts and (not service.gateways or MESH in service.gateways):
        yield Refusal("host * cannot be bound to the mesh", service.span)
    for route in service.http:
        yield from _http_route(route)
    for l4 in service.l4:
        yield from _l4_route(l4)


def _http_route(route: HttpRoute) -> Iterator[Refusal]:
    if route.retries is not None and route.retries.invalid is not None:
        yield Refusal(route.retries.invalid, route.retries.span)
    actions = (bool(route.destinations), route.redirect, route.direct_response_status is not None)
    if route.delegate is not None:
        if any(actions):
            yield Refusal("a delegate cannot stand beside route, redirect or directResponse", route.span)
        return
    if not any(actions):
        yield Refusal("an http route needs route, redirect or directResponse", route.span)
    if sum(actions) > 1:
        yield Refusal("an http route has only one of route, redirect and directResponse", route.span)
    if route.redirect and route.fault is not None:
        yield Refusal("a redirect cannot have a fault", route.span)
    yield from _weights([d.weight for d in route.destinations], route.span)
    for destination in route.destinations:
        if not destination.host:
            yield Refusal("a destination needs a host", destination.span)


def _l4_route(route: L4Route) -> Iterator[Refusal]:
    if not route.destinations:
        yield Refusal(f"a {route.protocol} route needs a destination", route.span)
    yield from _weights([d.weight for d in route.destinations], route.span)


def _weights(weights: list[int | None], span: Span) -> Iterator[Refusal]:
    """Negative ones, or several that are all zero (validation.go:2444)."""
    if any((w or 0) < 0 for w in weights):
        yield Refusal("a weight is negative", span)
    if len(weights) > 1 and not any(weights):
        yield Refusal("the weights of several destinations are all zero", span)


def refused_destination_rule(rule: DestinationRule) -> Refusal | None:
    """The first reason to refuse a DestinationRule, or ``None``."""
    if not rule.host:
        return Refusal("it has no host", rule.span)
    for policy in (rule.policy, *(s.policy for s in rule.subsets)):
        if policy is not None and _empty(policy):
            only = "retries, which Istio does not have" if policy.declared_retries is not None else "no field"
            return Refusal(
                f"its trafficPolicy holds {only}: a traffic policy must have at least one field", policy.span
            )
    nameless = next((s for s in rule.subsets if not s.name), None)
    return Refusal("a subset has no name", nameless.span) if nameless else None


def _empty(policy: TrafficPolicy) -> bool:
    """No block that Istio knows (validation.go:1039-1043)."""
    return policy.otherwise_empty and not policy.port_level
