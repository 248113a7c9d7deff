"""TM009: a mirror copies more than a small share of production traffic.

Every mirrored request is a whole extra request for the shadow and for everything that the shadow calls. With no
percentage written, Istio mirrors all of it.

Fix: write ``mirrorPercentage: {value: 10}`` or less.

Source: istio/istio pilot/pkg/networking/core/route/route.go:664-677 (absent is 100 %); docs/standards.md, Mirroring.
Units: per cent of the requests of the route.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.context import Context
from analyzer.findings import Finding, Severity
from analyzer.rules import Rule
from parsers.facts.istio import VirtualService

#: The largest share that only tests a version and does not double the load.
LIMIT = 10.0


def _check(context: Context) -> Iterator[Finding]:
    for service in context.mesh.all(VirtualService):
        for route in service.http:
            for mirror in route.mirrors:
                if mirror.percent > LIMIT:
                    yield RULE.at(
                        mirror.span,
                        f"{mirror.percent:g} % of the requests for {', '.join(service.hosts)} are copied to "
                        f"{mirror.destination.host}; {LIMIT:g} % or less is enough to test a version",
                        subject=f"{service.meta.ns}/{service.meta.name}->{mirror.destination.host}",
                    )


RULE = Rule("TM009", "mirror-share", Severity.WARNING, _check)
