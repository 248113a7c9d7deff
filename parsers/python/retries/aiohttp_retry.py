"""aiohttp-retry: a client that repeats answers; exceptions only where they are listed.

Source: inyutin/aiohttp_retry 2.9.1 aiohttp_retry/client.py, retry_options.py, measured.
Units: ``attempts`` counts attempts; 0 never matches and is forever.
"""

from __future__ import annotations

from dataclasses import replace

from parsers.facts.python import Retry, RetryCondition
from parsers.python.idioms import Amount, RetryIdiom, Role, Written, amount, construct, endless_below, from_tries
from parsers.python.value import Items, Known, Made, settled
from parsers.quantities import Count

DEFAULT = Amount(Count(3))
KINDS = ("ExponentialRetry", "RandomRetry", "FibonacciRetry", "JitterRetry", "ListRetry")
OPTIONS = tuple(f"{module}.{kind}" for module in ("aiohttp_retry", "aiohttp_retry.retry_options") for kind in KINDS)
CONDITION = RetryCondition(causes=(">=500",))


def options(written: Written) -> Retry | None:
    """``ExponentialRetry(attempts=3, statuses={429}, exceptions={ClientError})``."""
    if written.qualified.endswith("ListRetry"):
        delays = settled(written.value("timeouts", at=0) or Known(None))
        bound = Amount(Count(len(delays.items))) if isinstance(delays, Items) else Amount(None)
    else:
        bound = amount(written.value("attempts", at=0), DEFAULT, endless_below(1, from_tries))
    statuses = settled(written.value("statuses") or Known(None))
    more = tuple(str(i.value) for i in statuses.items if isinstance(i, Known)) if isinstance(statuses, Items) else ()
    names = written.exceptions("exceptions") or ()
    condition = RetryCondition(exceptions=names, causes=(">=500", *more))
    return written.retry("aiohttp_retry.RetryClient", bound, condition)


def client(written: Written) -> Retry | None:
    """``RetryClient(retry_options=...)``; three attempts where nothing is given."""
    match settled(written.value("retry_options") or Known(None)):
        case Made(name=name, call=call, scope=scope, bound=bound) if name.qualified in OPTIONS:
            found = options(Written(call, name.qualified, scope, written.values, dict(bound)))
            return replace(found, symbol=written.scope.symbol) if found is not None else None
        case _:
            return written.retry("aiohttp_retry.RetryClient", DEFAULT, CONDITION)


AIOHTTP_RETRY = RetryIdiom(
    "aiohttp_retry",
    (
        construct(OPTIONS, (Role.CLIENT, Role.SITE), options),
        construct(("aiohttp_retry.RetryClient", "aiohttp_retry.client.RetryClient"), (Role.CLIENT, Role.SITE), client),
    ),
)
