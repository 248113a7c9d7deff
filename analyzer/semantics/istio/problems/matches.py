"""Routes and match blocks of a VirtualService that can never be taken.

Source: istio/istio pkg/config/validation/validation.go:2048-2110 (unreachable rules, duplicate and covered matches).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from analyzer.linking.mesh import Mesh
from analyzer.semantics.istio.problems.problem import Code, Problem, subject
from parsers.facts.istio import HttpMatch, HttpRoute, L4Match, L4Route, StringMatch, VirtualService
from parsers.source import Span

_NOWHERE = Span("", 0, 0, 0, 0)


def matches(mesh: Mesh) -> Iterator[Problem]:
    """Unreachable routes and ineffective match blocks."""
    for service in mesh.all(VirtualService):
        who = subject("VirtualService", service.meta)
        yield from _rules(service.http, who)
        for protocol in ("tls", "tcp"):
            yield from _rules([r for r in service.l4 if r.protocol == protocol], who)
        yield from _covered(service.http, who)


def _rules(routes: Sequence[HttpRoute] | Sequence[L4Route], who: str) -> Iterator[Problem]:
    """Nothing after a route without a match is reached; a block that was there before adds nothing."""
    seen: set[HttpMatch | L4Match] = set()
    open_end = False
    for route in routes:
        if not route.matches:
            if open_end:
                said = "a second route without a match: the first takes everything"
                yield Problem(Code.UNREACHABLE, said, route.span, who)
            open_end = True
            continue
        again = [m for m in route.matches if _bare(m) in seen]
        for block in again:
            yield Problem(Code.COVERED, "the same match stands before", block.span, who)
        if open_end:
            yield Problem(Code.UNREACHABLE, "a route before it has no match and takes everything", route.span, who)
        elif len(again) == len(route.matches):
            yield Problem(Code.UNREACHABLE, "every match of the route stands before", route.span, who)
        seen |= {_bare(m) for m in route.matches}


def _bare(match: HttpMatch | L4Match) -> HttpMatch | L4Match:
    """A block without what does not decide: where it stands and what it is called."""
    return replace(match, span=_NOWHERE, name=None) if isinstance(match, HttpMatch) else replace(match, span=_NOWHERE)


def _covered(routes: Sequence[HttpRoute], who: str) -> Iterator[Problem]:
    """A uri prefix before covers a longer one, where everything else is equal."""
    before: list[HttpMatch] = []
    for route in routes:
        for block in route.matches:
            if any(_covers(b, block) for b in before):
                yield Problem(Code.COVERED, "a shorter prefix before it takes these requests", block.span, who)
            before.append(block)


def _covers(first: HttpMatch, later: HttpMatch) -> bool:
    a, b = first.uri, later.uri
    if a is None or b is None or (a.kind, b.kind) != ("prefix", "prefix") or _bare(first) == _bare(later):
        return False
    return b.value.startswith(a.value) and _rest(first) == _rest(later)


def _rest(block: HttpMatch) -> tuple[object, ...]:
    """What has to be equal; a method that is not asked for counts as GET, as in Istio's own check."""
    method = block.method or StringMatch("exact", "GET")
    return (block.port, method, block.authority, dict(block.headers), dict(block.query_params), block.gateways)
