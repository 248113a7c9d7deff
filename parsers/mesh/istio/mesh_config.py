"""Mesh-wide settings: the ``istio`` ConfigMap, an ``IstioOperator``, Helm values of istiod; and the version they state.

Source: istio/api mesh/v1alpha1/config.proto; istio/istio pkg/config/mesh/mesh.go:65-131 (defaults, not filled in here).
Units: durations in seconds.
Shape: one ``MeshConfig`` per place; ``None`` where a key is absent.
Errors: a ConfigMap whose ``mesh`` key is not YAML is a diagnostic.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from parsers.diagnostics import Diagnostic
from parsers.facts import NO_LABELS, Labels
from parsers.facts.istio import MeshConfig, MeshVersion
from parsers.mesh.istio.fields import optional_strings
from parsers.mesh.istio.retries import retry_policy
from parsers.mesh.istio.version import stated
from parsers.source import Span
from parsers.yamltree import Node

#: Settings of telemetry, certificates, DNS, and of what else changes no call and no verdict that is modelled here.
_IRRELEVANT = (
    "accessLogFile", "accessLogFormat", "accessLogEncoding", "enableTracing", "enableEnvoyAccessLogService",
    "disableEnvoyListenerLog", "extensionProviders", "defaultProviders", "ingressControllerMode", "ingressClass",
    "ingressService", "ingressSelector", "proxyListenPort", "proxyHttpPort", "connectTimeout", "tcpKeepalive",
    "dnsRefreshRate", "h2UpgradePolicy", "inboundClusterStatName", "outboundClusterStatName", "enablePrometheusMerge",
    "certificates", "caCertificates", "ca", "thriftConfig", "configSources", "defaultServiceExportTo",
    "localityLbSetting", "discoverySelectors", "serviceSettings", "proxyInboundListenPort", "verifyCertificateAtClient",
    "protocolDetectionTimeout", "meshMTLS", "tlsDefaults", "hboneSettings", "serviceScopeConfigs",
    "statEnvoyProtocolConfig", "enableAutoMtlsMetrics", "dnsResolutionTimeout",
)  # fmt: skip


def mesh_config(node: Node, span: Span) -> MeshConfig:
    """A ``meshConfig`` block, wherever it stands; ``span`` is where it would."""
    node.ignore(*_IRRELEVANT)
    metadata = node.at("defaultConfig", "proxyMetadata")
    node.at("defaultConfig").ignore_rest()
    outbound = node.at("outboundTrafficPolicy")
    outbound.ignore("egressProxy")
    return MeshConfig(
        root_namespace=node.at("rootNamespace").text(None),
        trust_domain=node.at("trustDomain").text(None),
        trust_domain_aliases=node.at("trustDomainAliases").strings(),
        default_retries=retry_policy(node.at("defaultHttpRetryPolicy")),
        default_inbound_retries=retry_policy(node.at("defaultInboundHttpRetryPolicy")),
        enable_auto_mtls=node.at("enableAutoMtls").boolean(None),
        outbound_mode=outbound.at("mode").text(None),
        path_normalization=node.at("pathNormalization", "normalization").text(None),
        default_virtual_service_export_to=optional_strings(node.at("defaultVirtualServiceExportTo")),
        default_destination_rule_export_to=optional_strings(node.at("defaultDestinationRuleExportTo")),
        inject_by_default=None,
        internal_networks=(),
        span=node.span if node else span,
        dns_auto_allocate=metadata.at("ISTIO_META_DNS_AUTO_ALLOCATE").written() == "true",
    )


def from_config_map(doc: Node) -> Iterator[MeshConfig | MeshVersion | Diagnostic]:
    """Read the control plane's ConfigMaps: ``istio`` (``mesh``, ``meshNetworks``) and the injector's (``values``)."""
    name, data = doc.at("metadata", "name").written(), doc.at("data")
    if name.startswith("istio-sidecar-injector") and data.is_mapping:
        for inner in data.at("values").embedded():
            if not isinstance(inner, Diagnostic) and inner.is_mapping:
                yield from from_values(inner)
        return
    if not (name == "istio" or name.startswith("istio-")) or not data.is_mapping or not data.at("mesh"):
        return
    networks: list[str] = []
    for inner in data.at("meshNetworks").embedded():
        if isinstance(inner, Diagnostic):
            yield inner
        else:
            networks += mesh_networks(inner.at("networks"))
    for inner in data.at("mesh").embedded():
        if isinstance(inner, Diagnostic):
            yield inner
        else:
            yield replace(mesh_config(inner, doc.span), internal_networks=tuple(networks))
            yield from inner.problems()


def from_operator(doc: Node) -> Iterator[MeshConfig | MeshVersion | Diagnostic]:
    """Read an IstioOperator (also where it is input to ``istioctl install`` and never applied)."""
    spec = doc.at("spec")
    yield from stated(spec.at("tag"), "IstioOperator spec.tag")
    yield from stated(spec.at("revision"), "IstioOperator spec.revision")
    values = spec.at("values")
    yield from stated(values.at("global", "tag"), "IstioOperator values.global.tag")
    pilot = spec.at("components", "pilot", "k8s", "env")
    env = {e.at("name").written(): e.at("value").written() for e in pilot.items() if e.is_mapping}
    yield from _settings(spec.at("meshConfig"), values, doc.span, Labels(env))
    spec.at("components").ignore_rest()
    values.ignore_rest()
    spec.ignore("profile", "hub", "namespace", "installPackagePath", "unvalidatedValues", "addonComponents")
    spec.ignore("compatibilityVersion")


def from_sail(doc: Node) -> Iterator[MeshConfig | MeshVersion | Diagnostic]:
    """Read an ``Istio`` of the Sail operator: a version and chart values."""
    spec = doc.at("spec")
    yield from stated(spec.at("version"), "Istio spec.version")
    yield from _settings(spec.at("values", "meshConfig"), spec.at("values"), doc.span, NO_LABELS)
    spec.at("values").ignore_rest()
    spec.ignore("namespace", "updateStrategy", "profile")


def from_values(doc: Node) -> Iterator[MeshConfig | MeshVersion | Diagnostic]:
    """Read Helm values of Istio's own charts (``meshConfig``, ``global``, ``sidecarInjectorWebhook``)."""
    yield from stated(doc.at("global", "tag"), "Helm values global.tag")
    yield from stated(doc.at("pilot", "tag"), "Helm values pilot.tag")
    yield from stated(doc.at("revision"), "Helm values revision")
    yield from _settings(doc.at("meshConfig"), doc, doc.span, NO_LABELS)


