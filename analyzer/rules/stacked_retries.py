"""RA002: more than one layer retries the same call.

The application retries, and so does its sidecar: each attempt of the outer layer starts all attempts of the inner one
again. Three application attempts over Istio's ``attempts: 3`` (which is four attempts) are twelve requests.

Fix: keep one layer. In the mesh, ``retries: {attempts: 0}`` on the route switches it off; in the code, remove the
decorator, loop or adapter.

Source: docs/standards.md, Mesh-Level Resilience and pitfall 2; docs/amplification.md.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.context import Context
from analyzer.factors import APPLICATION, factor, firing, repeating
from analyzer.findings import Confidence, Evidence, Finding, Severity
from analyzer.graph import Call
from analyzer.model import Layer, Precision
from analyzer.rules import Rule


def _check(context: Context) -> Iterator[Finding]:
    for call in context.graph.calls:
        layers = firing(call, context.graph) if not call.mirror and len(repeating(call)) > 1 else ()
        if len(layers) < 2:
            continue  # one layer alone explains the number: the others do not fire on the same failure
        yield RULE.at(
            call.span,
            f"{call.caller} -> {call.callee} is retried by {len(layers)} layers, up to {call.gain.worst} requests on "
            f"{call.gain.cause}: {' x '.join(f'{x.name} ({x.kind}) {by}' for x, by in layers)}",
            subject=f"{call.caller}->{call.callee}",
            evidence=(
                Evidence(f"{call.caller} calls {call.callee}", call.span),
                *(Evidence(factor(x), x.span) for x, _ in layers),
            ),
            severity=Severity.ERROR if _two_owners(tuple(x for x, _ in layers)) else Severity.WARNING,
            confidence=_sure(call),
        )


def _two_owners(layers: tuple[Layer, ...]) -> bool:
    """The code and the mesh: the pair that nobody sees from one side."""
    return len({layer.kind in APPLICATION for layer in layers}) == 2


def _sure(call: Call) -> Confidence:
    return Confidence.HIGH if call.precision is Precision.EXACT else Confidence.MEDIUM


RULE = Rule("RA002", "stacked-retries", Severity.ERROR, _check)
