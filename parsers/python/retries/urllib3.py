"""urllib3: the ``Retry`` object, pools, and the default that nobody writes.

Source: urllib3 2.8.0 src/urllib3/util/retry.py, connectionpool.py, measured (spec/python_retries.json).
Units: all counters are retries. One kind of failure: 1 + min(total, counter); kinds that mix: 1 + min(total, sum).
"""

from __future__ import annotations

from parsers.facts.python import Retry, RetryCondition
from parsers.python.idioms import (
    CONNECTION,
    IDEMPOTENT,
    Amount,
    RetryIdiom,
    Role,
    Written,
    construct,
)
from parsers.python.urllib3_retry import NAMES, of_retries, read_retry
from parsers.quantities import Count

#: Retry.DEFAULT = Retry(3) (urllib3/util/retry.py).
DEFAULT = Amount(Count(4))
POOLS = (
    "urllib3.PoolManager",
    "urllib3.ProxyManager",
    "urllib3.HTTPConnectionPool",
    "urllib3.HTTPSConnectionPool",
    "urllib3.poolmanager.PoolManager",
    "urllib3.poolmanager.ProxyManager",
    "urllib3.connectionpool.HTTPConnectionPool",
    "urllib3.connectionpool.HTTPSConnectionPool",
    "urllib3.request",
    "urllib3.connection_from_url",
)
UNWRITTEN = RetryCondition(causes=(*CONNECTION, "503+retry-after", "429+retry-after"), methods=IDEMPOTENT)


def retry(written: Written) -> Retry | None:
    """``Retry(total=3, status_forcelist=[503])``."""
    return read_retry(written, "urllib3.Retry")


def pool(written: Written) -> Retry | None:
    """A pool, or a request of one, with its ``retries=``; four attempts where nothing is written."""
    value = written.value("retries")
    found = of_retries(value, written, "urllib3.Retry") if value is not None else None
    return found or written.retry("urllib3.Retry", DEFAULT, UNWRITTEN, exhausted="urllib3.exceptions.MaxRetryError")


URLLIB3 = RetryIdiom(
    "urllib3",
    (
        construct(NAMES, (Role.CLIENT, Role.SITE), retry),
        construct(POOLS, Role.CLIENT, pool),
    ),
)