def _settings(written: Node, values: Node, span: Span, env: Labels) -> Iterator[MeshConfig | MeshVersion | Diagnostic]:
    """One MeshConfig of a ``meshConfig`` block and of the chart values that say the same things elsewhere."""
    inner = written or values.at("meshConfig")
    by_default = values.at("sidecarInjectorWebhook", "enableNamespacesByDefault").boolean(None)
    networks = tuple(mesh_networks(values.at("global", "meshNetworks")))
    domain = values.at("global", "trustDomain").text(None)
    compatible = values.at("compatibilityVersion").scalar(None)
    environment = {
        key: value.scalar("")
        for block in (values.at("env"), values.at("pilot", "env"))
        for key, value in (block.entries() if block.is_mapping else ())
    }
    pilot_env = Labels({**environment, **env})
    if not inner and by_default is None and not networks and not domain and not compatible and not pilot_env:
        return
    config = mesh_config(inner, span)
    yield replace(
        config,
        trust_domain=config.trust_domain or domain,
        inject_by_default=by_default,
        internal_networks=networks,
        compatibility_version=compatible,
        pilot_env=pilot_env,
    )


def mesh_networks(networks: Node) -> Iterator[str]:
    """What the mesh's networks consist of: address ranges, and ``registry:NAME`` for a cluster's own."""
    for _, network in networks.entries():
        network.ignore("gateways")
        for endpoint in network.at("endpoints").items():
            if endpoint.at("fromCidr"):
                yield endpoint.at("fromCidr").text("")
            if endpoint.at("fromRegistry"):
                yield f"registry:{endpoint.at('fromRegistry').text('')}"
