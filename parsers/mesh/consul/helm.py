"""What Helm values say of a Consul installation: whether ACLs are on, whether pods are injected by default.

Source: hashicorp/consul-k8s charts/consul/values.yaml (``global.acls.manageSystemACLs``, ``connectInject.default``).
Shape: values files whose path names Consul, and HelmReleases of its chart; a chart's values may stand under ``consul``.
Errors: none; other keys of values are of no interest.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from parsers.facts.consul import ConsulInstallation
from parsers.source import SourceFile, Tree
from parsers.yamltree import Node, documents

CHART = "consul"


def claims(path: str) -> bool:
    """A values file, or a file of Helm settings, whose path names Consul."""
    lower = path.lower()
    return CHART in lower and lower.endswith((".yaml", ".yml")) and "templates" not in posixpath.dirname(lower)


def parse_file(file: SourceFile, _tree: Tree) -> Iterator[object]:
    """The first document that is no resource."""
    for doc in documents(file):
        if isinstance(doc, Node) and doc.is_mapping and not doc.has("kind"):
            yield from _values(doc)
            return


def from_release(doc: Node) -> Iterator[ConsulInstallation]:
    """A HelmRelease of Consul's chart."""
    chart = doc.at("spec", "chart", "spec")
    if chart.is_mapping and chart.at("chart").written() == CHART:
        yield from _values(doc.at("spec", "values"))
    doc.ignore_rest()


def _values(root: Node) -> Iterator[ConsulInstallation]:
    node = root.at(CHART) if root.is_mapping and root.at(CHART).is_mapping else root
    if not node.is_mapping:
        return
    acls = _flag(node, "global", "acls", "manageSystemACLs")
    inject = _flag(node, "connectInject", "default")
    if acls is not None or inject is not None or node.at("connectInject").is_mapping:
        yield ConsulInstallation(acls, inject, node.span)


def _flag(node: Node, *keys: str) -> bool | None:
    for key in keys:
        if not node.is_mapping:
            return None
        node = node.at(key)
    return node.boolean(None) if node.is_scalar else None
