"""RA009: a caller gives up before its callee has used up its retries.

The callee is not told: it goes on, and every attempt that starts after the caller has gone is made for nobody. A caller
that repeats its own request starts the whole series anew beside the old one.

Fix: let every timeout be longer than everything below it takes, or give the callee fewer or shorter attempts.

Source: measured on Envoy 1.40 with aiohttp and uvicorn (docs/amplification.md, the cases ``orphan-*``).
Units: seconds.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.amplification.timing import inversions
from analyzer.context import Context
from analyzer.findings import Confidence, Evidence, Finding, Severity
from analyzer.rules import Rule


def _check(context: Context) -> Iterator[Finding]:
    for found in inversions(context.graph.system):
        outer, inner = context.graph.call(found.call), context.graph.call(found.inner)
        if outer is None or inner is None:
            continue
        limits = tuple(Evidence(x.declared, x.span) for x in inner.layers if x.span is not None and x.fires_on)
        yield RULE.at(
            outer.span,
            f"{outer.caller} gives up on {outer.callee} after {found.limit.seconds:g} s ({found.limit.by}), which asks "
            f"{inner.callee} for {found.needs_s:g} s when that hangs: {found.wasted} of {found.requests} requests "
            "are sent for nobody",
            subject=f"{found.call} {found.inner}",
            confidence=Confidence.MEDIUM,
            evidence=(Evidence("the call that goes on", inner.span), *limits),
        )


RULE = Rule("RA009", "timeout-inversion", Severity.WARNING, _check)
