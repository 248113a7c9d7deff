"""RA014: a retry in the code that can never fire where it runs.

Behind a sidecar a client does not see connection failures and resets: the sidecar answers 503. A client that retries
connections only (httpx ``HTTPTransport(retries=)``, ``HTTPAdapter(max_retries=3)`` with a number) does nothing there.

Fix: remove it, and say in one place who retries this call.

Source: docs/amplification.md; measured on Envoy 1.40: one request.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.context import Context
from analyzer.factors import APPLICATION, factor
from analyzer.findings import Confidence, Finding, Severity
from analyzer.rules import Rule


def _check(context: Context) -> Iterator[Finding]:
    seen: set[object] = set()
    for call in context.graph.calls:
        for layer in call.layers:
            if layer.kind in APPLICATION and not layer.effective and layer.span is not None and layer.span not in seen:
                seen.add(layer.span)
                yield RULE.at(
                    layer.span,
                    f"{factor(layer)} never fires for {call.callee}: {layer.note or 'its conditions are not met here'}",
                    subject=f"{call.caller}->{call.callee} {layer.name}",
                    confidence=Confidence.MEDIUM,
                )


RULE = Rule("RA014", "inert-retries", Severity.NOTE, _check)
