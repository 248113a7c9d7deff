"""retrying: the ancestor of tenacity.

Source: groodt/retrying 1.4.2 retrying.py, measured (spec/python_retries.json).
Units: ``stop_max_attempt_number`` counts attempts; its times are milliseconds.
"""

from __future__ import annotations

from parsers.facts.python import Retry, RetryCondition
from parsers.python.idioms import FOREVER, Amount, RetryIdiom, Role, Written, amount, construct, from_tries
from parsers.python.value import Known
from parsers.quantities import Count

#: Attempts of ``stop="stop_after_attempt"`` without a number (retrying.py).
DEFAULT_STOP = Amount(Count(5))


def read(written: Written) -> Retry | None:
    """``@retry(stop_max_attempt_number=n)``."""
    bound = amount(written.value("stop_max_attempt_number", at=1), FOREVER, from_tries)
    stop = written.value("stop", at=0)
    if bound == FOREVER and stop == Known("stop_after_attempt"):
        bound = DEFAULT_STOP
    judged = written.given("retry_on_exception")
    condition = RetryCondition(exceptions=("Exception",), unknown=judged, result=written.given("retry_on_result"))
    delay, wait = written.seconds("stop_max_delay", at=2), written.seconds("wait_fixed", at=3)
    return written.retry(
        "retrying.retry",
        bound,
        condition,
        min_wait_s=(wait or 0.0) / 1000,
        deadline_s=delay / 1000 if delay is not None else None,
    )


RETRYING = RetryIdiom(
    "retrying",
    (
        construct("retrying.retry", (Role.DECORATOR, Role.CALLER), read),
        construct("retrying.Retrying", (Role.CALLER, Role.SITE), read),
    ),
)
