"""RA014: a retry in the code that can never fire where it runs.

Behind a sidecar a client does not see connection failures and resets: the sidecar answers 503. A client that retries
connections only (httpx ``HTTPTransport(retries=)``, ``HTTPAdapter(max_retries=3)`` with a number) does nothing there.

Fix: remove it, and say in one place who retries this call.

Source: docs/amplification.md; measured on Envoy 1.40: one request.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.context import Context
from analyzer.factors import APPLICATION, factor, repeating
from analyzer.findings import Confidence, Finding, Severity
from analyzer.rules import Rule
from parsers.quantities import ONCE


def _check(context: Context) -> Iterator[Finding]:
    fires = {x.span for c in context.graph.calls for x in repeating(c) if c.gain.worst > ONCE}
    seen: set[object] = set()
    for call in context.graph.calls:
        for layer in repeating(call):
            if layer.kind in APPLICATION and layer.span not in fires | seen and call.gain.by_cause:
                seen.add(layer.span)
                yield RULE.at(
                    layer.span or call.span,
                    f"{factor(layer)} never fires for {call.callee}: one request is sent whatever goes wrong "
                    f"({', '.join(c for c, _ in call.gain.by_cause)})",
                    subject=f"{call.caller}->{call.callee} {layer.name}",
                    confidence=Confidence.MEDIUM,
                )


RULE = Rule("RA014", "inert-retries", Severity.NOTE, _check)
