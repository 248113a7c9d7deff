"""ConfigMap, Secret (only ``stringData``), Namespace and ServiceAccount."""

from __future__ import annotations

from collections.abc import Iterator

from parsers.facts.kubernetes import ConfigEntry, ConfigMap, Namespace, ServiceAccount
from parsers.metadata import meta
from parsers.yamltree import Node


def read_config_map(doc: Node) -> Iterator[object]:
    """One ``ConfigMap``."""
    doc.ignore("binaryData", "immutable")
    if named := meta(doc):
        yield ConfigMap(named, _entries(doc.at("data")), secret=False, span=doc.span)


def read_secret(doc: Node) -> Iterator[object]:
    """One ``ConfigMap`` of what stands in clear text; ``data`` is encoded and never read."""
    doc.ignore("data", "immutable", "type")
    if named := meta(doc):
        yield ConfigMap(named, _entries(doc.at("stringData")), secret=True, span=doc.span)


def read_namespace(doc: Node) -> Iterator[object]:
    """One ``Namespace``."""
    doc.ignore("spec")
    if named := meta(doc):
        yield Namespace(named, doc.span)


def read_service_account(doc: Node) -> Iterator[object]:
    """One ``ServiceAccount``."""
    doc.ignore("automountServiceAccountToken", "imagePullSecrets", "secrets")
    if named := meta(doc):
        yield ServiceAccount(named, doc.span)


def _entries(node: Node) -> tuple[ConfigEntry, ...]:
    return tuple(ConfigEntry(key, value.text(""), value.span) for key, value in node.entries())
