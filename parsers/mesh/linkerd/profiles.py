"""Linkerd ``ServiceProfile``.

Source: linkerd/linkerd2 controller/gen/apis/serviceprofile/v1alpha2/types.go, controller/api/destination/
profile_translator.go (``timeout`` and ``ttl`` are Go durations).
Units: durations in seconds; the budget has no count per request.
Shape: routes in document order, of which the first that matches counts.
Errors: a timeout that is no duration is reported; Linkerd treats it as none.
"""

from __future__ import annotations

from collections.abc import Iterator

from parsers.facts.linkerd import ProfileBudget, ProfileMatch, ProfileRoute, ResponseClass, ServiceProfile
from parsers.metadata import meta
from parsers.source import Span
from parsers.yamltree import Node

#: Conditions may hold conditions; no profile means more than a few.
_MAX_DEPTH = 8


def service_profile(doc: Node) -> Iterator[ServiceProfile]:
    """Read one ServiceProfile."""
    spec, found = doc.at("spec"), meta(doc)
    spec.ignore("opaquePorts")
    overrides = tuple(_override(o) for o in spec.at("dstOverrides").items())
    if found is not None:
        yield ServiceProfile(
            meta=found,
            routes=tuple(_route(r) for r in spec.at("routes").items()),
            budget=_budget(spec.at("retryBudget")),
            overrides=overrides,
            span=doc.span,
        )


def _route(node: Node) -> ProfileRoute:
    return ProfileRoute(
        name=node.at("name").text(""),
        match=_match(node.at("condition"), 0),
        classes=tuple(_class(c) for c in node.at("responseClasses").items()),
        retryable=node.at("isRetryable").boolean(default=False),
        timeout_s=node.at("timeout").duration_s(None),
        span=node.span,
    )


def _class(node: Node) -> ResponseClass:
    return ResponseClass(_match(node.at("condition"), 0), node.at("isFailure").boolean(default=False))


def _match(node: Node, depth: int) -> ProfileMatch:
    if depth > _MAX_DEPTH:
        node.invalid("conditions nested too deeply")
        return ProfileMatch(None, None, None, (), (), None)
    status, negated = node.at("status"), node.at("not")
    return ProfileMatch(
        path_regex=node.at("pathRegex").text(None),
        method=node.at("method").text(None),
        status=(status.at("min").integer(None), status.at("max").integer(None)) if status else None,
        every=tuple(_match(m, depth + 1) for m in node.at("all").items()),
        some=tuple(_match(m, depth + 1) for m in node.at("any").items()),
        negated=_match(negated, depth + 1) if negated else None,
    )


def _budget(node: Node) -> ProfileBudget | None:
    if not node:
        return None
    keys = ("retryRatio", "minRetriesPerSecond", "ttl")
    written = ", ".join(f"{k}: {node.at(k).written()}" for k in keys if node.at(k))
    return ProfileBudget(
        ratio=node.at("retryRatio").number(None),
        min_retries_per_s=node.at("minRetriesPerSecond").count(None),
        ttl_s=node.at("ttl").duration_s(None),
        declared=f"retryBudget: {{{written}}}",
        span=node.span,
    )


def _override(node: Node) -> tuple[str, int, Span]:
    weight = node.at("weight").written()
    node.ignore("weight")
    number = int(weight) if weight.isdecimal() and len(weight) < 10 else 0
    if not weight.isdecimal():
        node.invalid(f"weight {weight!r} is no whole number")
    return node.at("authority").text(""), number, node.span
