"""httplib2: a broken connection is tried twice; its constant ``RETRIES`` means attempts.

Source: httplib2 0.32.1 httplib2/__init__.py ``_conn_request`` (RETRIES = 2), measured.
"""

from __future__ import annotations

from parsers.facts.python import Retry, RetryCondition
from parsers.python.idioms import Amount, RetryIdiom, Role, Written, construct
from parsers.quantities import Count


def http(written: Written) -> Retry | None:
    """``Http()``."""
    return written.retry("httplib2.Http", Amount(Count(2)), RetryCondition(causes=("reset",)))


HTTPLIB2 = RetryIdiom("httplib2", (construct("httplib2.Http", Role.CLIENT, http),))
