"""RA004: a retry without an end.

Nothing in the code stops it: as long as the callee fails, requests go on, from every caller at once. What looks like
patience is a load that only grows.

Fix: give it a number of attempts, a deadline, and a wait that grows with jitter.

Source: docs/python-retries.md (which constructs have no bound by default).
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.context import Context
from analyzer.factors import factor, factors
from analyzer.findings import Finding, Severity
from analyzer.model import Layer
from analyzer.rules import Rule


def _check(context: Context) -> Iterator[Finding]:
    seen: set[object] = set()
    for call in context.graph.calls:
        for layer in call.layers:
            if _endless(layer) and layer.span not in seen and call.gain.worst.unbounded:
                seen.add(layer.span)
                yield RULE.at(
                    layer.span or call.span,
                    f"{factor(layer)} around {call.callee}: as long as it fails, requests go on without end",
                    subject=f"{call.caller}->{call.callee} {layer.name}",
                    evidence=factors(call),
                )


def _endless(layer: Layer) -> bool:
    return layer.effective and layer.attempts is not None and layer.attempts.unbounded


RULE = Rule("RA004", "unbounded-retries", Severity.ERROR, _check)
