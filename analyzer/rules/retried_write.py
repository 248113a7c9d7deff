"""RA005: a retried call writes, and carries no idempotency key.

A write whose answer is lost may have been done. Sent again, it is done twice: a payment is made twice, a message goes
out twice. Sidecars do not look at the method, and neither do most retry decorators.

Fix: send an idempotency key (a header that the callee honours, the same for every attempt), or switch retries off for
this call: ``attempts: 0`` on the route, and no decorator.

Source: istio/istio#50506 (a double payout); RFC 9110 section 9.2.2; measured on Envoy 1.40: a POST is retried like any
request.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.context import Context
from analyzer.factors import factors, python_calls, repeating, writes
from analyzer.findings import Confidence, Finding, Severity
from analyzer.graph import Call
from analyzer.model import Precision
from analyzer.rules import Rule
from parsers.quantities import ONCE

#: Causes that leave no trace in the callee: nothing was sent, or the proxy answered.
_HARMLESS = ("connect-failure", "proxy-503", "grpc-unavailable")
KEYS = ("idempotency-key", "x-idempotency-key", "idempotency_key", "x-request-token")


def _check(context: Context) -> Iterator[Finding]:
    for call in context.graph.calls:
        cause = _dangerous(call)
        if cause is None or not writes(call.callee) or call.callee.service == "unresolved" or _keyed(context, call):
            continue
        count = dict(call.gain.by_cause)[cause]
        yield RULE.at(
            call.span,
            f"{call.callee} is sent up to {count} times on {cause} and carries no idempotency key: "
            "a write whose answer is lost is done again",
            subject=f"{call.caller}->{call.callee}",
            evidence=factors(call),
            confidence=Confidence.HIGH if call.precision is Precision.EXACT else Confidence.MEDIUM,
        )


def _dangerous(call: Call) -> str | None:
    """A cause on which the call is repeated although the callee may have done the work."""
    if call.mirror or not repeating(call):
        return None
    repeated = [(n, c) for c, n in call.gain.by_cause if n > ONCE and c not in _HARMLESS]
    return max(repeated, key=lambda pair: (pair[0], pair[1] == call.gain.cause))[1] if repeated else None


def _keyed(context: Context, call: Call) -> bool:
    if any(name in KEYS for name, _ in call.wire.headers):
        return True
    return any(c.idempotency_key for c in python_calls(call, context.mesh))


RULE = Rule("RA005", "retried-write", Severity.ERROR, _check)
