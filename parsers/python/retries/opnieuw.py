"""opnieuw: a decorator that counts calls in all.

Source: channable/opnieuw 4.0.0 opnieuw/retries.py, measured (spec/python_retries.json).
Units: ``max_calls_total`` counts attempts; the window is seconds.
"""

from __future__ import annotations

from parsers.python.idioms import Amount, RetryIdiom, Role, construct, from_tries, named, numbered
from parsers.quantities import Count

_READ = numbered(
    "opnieuw.retry",
    ("max_calls_total",),
    Amount(Count(3)),
    from_tries,
    named("retry_on_exceptions", at=0),
    at=1,
    deadline=("retry_window_after_first_call_in_seconds",),
)

OPNIEUW = RetryIdiom("opnieuw", (construct(("opnieuw.retry", "opnieuw.retry_async"), Role.DECORATOR, _READ),))
