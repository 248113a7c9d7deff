"""Istio ``Gateway``.

Source: istio/api networking/v1alpha3/gateway.proto.
Shape: servers in document order; ports are the gateway's own.
Errors: none; what is not modelled is a diagnostic.
"""

from __future__ import annotations

from collections.abc import Iterator

from parsers.facts.istio import Gateway, GatewayServer
from parsers.mesh.istio.fields import meta
from parsers.yamltree import Node


def gateway(doc: Node) -> Iterator[Gateway]:
    """Read one Gateway."""
    spec = doc.at("spec")
    yield Gateway(
        meta=meta(doc),
        selector=spec.at("selector").labels(),
        servers=tuple(_server(s) for s in spec.at("servers").items()),
        span=doc.span,
    )


def _server(node: Node) -> GatewayServer:
    node.ignore("name", "bind", "defaultEndpoint")
    port, tls = node.at("port"), node.at("tls")
    port.ignore("name", "targetPort")
    tls.ignore(
        "httpsRedirect", "serverCertificate", "privateKey", "caCertificates", "subjectAltNames", "minProtocolVersion",
        "maxProtocolVersion", "cipherSuites", "verifyCertificateSpki", "verifyCertificateHash", "caCrl",
        "credentialNames", "tlsCertificates", "caCertCredentialName",
    )  # fmt: skip
    return GatewayServer(
        port=port.at("number").integer(0),
        protocol=port.at("protocol").text("").upper(),
        hosts=node.at("hosts").strings(),
        tls_mode=(tls.at("mode").text("PASSTHROUGH") if tls.at("mode") else None),
        credential_name=tls.at("credentialName").text(None),
        span=node.span,
    )
