"""What every Kubernetes-style object has: ``metadata``, label selectors, paths beside the file.

Source: apimachinery meta/v1 (``ObjectMeta``, ``LabelSelector``).
Errors: none; an object without a name is reported.
"""

from __future__ import annotations

import posixpath

from parsers.facts import Labels, Meta, Requirement, Selector
from parsers.yamltree import Node

_BOOKKEEPING = (
    "clusterName", "creationTimestamp", "deletionGracePeriodSeconds", "deletionTimestamp", "finalizers", "generation",
    "managedFields", "ownerReferences", "resourceVersion", "selfLink", "uid",
)  # fmt: skip


def meta(doc: Node) -> Meta | None:
    """The object's ``metadata``; ``None``, and reported, where it has no name."""
    node = doc.at("metadata")
    node.ignore(*_BOOKKEEPING)
    generated = node.at("generateName")
    named = node.at("name") or generated
    name = named.text("")
    if not name:
        doc.invalid("an object without metadata.name")
        return None
    return Meta(name, node.at("namespace").text(None), *marks(node), named.span)


def marks(metadata: Node) -> tuple[Labels, Labels]:
    """Labels and annotations of a ``metadata`` block."""
    return metadata.at("labels").labels(), metadata.at("annotations").labels()


def selector(node: Node) -> Selector:
    """A label selector; empty where nothing is written in it."""
    expressions = tuple(
        Requirement(item.at("key").text(""), item.at("operator").text(""), item.at("values").strings())
        for item in node.at("matchExpressions").items()
    )
    return Selector(node.at("matchLabels").labels(), expressions)


def beside(path: str, written: str) -> str | None:
    """A relative path written in the file ``path``, from the root; ``None`` where it leaves the tree or is a URL."""
    if "://" in written or written.startswith(("/", "git@")):
        return None
    joined = posixpath.normpath(posixpath.join(posixpath.dirname(path), written))
    if joined == ".." or joined.startswith("../"):
        return None
    return "" if joined == "." else joined
