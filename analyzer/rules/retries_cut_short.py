"""RA007: the route's timeout ends before its retries can start.

``timeout`` covers all attempts and the waits between them. Where ``perTryTimeout`` times the attempts is more, the last
ones never start against a callee that hangs.

Fix: a ``timeout`` of at least ``perTryTimeout`` times the attempts, or fewer attempts.

Source: envoyproxy/envoy router_filter.rst (timeout includes all retries); measured on Envoy 1.40.
Units: seconds.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil

from analyzer.context import Context
from analyzer.findings import Evidence, Finding, Severity
from analyzer.rules import Rule
from parsers.facts.istio import HttpRoute, VirtualService


def _check(context: Context) -> Iterator[Finding]:
    for service in context.mesh.all(VirtualService):
        for route in service.http:
            started = _started(route)
            if started is None or route.retries is None:
                continue
            attempts = route.retries.attempts
            if attempts is not None and attempts.value is not None and started < attempts.value:
                yield RULE.at(
                    route.retries.span,
                    f"{attempts} attempts of {route.retries.per_try_timeout_s:g} s do not fit into the timeout of "
                    f"{route.timeout_s:g} s for {', '.join(service.hosts)}: {started} can start when it hangs",
                    subject=f"{service.meta.ns}/{service.meta.name}",
                    evidence=(Evidence("the route", route.span),),
                )


def _started(route: HttpRoute) -> int | None:
    """Attempts that can begin before the timeout, each cut by the per-try timeout."""
    each = route.retries.per_try_timeout_s if route.retries else None
    if not each or not route.timeout_s:
        return None
    return max(1, ceil(route.timeout_s / each))


RULE = Rule("RA007", "retries-cut-short", Severity.WARNING, _check)
