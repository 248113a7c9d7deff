"""TM005: a canary's weights skip the usual steps, or do not add up.

A new version should meet 10 %, then 25 %, then 50 %, then all of the traffic, with a look at the metrics between. A
larger first step exposes more users to a bad version; weights that do not add up to 100 do not mean what they say,
because Istio takes them as proportions.

Fix: use the next step, and weights that add up to 100.

Source: istio/istio pilot/pkg/networking/core/route/route.go:686-706 (weights are relative); docs/standards.md, Canary.
Units: per cent of the requests of the route.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.context import Context
from analyzer.findings import Finding, Severity
from analyzer.rules import Rule
from parsers.facts.istio import HttpRoute, VirtualService

STEPS = (0, 10, 25, 50, 100)


def _check(context: Context) -> Iterator[Finding]:
    for service in context.mesh.all(VirtualService):
        for route in service.http:
            weights = [d.weight or 0 for d in route.destinations]
            if len(weights) < 2 or not any(weights):
                continue
            subject = f"{service.meta.ns}/{service.meta.name}"
            if sum(weights) != 100:
                yield RULE.at(
                    route.span,
                    f"the weights of {subject} add up to {sum(weights)}, not 100: "
                    f"{_shares(route)} of the requests is what they mean",
                    subject=subject,
                )
            elif len(weights) == 2 and _versions(route) and min(weights) not in STEPS:
                yield RULE.at(
                    route.span,
                    f"the canary of {subject} gets {min(weights)} %, which is none of the steps 10, 25, 50 and 100",
                    subject=subject,
                    severity=Severity.NOTE,
                )


def _versions(route: HttpRoute) -> bool:
    """Two subsets of one host: two versions of one service, not a split between services."""
    return len({d.host for d in route.destinations}) == 1


def _shares(route: HttpRoute) -> str:
    total = sum(d.weight or 0 for d in route.destinations)
    return " and ".join(f"{100 * (d.weight or 0) / total:.0f} %" for d in route.destinations)


RULE = Rule("TM005", "canary-steps", Severity.WARNING, _check)
