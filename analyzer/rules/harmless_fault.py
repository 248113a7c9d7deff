"""TM012: a delay that no caller notices.

An injected delay that is shorter than the callers' timeouts tests nothing: each call waits and succeeds.

Fix: a ``fixedDelay`` above the timeout of the caller that is to be tested.

Source: docs/standards.md, Fault Injection.
Units: seconds.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.context import Context
from analyzer.findings import Evidence, Finding, Severity
from analyzer.rules import Rule
from parsers.facts.istio import VirtualService


def _check(context: Context) -> Iterator[Finding]:
    for service in context.mesh.all(VirtualService):
        for route in service.http:
            delay = route.fault.delay_s if route.fault else None
            if route.fault is None or not delay or not route.fault.delay_percent:
                continue
            targets = (context.mesh.service_for_host(h, service.meta.ns) for h in service.hosts)
            calls = [c for t in targets if t is not None for c in context.graph.incoming(t.id)]
            limits = [c for c in calls if c.wire.timeout_s is not None]
            if limits and all((c.wire.timeout_s or 0) > delay for c in limits) and len(limits) == len(calls):
                yield RULE.at(
                    route.fault.span,
                    f"a delay of {delay:g} s is below the timeout of every caller of {', '.join(service.hosts)}",
                    subject=f"{service.meta.ns}/{service.meta.name}",
                    evidence=tuple(Evidence(f"{c.caller} waits {c.wire.timeout_s:g} s", c.span) for c in limits),
                )


RULE = Rule("TM012", "harmless-fault", Severity.NOTE, _check)
