"""Consul's routers, resolvers, splitters and defaults.

Source: hashicorp/consul-k8s control-plane/api/v1alpha1/{servicerouter,serviceresolver,servicesplitter,servicedefaults,
proxydefaults,mesh}_types.go.
Units: durations in seconds (Go's grammar); ``numRetries`` counts retries, as written.
Shape: one fact a document.
Errors: none; what is not modelled is a diagnostic.
"""

from __future__ import annotations

from collections.abc import Iterator

from parsers.facts.consul import (
    ConsulMesh,
    ConsulRoute,
    ServiceDefaults,
    ServiceResolver,
    ServiceRouter,
    ServiceSplitter,
)
from parsers.mesh.consul.matches import match
from parsers.metadata import meta
from parsers.yamltree import Node

_RETRY_KEYS = ("numRetries", "retryOn", "retryOnConnectFailure", "retryOnStatusCodes", "requestTimeout")
#: How proxies are run, found, measured and limited: no retry and no permission.
_DEFAULTS_NO_MATTER = (
    "accessLogs", "balanceInboundConnections", "config", "envoyExtensions", "externalSNI", "failoverPolicy",
    "localConnectTimeoutMs", "localRequestTimeoutMs", "maxInboundConnections", "maxRequestHeadersKB", "meshGateway",
    "mode", "prioritizeByLocality", "rateLimits", "destination", "upstreamConfig",
)  # fmt: skip


def service_router(doc: Node) -> Iterator[ServiceRouter]:
    """Read one ServiceRouter."""
    found = meta(doc)
    if found is not None:
        yield ServiceRouter(found, tuple(_route(r) for r in doc.at("spec", "routes").items()), doc.span)


def _route(node: Node) -> ConsulRoute:
    to = node.at("destination")
    to.ignore("namespace", "partition", "serviceSubset", "prefixRewrite", "idleTimeout")
    for headers in ("requestHeaders", "responseHeaders"):
        to.at(headers).ignore_rest()
    statuses = tuple(s for c in to.at("retryOnStatusCodes").items() if (s := c.integer(None)) is not None)
    return ConsulRoute(
        match=match(node.at("match", "http")),
        service=to.at("service").text(None),
        num_retries=to.at("numRetries").count(None),
        retry_on=to.at("retryOn").strings(),
        retry_on_statuses=statuses,
        retry_on_connect_failure=to.at("retryOnConnectFailure").boolean(default=False),
        request_timeout_s=to.at("requestTimeout").duration_s(None),
        declared=_declared(to),
        span=node.span,
    )


def _declared(node: Node) -> str:
    parts = []
    for key in _RETRY_KEYS:
        value = node.at(key)
        if value.is_sequence:
            parts.append(f"{key}: [{', '.join(item.written() for item in value.items())}]")
        elif value:
            parts.append(f"{key}: {value.written()}")
    return ", ".join(parts)


def service_resolver(doc: Node) -> Iterator[ServiceResolver]:
    """Read one ServiceResolver."""
    spec, found = doc.at("spec"), meta(doc)
    spec.ignore("connectTimeout", "defaultSubset", "prioritizeByLocality")
    for part in ("subsets", "loadBalancer"):
        spec.at(part).ignore_rest()
    redirect = spec.at("redirect")
    redirect.ignore("serviceSubset", "namespace", "partition", "datacenter", "peer", "samenessGroup")
    others: list[str] = []
    for _, failover in spec.at("failover").entries():
        failover.ignore("serviceSubset", "namespace", "datacenters", "samenessGroup", "policy")
        others += (failover.at("service").text(""),)
        for target in failover.at("targets").items():
            target.ignore("serviceSubset", "namespace", "partition", "datacenter", "peer")
            others.append(target.at("service").text(""))
    if found is not None:
        yield ServiceResolver(
            meta=found,
            redirect=redirect.at("service").text(None),
            failover=tuple(dict.fromkeys(o for o in others if o)),
            request_timeout_s=spec.at("requestTimeout").duration_s(None),
            span=doc.span,
        )


def service_splitter(doc: Node) -> Iterator[ServiceSplitter]:
    """Read one ServiceSplitter."""
    found = meta(doc)
    splits: list[tuple[str | None, float]] = []
    for split in doc.at("spec", "splits").items():
        split.ignore("serviceSubset", "namespace", "partition")
        for headers in ("requestHeaders", "responseHeaders"):
            split.at(headers).ignore_rest()
        splits.append((split.at("service").text(None), split.at("weight").number(0.0)))
    if found is not None:
        yield ServiceSplitter(found, tuple(splits), doc.span)


def service_defaults(doc: Node) -> Iterator[ServiceDefaults]:
    """Read one ServiceDefaults."""
    yield from _defaults(doc, doc.at("spec", "protocol"), everything=False)


def proxy_defaults(doc: Node) -> Iterator[ServiceDefaults]:
    """Read one ProxyDefaults: the protocol is in its free ``config``."""
    yield from _defaults(doc, doc.at("spec", "config", "protocol"), everything=True)


def _defaults(doc: Node, protocol: Node, *, everything: bool) -> Iterator[ServiceDefaults]:
    spec, found = doc.at("spec"), meta(doc)
    spec.ignore(*_DEFAULTS_NO_MATTER)
    spec.at("config").ignore_rest()
    for part in ("transparentProxy", "upstreamConfig", "meshGateway", "envoyExtensions", "accessLogs", "rateLimits"):
        spec.at(part).ignore_rest()
    expose = spec.at("expose")
    expose.ignore("checks")
    paths: list[str] = []
    for path in expose.at("paths").items():
        path.ignore("listenerPort", "localPathPort", "protocol")
        paths.append(path.at("path").text(""))
    if found is not None:
        yield ServiceDefaults(
            meta=found,
            everything=everything,
            protocol=protocol.text(None),
            mutual_tls=spec.at("mutualTLSMode").text(None),
            exposed=tuple(paths),
            span=doc.span,
        )


def mesh(doc: Node) -> Iterator[ConsulMesh]:
    """Read the Mesh entry."""
    spec, found = doc.at("spec"), meta(doc)
    for part in ("transparentProxy", "tls", "http", "peering"):
        spec.at(part).ignore_rest()
    if found is not None:
        allowed = spec.at("allowEnablingPermissiveMutualTLS").boolean(default=False)
        yield ConsulMesh(found, allowed, doc.span)
