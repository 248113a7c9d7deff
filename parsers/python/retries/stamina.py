"""stamina: tenacity with defaults: ten attempts in 45 seconds.

Source: hynek/stamina 26.1.0 src/stamina/_core.py, measured (spec/python_retries.json).
Units: ``attempts`` counts attempts; ``timeout`` is seconds or a ``timedelta``.
"""

from __future__ import annotations

from dataclasses import replace

from parsers.facts.python import Retry
from parsers.python.idioms import (
    FOREVER,
    ONE,
    Amount,
    Construct,
    RetryIdiom,
    Role,
    Written,
    amount,
    construct,
    from_tries,
    named,
)
from parsers.quantities import Count

DEFAULT = Amount(Count(10))
TIMEOUT_S = 45.0


def _reader(idiom: str, *, on_first: bool) -> Construct:
    def read(written: Written) -> Retry | None:
        value = written.value("attempts", at=0 if not on_first else None)
        bound = amount(value, FOREVER, from_tries) if value is not None else DEFAULT
        timeout = written.seconds("timeout") if written.given("timeout") else TIMEOUT_S
        if timeout == 0:
            bound = ONE
        condition = named("on", at=0 if on_first else None)(written)
        retry = written.retry(idiom, bound, condition, deadline_s=timeout)
        return replace(retry, min_wait_s=0.0)

    roles = {
        "stamina.retry": Role.DECORATOR,
        "stamina.retry_context": Role.ITERATOR,
    }
    role = roles.get(idiom, Role.CALLER)
    return construct(idiom, role, read)


STAMINA = RetryIdiom(
    "stamina",
    (
        _reader("stamina.retry", on_first=True),
        _reader("stamina.retry_context", on_first=True),
        _reader("stamina.RetryingCaller", on_first=False),
        _reader("stamina.AsyncRetryingCaller", on_first=False),
    ),
)
