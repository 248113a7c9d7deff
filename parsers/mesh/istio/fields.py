"""What Istio's kinds have in common: metadata, label selectors, optional values, percentages.

Errors: none; a value of the wrong type is reported by the node it stands in and counts as absent.
"""

from __future__ import annotations

from parsers.facts import Labels, Meta
from parsers.yamltree import Node

#: Object bookkeeping that no analysis can depend on (apimachinery ObjectMeta).
_BOOKKEEPING = (
    "resourceVersion", "uid", "generation", "creationTimestamp", "managedFields", "finalizers", "ownerReferences",
    "selfLink", "deletionTimestamp", "deletionGracePeriodSeconds", "generateName", "clusterName",
)  # fmt: skip


def meta(doc: Node) -> Meta:
    """The object's ``metadata``."""
    node = doc.at("metadata")
    node.ignore(*_BOOKKEEPING)
    return Meta(
        name=node.at("name").text(""),
        namespace=node.at("namespace").text(None),
        labels=node.at("labels").labels(),
        annotations=node.at("annotations").labels(),
        span=node.span,
    )


def match_labels(selector: Node) -> Labels | None:
    """``matchLabels`` (Istio has no ``matchExpressions``); ``None`` where there is no selector."""
    if not selector:
        return None
    return selector.at("matchLabels").labels()


def optional_strings(node: Node) -> tuple[str, ...] | None:
    """A list of strings; ``None`` where it is not written."""
    return node.strings() if node else None


def percent(node: Node, *, absent: float) -> float:
    """``percentage.value``, or the older whole ``percent`` beside it (virtual_service.proto ``HTTPFaultInjection``)."""
    older = node.at("percent").number(None)
    value = node.at("percentage", "value")
    if node.at("percentage"):
        return value.number(0.0)
    return absent if older is None else older
