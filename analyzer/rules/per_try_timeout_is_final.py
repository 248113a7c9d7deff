"""RA008: a per-try timeout that nothing retries.

When ``perTryTimeout`` cuts an attempt, Envoy repeats it only under ``5xx``, ``gateway-error`` or ``reset``. Without one
of these the caller gets a 504 after one attempt: the timeout is there, the retry is not.

Fix: add ``gateway-error`` (or ``5xx``, ``reset``) to ``retryOn`` if the operation may be repeated; a number such as
``504`` does not do it.

Source: envoyproxy/envoy source/common/router/router.cc (onPerTryTimeoutCommon); measured on Envoy 1.40: 1 attempt.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.context import Context
from analyzer.findings import Finding, Severity
from analyzer.rules import Rule
from parsers.facts.istio import RetryPolicy, VirtualService
from parsers.quantities import ONCE

#: The conditions under which a cut attempt is repeated.
COVERS = frozenset({"5xx", "gateway-error", "reset"})


def _check(context: Context) -> Iterator[Finding]:
    for service in context.mesh.all(VirtualService):
        for route in service.http:
            retries = route.retries
            if retries is not None and retries.invalid is None and _final(retries):
                on = retries.retry_on or "the default conditions"
                yield RULE.at(
                    retries.span,
                    f"perTryTimeout {retries.per_try_timeout_s:g} s for {', '.join(service.hosts)} is the end, not a "
                    f"retry: {on} do not cover it, so the caller gets 504 after one attempt",
                    subject=f"{service.meta.ns}/{service.meta.name}",
                )


def _final(retries: RetryPolicy) -> bool:
    if retries.per_try_timeout_s is None or retries.attempts is None or not retries.attempts > ONCE:
        return False
    tokens = {t.strip() for t in (retries.retry_on or "").split(",")}
    return not tokens & COVERS


RULE = Rule("RA008", "per-try-timeout-is-final", Severity.WARNING, _check)
