"""TM011: fault injection where real users are.

A fault that is injected in production fails real requests: an abort answers them with an error, a delay holds a
connection, and both are seen by every caller above. Experiments belong in staging or in a chaos environment.

Fix: move the fault into the overlay of a test environment, or limit it to test traffic by a header match there.
Which namespaces are production is decided by ``production`` in the configuration, else by labels and names.

Source: the standards this tool checks (docs/standards.md), Fault Injection.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.context import Context
from analyzer.environments import Environment
from analyzer.findings import Confidence, Finding, Severity
from analyzer.rules import Rule
from parsers.facts.istio import VirtualService


def _check(context: Context) -> Iterator[Finding]:
    for service in context.mesh.all(VirtualService):
        where = context.environment(service.meta.ns)
        if where is Environment.TESTING:
            continue
        production = where is Environment.PRODUCTION
        for route in service.http:
            if route.fault is not None and (route.fault.abort_percent or route.fault.delay_percent):
                yield RULE.at(
                    route.fault.span,
                    f"faults are injected into {', '.join(service.hosts)} in namespace {service.meta.ns}, "
                    + ("which is production" if production else "which nothing marks as a test environment"),
                    subject=f"{service.meta.ns}/{service.meta.name}",
                    severity=Severity.ERROR if production else Severity.WARNING,
                    confidence=Confidence.HIGH if production else Confidence.LOW,
                )


RULE = Rule("TM011", "fault-in-production", Severity.ERROR, _check)
