"""Service and Ingress: the names that traffic is sent to.

Source: core/v1 ``ServiceSpec``; networking.k8s.io/v1 ``IngressSpec`` and its v1beta1 form (``serviceName``).
"""

from __future__ import annotations

from collections.abc import Iterator

from parsers.facts.kubernetes import Ingress, IngressPath, Service, ServicePort
from parsers.metadata import meta
from parsers.yamltree import Node

_NO_MATTER = (
    "allocateLoadBalancerNodePorts", "clusterIPs", "externalIPs", "externalTrafficPolicy", "healthCheckNodePort",
    "internalTrafficPolicy", "ipFamilies", "ipFamily", "ipFamilyPolicy", "loadBalancerClass", "loadBalancerIP",
    "loadBalancerSourceRanges", "publishNotReadyAddresses", "sessionAffinity", "sessionAffinityConfig", "topologyKeys",
    "trafficDistribution",
)  # fmt: skip


def read_service(doc: Node) -> Iterator[object]:
    """One ``Service``."""
    named, spec = meta(doc), doc.at("spec")
    spec.ignore(*_NO_MATTER)
    if named:
        yield Service(
            meta=named,
            selector=spec.at("selector").labels(),
            type=spec.at("type").text("ClusterIP"),
            external_name=spec.at("externalName").text(None),
            headless=spec.at("clusterIP").text("") == "None",
            ports=tuple(_ports(spec.at("ports"))),
            span=doc.span,
        )


def _ports(node: Node) -> Iterator[ServicePort]:
    for port in node.items():
        number = port.at("port").count(None)
        if number is None:
            if not port.at("port"):
                port.invalid("a port without its number")
            continue
        yield ServicePort(
            name=port.at("name").text(None),
            port=number,
            target_port=port.at("targetPort").port(None),
            protocol=port.at("protocol").text("TCP"),
            app_protocol=port.at("appProtocol").text(None),
            node_port=port.at("nodePort").count(None),
            span=port.span,
        )


def read_ingress(doc: Node) -> Iterator[object]:
    """One ``Ingress``."""
    named, spec = meta(doc), doc.at("spec")
    spec.ignore("tls")
    if named:
        written = spec.at("ingressClassName").text(None)
        yield Ingress(
            meta=named,
            class_name=written or named.annotations.get("kubernetes.io/ingress.class"),
            paths=tuple(_paths(spec)),
            span=doc.span,
        )


def _paths(spec: Node) -> Iterator[IngressPath]:
    for default in (spec.at("defaultBackend"), spec.at("backend")):
        if default:
            yield from _path(default, None, "/", "Prefix")
    for rule in spec.at("rules").items():
        host = rule.at("host").text(None)
        for path in rule.at("http", "paths").items():
            kind = path.at("pathType").text("ImplementationSpecific")
            yield from _path(path.at("backend"), host, path.at("path").text("/"), kind)


def _path(backend: Node, host: str | None, path: str, path_type: str) -> Iterator[IngressPath]:
    service = backend.at("service")
    older = backend.at("serviceName").text(None)
    name = service.at("name").text(None) or older
    port = service.at("port")
    number = port.at("number").count(None)
    target = number if number is not None else port.at("name").text(None)
    if target is None:
        target = backend.at("servicePort").port(None)
    if name:
        yield IngressPath(host, path, path_type, name, target, backend.span)
    elif not backend.at("resource"):
        backend.invalid("a backend without a service")
