"""ratelimit: ``sleep_and_retry`` waits for the caller's own limiter; the call outside is made once.

Source: tomasbasham/ratelimit ratelimit/decorators.py, read (spec/python_retries.json).
"""

from __future__ import annotations

from parsers.facts.python import Retry, RetryCondition
from parsers.python.idioms import ONE, RetryIdiom, Role, Written, construct


def read(written: Written) -> Retry | None:
    """``@sleep_and_retry``: one request, whatever happens."""
    condition = RetryCondition(exceptions=("ratelimit.exception.RateLimitException",))
    return written.retry("ratelimit.sleep_and_retry", ONE, condition)


RATELIMIT = RetryIdiom(
    "ratelimit",
    (construct(("ratelimit.sleep_and_retry", "ratelimit.decorators.sleep_and_retry"), Role.DECORATOR, read),),
)
