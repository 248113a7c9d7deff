"""Istio's dialect: which kinds, files and labels say something of Istio, one module a family of kinds.

Source: istio/api (networking, security, telemetry, extensions, install); istio/istio manifests/charts.
Shape: facts as written; any version of an API group is read alike, as their schemas only grew.
Errors: none; what is not modelled is a diagnostic.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from parsers.mesh import Dialect
from parsers.mesh.istio import (
    canary,
    destination_rule,
    extensions,
    gateway,
    helm,
    mesh_config,
    security,
    service_entry,
    sidecar,
    version,
    virtual_service,
)
from parsers.yamltree import Node

NETWORKING = "networking.istio.io"
SECURITY = "security.istio.io"
TELEMETRY = "telemetry.istio.io"
EXTENSIONS = "extensions.istio.io"
INSTALL = "install.istio.io"

_READERS: dict[tuple[str, str], Callable[[Node], Iterator[object]]] = {
    (NETWORKING, "VirtualService"): virtual_service.virtual_service,
    (NETWORKING, "DestinationRule"): destination_rule.destination_rule,
    (NETWORKING, "Gateway"): gateway.gateway,
    (NETWORKING, "ServiceEntry"): service_entry.service_entry,
    (NETWORKING, "WorkloadEntry"): service_entry.workload_entry,
    (NETWORKING, "WorkloadGroup"): extensions.irrelevant,
    (NETWORKING, "ProxyConfig"): extensions.irrelevant,
    (NETWORKING, "Sidecar"): sidecar.sidecar,
    (NETWORKING, "EnvoyFilter"): extensions.envoy_filter,
    (EXTENSIONS, "WasmPlugin"): extensions.wasm_plugin,
    (SECURITY, "AuthorizationPolicy"): security.authorization_policy,
    (SECURITY, "PeerAuthentication"): security.peer_authentication,
    (SECURITY, "RequestAuthentication"): security.request_authentication,
    (TELEMETRY, "Telemetry"): extensions.telemetry,
    (INSTALL, "IstioOperator"): mesh_config.from_operator,
    ("sailoperator.io", "Istio"): mesh_config.from_sail,
    ("", "ConfigMap"): mesh_config.from_config_map,
    ("", "Namespace"): version.from_namespace,
    ("apps", "Deployment"): version.from_workload,
    ("apps", "DaemonSet"): version.from_workload,
    ("argoproj.io", "Application"): version.from_argo_application,
    ("helm.toolkit.fluxcd.io", "HelmRelease"): version.from_helm_release,
    ("flagger.app", "Canary"): canary.canary,
}


def _parse(doc: Node) -> Iterator[object]:
    group = doc.at("apiVersion").written().rpartition("/")[0]
    yield from _READERS[(group, doc.at("kind").written())](doc)


ISTIO = Dialect(
    name="istio",
    kinds=frozenset(_READERS),
    parse=_parse,
    groups=frozenset({NETWORKING, SECURITY, TELEMETRY, EXTENSIONS, INSTALL}),
    claims=helm.claims,
    parse_file=helm.parse_file,
)
