"""azure-core: a policy in every client's pipeline; its counters by kind bind before its total does.

Source: Azure/azure-sdk-for-python azure-core 1.41.0 azure/core/pipeline/policies/_retry.py, measured.
Units: all counters are retries: total 10, connect, read and status 3 each. ``retry_total=5`` is still 4 attempts.
"""

from __future__ import annotations

from parsers.facts.python import Retry, RetryCondition
from parsers.python.idioms import Amount, RetryIdiom, Role, Written, amount, construct, from_retries, largest, smallest
from parsers.quantities import Count

POLICIES = tuple(
    f"{module}.{name}"
    for module in (
        "azure.core.pipeline.policies",
        "azure.core.pipeline.policies._retry",
        "azure.core.pipeline.policies._retry_async",
        "azure.mgmt.core.policies",
    )
    for name in ("RetryPolicy", "AsyncRetryPolicy")
)
STORAGE = tuple(f"azure.storage.blob.{name}" for name in ("ExponentialRetry", "LinearRetry"))
CONDITION = RetryCondition(
    causes=("408", "429", "500", "502", "503", "504", "connect-failure", "reset", "timeout"),
)
KINDS = ("retry_connect", "retry_read", "retry_status")
THREE, TEN = Amount(Count(4)), Amount(Count(11))


def _bound(written: Written) -> Amount:
    total = amount(written.value("retry_total"), TEN, from_retries)
    kinds = [amount(written.value(kind), THREE, from_retries) for kind in KINDS]
    return smallest([total, largest(kinds)])


def policy(written: Written) -> Retry | None:
    """``RetryPolicy(retry_total=5)``; ``RetryPolicy.no_retries()`` is another construct."""
    return written.retry("azure.core.RetryPolicy", _bound(written), CONDITION)


def client(written: Written) -> Retry | None:
    """A client of the SDK: its ``retry_*`` arguments, or four attempts."""
    return written.retry("azure.core.RetryPolicy", _bound(written), CONDITION)


def written_client(written: Written) -> Retry | None:
    """The same where an argument of it is written: worth a line of its own."""
    names = ("retry_total", *KINDS)
    return client(written) if any(written.expression(n) is not None for n in names) else None


def off(written: Written) -> Retry | None:
    """``RetryPolicy.no_retries()``."""
    return written.retry("azure.core.RetryPolicy", Amount(Count(1)), CONDITION)


AZURE_CORE = RetryIdiom(
    "azure_core",
    (
        construct((*POLICIES, *STORAGE), (Role.CLIENT, Role.SITE), policy),
        construct(tuple(f"{p}.no_retries" for p in POLICIES), (Role.CLIENT, Role.SITE), off),
        construct("azure.*Client", Role.CLIENT, client),
        construct("azure.*Client", Role.SITE, written_client),
    ),
)
