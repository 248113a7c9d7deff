"""What Helm values say of a Linkerd installation: the default inbound policy and the trust domain.

Source: linkerd/linkerd2 charts/linkerd-control-plane/values.yaml (``proxy.defaultInboundPolicy``,
``identityTrustDomain``; older: ``policyController.defaultAllowPolicy``).
Shape: values files whose path names Linkerd, and HelmReleases of its chart; values may stand under the chart's name.
Errors: none; other keys of values are of no interest.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from parsers.facts.linkerd import LinkerdInstallation
from parsers.source import SourceFile, Tree
from parsers.yamltree import Node, documents

_NAME = "linkerd"
CHARTS = ("linkerd-control-plane", "linkerd2", _NAME)


def claims(path: str) -> bool:
    """A values file, or a file of Helm settings, whose path names Linkerd."""
    lower = path.lower()
    return _NAME in lower and lower.endswith((".yaml", ".yml")) and "templates" not in posixpath.dirname(lower)


def parse_file(file: SourceFile, _tree: Tree) -> Iterator[object]:
    """The first document that is no resource; a file without the words is not parsed."""
    if not any(word in file.text for word in ("defaultInboundPolicy", "defaultAllowPolicy", "identityTrustDomain")):
        return
    for doc in documents(file):
        if isinstance(doc, Node) and doc.is_mapping and not doc.has("kind"):
            yield from _values(doc)
            return


def from_release(doc: Node) -> Iterator[LinkerdInstallation]:
    """A HelmRelease of Linkerd's chart."""
    chart = doc.at("spec", "chart", "spec")
    if chart.is_mapping and chart.at("chart").written() in CHARTS:
        yield from _values(doc.at("spec", "values"))
    doc.ignore_rest()


def _values(root: Node) -> Iterator[LinkerdInstallation]:
    if not root.is_mapping:
        return
    node = next((root.at(c) for c in CHARTS if root.at(c).is_mapping), root)
    policy = _text(node, "proxy", "defaultInboundPolicy") or _text(node, "policyController", "defaultAllowPolicy")
    domain = _text(node, "identityTrustDomain")
    if policy or domain:
        yield LinkerdInstallation(policy, domain, node.span)


def _text(node: Node, *keys: str) -> str | None:
    for key in keys:
        if not node.is_mapping:
            return None
        node = node.at(key)
    return node.written() or None
