"""retry and retry2: a decorator and a caller.

Source: invl/retry 0.9.2 retry/api.py, measured; retry2 0.9.5 has the same loop (spec/python_retries.json).
Units: ``tries`` counts attempts; -1, the default, is forever; 0 never calls.
"""

from __future__ import annotations

from parsers.facts.python import Retry
from parsers.python.idioms import FOREVER, RetryIdiom, Role, Written, amount, construct, named
from parsers.quantities import UNBOUNDED, Count


def _tries(number: float) -> Count:
    return UNBOUNDED if number < 0 else Count(int(number))


def decorated(written: Written) -> Retry | None:
    """``@retry(E, tries=3)``."""
    bound = amount(written.value("tries", at=1), FOREVER, _tries)
    wait = written.seconds("delay", at=2)
    return written.retry("retry.retry", bound, named("exceptions", at=0)(written), min_wait_s=wait or 0.0)


def called(written: Written) -> Retry | None:
    """``retry_call(f, fargs, fkwargs, exceptions, tries)``."""
    bound = amount(written.value("tries", at=4), FOREVER, _tries)
    wait = written.seconds("delay", at=5)
    return written.retry("retry.api.retry_call", bound, named("exceptions", at=3)(written), min_wait_s=wait or 0.0)


RETRY = RetryIdiom(
    "retry",
    (
        construct(("retry.retry", "retry.api.retry"), Role.DECORATOR, decorated),
        construct(("retry.retry_call", "retry.api.retry_call"), Role.CALLER, called),
    ),
)
