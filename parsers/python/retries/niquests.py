"""niquests: ``Session(retries=n)``.

Source: jawah/niquests 3.21.2 src/niquests/sessions.py, measured (spec/python_retries.json). Units: retries.
"""

from __future__ import annotations

from parsers.facts.python import Retry
from parsers.python.idioms import RetryIdiom, Role, Written, construct
from parsers.python.urllib3_retry import of_retries


def session(written: Written) -> Retry | None:
    """``Session(retries=3)``; nothing is retried without it."""
    value = written.value("retries")
    return of_retries(value, written, "niquests.Session") if value is not None else None


NIQUESTS = RetryIdiom(
    "niquests", (construct(("niquests.Session", "niquests.AsyncSession"), (Role.CLIENT, Role.SITE), session),)
)
