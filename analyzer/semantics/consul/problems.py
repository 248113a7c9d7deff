"""Entries of Consul that do not do what they say.

Source: hashicorp/consul agent/xds/routes.go (retries without conditions), agent/consul/discoverychain/compile.go
(routers need HTTP); hashicorp/consul-k8s control-plane/api/v1alpha1/serviceintentions_webhook.go:53-70 (duplicates).
Shape: one ``Problem`` a fact that is refused or without effect.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.linking.mesh import Mesh
from analyzer.semantics import Flaw, Problem
from analyzer.semantics.consul.chain import protocol, speaks_http
from analyzer.semantics.consul.layers import retries
from parsers.facts.consul import ServiceIntentions, ServiceRouter


def problems(mesh: Mesh) -> Iterator[Problem]:
    """Problems of routers and intentions."""
    for router in mesh.all(ServiceRouter):
        yield from _router(router, mesh)
    seen: dict[str, ServiceIntentions] = {}
    for intentions in mesh.all(ServiceIntentions):
        yield from _intentions(intentions, seen, mesh)


def _router(router: ServiceRouter, mesh: Mesh) -> Iterator[Problem]:
    who = f"ServiceRouter {router.meta.ns}/{router.meta.name}"
    if not speaks_http(router.meta.name, mesh):
        spoken = protocol(router.meta.name, mesh)
        said = f"{router.meta.name} speaks {spoken} to Consul: a router needs http, http2 or grpc"
        yield Problem(Flaw.REFUSED, "consul-router-on-tcp", who, said, router.span, sure=False)
    for route in router.routes:
        if route.num_retries and not retries(route)[1]:
            said = f"numRetries: {route.num_retries} without retryOn or another condition retries nothing"
            yield Problem(Flaw.INEFFECTIVE, "consul-inert-retries", who, said, route.span)


def _intentions(intentions: ServiceIntentions, seen: dict[str, ServiceIntentions], mesh: Mesh) -> Iterator[Problem]:
    who = f"ServiceIntentions {intentions.meta.ns}/{intentions.meta.name}"
    first = seen.setdefault(intentions.destination, intentions)
    if first is not intentions:
        said = f"another object holds the intentions of {intentions.destination}: the webhook refuses the second"
        yield Problem(Flaw.REFUSED, "consul-intentions-twice", who, said, intentions.span)
    if not any(s.permissions for s in intentions.sources):
        return
    if intentions.destination == "*":
        said = "permissions of requests are refused for the destination *"
        yield Problem(Flaw.REFUSED, "consul-permissions-for-all", who, said, intentions.span)
    elif not speaks_http(intentions.destination, mesh):
        said = f"{intentions.destination} speaks tcp to Consul: its permissions of requests deny everything"
        yield Problem(Flaw.INEFFECTIVE, "consul-permissions-on-tcp", who, said, intentions.span, sure=False)
