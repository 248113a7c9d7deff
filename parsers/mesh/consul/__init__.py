"""Consul's dialect: configuration entries as resources, and what Helm values say of an installation.

Source: hashicorp/consul-k8s control-plane/config/crd/bases, charts/consul/values.yaml.
Shape: facts as written. Entries as HCL or JSON (``Kind = "service-router"``) are not read.
Errors: none; kinds that are not modelled (gateways, exports, peering) are diagnostics.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from parsers.mesh import Dialect
from parsers.mesh.consul import entries, helm, intentions
from parsers.yamltree import Node

GROUP = "consul.hashicorp.com"

_READERS: dict[tuple[str, str], Callable[[Node], Iterator[object]]] = {
    (GROUP, "ServiceRouter"): entries.service_router,
    (GROUP, "ServiceResolver"): entries.service_resolver,
    (GROUP, "ServiceSplitter"): entries.service_splitter,
    (GROUP, "ServiceDefaults"): entries.service_defaults,
    (GROUP, "ProxyDefaults"): entries.proxy_defaults,
    (GROUP, "Mesh"): entries.mesh,
    (GROUP, "ServiceIntentions"): intentions.service_intentions,
    ("helm.toolkit.fluxcd.io", "HelmRelease"): helm.from_release,
}


def _parse(doc: Node) -> Iterator[object]:
    group = doc.at("apiVersion").written().rpartition("/")[0]
    yield from _READERS[(group, doc.at("kind").written())](doc)


CONSUL = Dialect("consul", frozenset(_READERS), _parse, frozenset({GROUP}), helm.claims, helm.parse_file)
