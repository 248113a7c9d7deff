"""Dramatiq: actors are run again, twenty times where nothing is written.

Source: Bogdanp/dramatiq 2.2.1 dramatiq/middleware/retries.py (max_retries = 20), measured. Units: retries.
"""

from __future__ import annotations

from parsers.facts.python import RetryCondition
from parsers.python.idioms import Amount, RetryIdiom, Role, Written, construct, from_retries, numbered
from parsers.quantities import Count

DEFAULT = Amount(Count(21))


def _condition(written: Written) -> RetryCondition:
    return RetryCondition(("Exception",), written.exceptions("throws") or ())


_READ = numbered("dramatiq.actor", ("max_retries",), DEFAULT, from_retries, _condition)

DRAMATIQ = RetryIdiom("dramatiq", (construct(("dramatiq.actor", "dramatiq.actor.actor"), Role.TASK, _READ),))
