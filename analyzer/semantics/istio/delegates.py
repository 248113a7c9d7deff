"""A root VirtualService with the routes of the VirtualServices it delegates to.

Source: istio/istio pilot/pkg/model/virtualservice.go:199-400, pilot/pkg/model/virtualservice_controller.go:294-346.
Shape: one level; a missing or hidden delegate makes its entry vanish, a match that contradicts the root's its route.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from analyzer.semantics.istio.hosts import exported_to
from parsers.facts import Labels
from parsers.facts.istio import HttpMatch, HttpRoute, StringMatch, VirtualService


def expanded(
    root: VirtualService, delegates: Mapping[tuple[str, str], VirtualService], default_export: tuple[str, ...]
) -> tuple[HttpRoute, ...]:
    """The root's http routes, each delegate entry replaced by what the delegate says."""
    routes: list[HttpRoute] = []
    for entry in root.http:
        if entry.delegate is None:
            routes.append(entry)
            continue
        namespace, name = entry.delegate
        found = delegates.get((namespace or root.meta.ns, name))
        if found is not None and exported_to(found.export_to, default_export, found.meta.ns, root.meta.ns):
            routes += (merged for route in found.http if (merged := _merged(entry, route)) is not None)
    return tuple(routes)


def _merged(root: HttpRoute, leaf: HttpRoute) -> HttpRoute | None:
    """The delegate's route under the root's match, with what it leaves open taken from the root."""
    if leaf.delegate is not None:
        return None
    matches = _matches(root.matches, leaf.matches)
    if matches is None:
        return None
    return replace(
        leaf,
        matches=matches,
        rewrite_uri=leaf.rewrite_uri if leaf.rewrite_uri is not None else root.rewrite_uri,
        rewrite_authority=leaf.rewrite_authority or root.rewrite_authority,
        direct_response_status=_first(leaf.direct_response_status, root.direct_response_status),
        timeout_s=leaf.timeout_s if leaf.timeout_s is not None else root.timeout_s,
        retries=leaf.retries or root.retries,
        fault=leaf.fault or root.fault,
        mirrors=leaf.mirrors or root.mirrors,
        headers_set=leaf.headers_set or root.headers_set,
    )


def _first(a: int | None, b: int | None) -> int | None:
    return a if a is not None else b


def _matches(root: tuple[HttpMatch, ...], leaf: tuple[HttpMatch, ...]) -> tuple[HttpMatch, ...] | None:
    if not leaf:
        return root
    if not root:
        return leaf
    found = tuple(m for inner in leaf if (m := next(_combined(root, inner), None)) is not None)
    return found or None


def _combined(root: tuple[HttpMatch, ...], leaf: HttpMatch) -> Iterator[HttpMatch]:
    for outer in root:
        if not _conflict(outer, leaf):
            yield replace(
                leaf,
                uri=leaf.uri or outer.uri,
                method=leaf.method or outer.method,
                scheme=leaf.scheme or outer.scheme,
                authority=leaf.authority or outer.authority,
                headers=_pairs(outer.headers, leaf.headers),
                without_headers=_pairs(outer.without_headers, leaf.without_headers),
                query_params=_pairs(outer.query_params, leaf.query_params),
                port=leaf.port if leaf.port is not None else outer.port,
                source_labels=Labels({**outer.source_labels, **leaf.source_labels}),
                source_namespace=leaf.source_namespace or outer.source_namespace,
                gateways=leaf.gateways or outer.gateways,
            )


def _pairs(
    outer: tuple[tuple[str, StringMatch], ...], inner: tuple[tuple[str, StringMatch], ...]
) -> tuple[tuple[str, StringMatch], ...]:
    return tuple({**dict(outer), **dict(inner)}.items())


def _conflict(root: HttpMatch, leaf: HttpMatch) -> bool:
    """Whether the delegate's block asks for something outside the root's (virtualservice.go:330-400)."""
    texts = (
        (root.uri, leaf.uri),
        (root.method, leaf.method),
        (root.scheme, leaf.scheme),
        (root.authority, leaf.authority),
    )
    named = (
        (root.headers, leaf.headers),
        (root.without_headers, leaf.without_headers),
        (root.query_params, leaf.query_params),
    )
    return (
        any(_text_conflict(a, b) for a, b in texts)
        or any(k in dict(a) and dict(a)[k] != m for a, b in named for k, m in b)
        or (root.port is not None and leaf.port is not None and root.port != leaf.port)
        or any(root.source_labels.get(k, v) != v for k, v in leaf.source_labels.items())
        or bool(root.source_namespace and leaf.source_namespace and root.source_namespace != leaf.source_namespace)
        or bool(root.gateways and leaf.gateways and not set(leaf.gateways) <= set(root.gateways))
    )


def _text_conflict(root: StringMatch | None, leaf: StringMatch | None) -> bool:
    if root is None or leaf is None or root == leaf:
        return False
    if "regex" in (root.kind, leaf.kind) or root.kind == "exact":
        return True
    return root.kind == "prefix" and not (leaf.kind in ("exact", "prefix") and leaf.value.startswith(root.value))
