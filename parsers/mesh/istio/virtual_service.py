"""Istio ``VirtualService``.

Source: istio/api networking/v1alpha3/virtual_service.proto.
Units: timeouts in seconds; percentages 0..100; ``attempts`` there counts retries and is converted in ``retries``.
Shape: routes, matches and destinations in document order; hosts as written, nothing is resolved.
Errors: none; what is not modelled is a diagnostic.
"""

from __future__ import annotations

from collections.abc import Iterator

from parsers.facts import Labels
from parsers.facts.istio import (
    Destination,
    Fault,
    HttpMatch,
    HttpRoute,
    L4Match,
    L4Route,
    Mirror,
    StringMatch,
    VirtualService,
)
from parsers.mesh.istio.fields import meta, optional_strings, percent
from parsers.mesh.istio.retries import retry_policy
from parsers.yamltree import Node


def virtual_service(doc: Node) -> Iterator[VirtualService]:
    """Read one VirtualService."""
    spec = doc.at("spec")
    yield VirtualService(
        meta=meta(doc),
        hosts=spec.at("hosts").strings(),
        gateways=spec.at("gateways").strings(),
        export_to=optional_strings(spec.at("exportTo")),
        http=tuple(http_route(h) for h in spec.at("http").items()),
        l4=tuple(_l4_route(r, protocol) for protocol in ("tls", "tcp") for r in spec.at(protocol).items()),
        span=doc.span,
    )


def http_route(node: Node) -> HttpRoute:
    """One ``http[]`` entry."""
    node.ignore("corsPolicy")  # answers of the proxy to browsers: no call is repeated, added or removed
    delegate = node.at("delegate")
    rewrite = node.at("rewrite")
    return HttpRoute(
        name=node.at("name").text(None),
        matches=tuple(match_block(m) for m in node.at("match").items()),
        destinations=tuple(_weighted(r) for r in node.at("route").items()),
        redirect=_redirect(node.at("redirect")),
        direct_response_status=_direct_response(node.at("directResponse")),
        delegate=(delegate.at("namespace").text(None), delegate.at("name").text("")) if delegate else None,
        rewrite_uri=rewritten_uri(rewrite),
        rewrite_authority=rewrite.at("authority").text(None),
        timeout_s=node.at("timeout").duration_s(None),
        retries=retry_policy(node.at("retries")),
        fault=_fault(node.at("fault")),
        mirrors=_mirrors(node),
        headers_set=request_headers(node.at("headers")),
        span=node.span,
    )


def _redirect(node: Node) -> bool:
    """Where a redirect sends the client does not matter here: the client's next call is the client's."""
    node.ignore("uri", "authority", "port", "derivePort", "scheme", "redirectCode", "uriRegexRewrite")
    return bool(node)


def _direct_response(node: Node) -> int | None:
    node.ignore("body")
    return node.at("status").integer(None)


def rewritten_uri(rewrite: Node) -> str | None:
    """What a ``rewrite`` block makes of the path."""
    regex = rewrite.at("uriRegexRewrite")
    written = rewrite.at("uri").text(None)
    replacement = regex.at("rewrite").text(None)
    regex.ignore("match")
    return written if written is not None else replacement


def _weighted(node: Node) -> Destination:
    node.ignore("headers")
    return destination(node.at("destination"), weight=node.at("weight").integer(None), span_of=node)


def destination(node: Node, weight: int | None, span_of: Node) -> Destination:
    """A ``Destination`` block; the span is the entry's where the block itself is missing."""
    return Destination(
        host=node.at("host").text(""),
        subset=node.at("subset").text(None),
        port=node.at("port", "number").integer(None),
        weight=weight,
        span=node.span if node else span_of.span,
    )


def match_block(node: Node) -> HttpMatch:
    """One ``match[]`` entry."""
    node.ignore("statPrefix")
    return HttpMatch(
        name=node.at("name").text(None),
        uri=string_match(node.at("uri")),
        ignore_uri_case=node.at("ignoreUriCase").boolean(default=False),
        method=string_match(node.at("method")),
        scheme=string_match(node.at("scheme")),
        authority=string_match(node.at("authority")),
        headers=_matches(node.at("headers"), lower=True),
        without_headers=_matches(node.at("withoutHeaders"), lower=True),
        query_params=_matches(node.at("queryParams"), lower=False),
        port=node.at("port").integer(None),
        source_labels=node.at("sourceLabels").labels(),
        source_namespace=node.at("sourceNamespace").text(None),
        gateways=node.at("gateways").strings(),
        span=node.span,
    )


def string_match(node: Node) -> StringMatch | None:
    """``exact``, ``prefix`` or ``regex``; an empty block, or the regex ``*``, asks for presence (route.go:1098)."""
    if not node:
        return None
    for kind in ("exact", "prefix", "regex"):
        if value := node.at(kind):
            text = value.text("")
            return StringMatch("present", "") if kind == "regex" and text == "*" else StringMatch(kind, text)
    return StringMatch("present", "")


def _matches(node: Node, *, lower: bool) -> tuple[tuple[str, StringMatch], ...]:
    """Named string matches; Envoy compares header names in lower case."""
    found = ((key.lower() if lower else key, string_match(value)) for key, value in node.entries())
    return tuple((key, match) for key, match in found if match is not None)


def _fault(node: Node) -> Fault | None:
    if not node:
        return None
    delay, abort = node.at("delay"), node.at("abort")
    status = next((abort.at(k) for k in ("httpStatus", "grpcStatus", "http2Error") if abort.at(k)), None)
    return Fault(
        delay_s=delay.at("fixedDelay").duration_s(None),
        delay_percent=percent(delay, absent=0.0),
        abort_status=status.scalar("") if status else None,
        abort_percent=percent(abort, absent=0.0),
        span=node.span,
    )


def _mirrors(node: Node) -> tuple[Mirror, ...]:
    """``mirror`` with its percentage, or ``mirrors``; each is 100 % unless it says otherwise (route.go:903-947)."""
    single = node.at("mirror")
    value = node.at("mirrorPercentage", "value").number(None)
    older = node.at("mirrorPercent").number(None)
    if older is None:
        older = node.at("mirror_percent").number(None)
    share = value if value is not None else older if older is not None else 100.0
    first = (Mirror(destination(single, None, single), share, single.span),) if single else ()
    return (
        *first,
        *(
            Mirror(destination(m.at("destination"), None, m), percent(m, absent=100.0), m.span)
            for m in node.at("mirrors").items()
        ),
    )


def request_headers(node: Node) -> Labels:
    """Request headers that the route sets or adds; what it does to responses cannot matter here."""
    node.ignore("response")
    request = node.at("request")
    request.ignore("remove")
    pairs = (*request.at("add").labels().items(), *request.at("set").labels().items())
    return Labels({key.lower(): value for key, value in pairs})


def _l4_route(node: Node, protocol: str) -> L4Route:
    return L4Route(
        protocol=protocol,
        matches=tuple(_l4_match(m) for m in node.at("match").items()),
        destinations=tuple(_weighted(r) for r in node.at("route").items()),
        span=node.span,
    )


def _l4_match(node: Node) -> L4Match:
    node.ignore("sourceSubnet")  # deprecated; Istio never read it
    return L4Match(
        sni_hosts=node.at("sniHosts").strings(),
        port=node.at("port").integer(None),
        source_labels=node.at("sourceLabels").labels(),
        source_namespace=node.at("sourceNamespace").text(None),
        gateways=node.at("gateways").strings(),
        destination_subnets=node.at("destinationSubnets").strings(),
        span=node.span,
    )
