"""RA006: retries without a per-try timeout.

Without it the first attempt may hang for as long as the route allows, and no retry ever starts: the retries that are
written help against fast failures only.

Fix: set ``perTryTimeout``, with a ``retryOn`` that covers it (``5xx``, ``gateway-error`` or ``reset``).

Source: docs/standards.md, Mesh-Level Resilience; measured on Envoy 1.40: one attempt where only the route has
a timeout.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.context import Context
from analyzer.findings import Finding, Severity
from analyzer.rules import Rule
from parsers.facts.istio import VirtualService
from parsers.quantities import ONCE


def _check(context: Context) -> Iterator[Finding]:
    for service in context.mesh.all(VirtualService):
        for route in service.http:
            retries = route.retries
            if retries is None or retries.attempts is None or not retries.attempts > ONCE:
                continue
            if retries.per_try_timeout_s is None:
                yield RULE.at(
                    retries.span,
                    f"{retries.attempts} attempts for {', '.join(service.hosts)} and no perTryTimeout: one that hangs "
                    "uses up all the time there is",
                    subject=f"{service.meta.ns}/{service.meta.name}",
                )


RULE = Rule("RA006", "no-per-try-timeout", Severity.WARNING, _check)
