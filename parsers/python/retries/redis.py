"""redis-py: the constructor retries ten times by default, ``from_url`` never.

Source: redis/redis-py 8.1.0 redis/client.py, redis/retry.py, measured; 6.4 to 7.1 retried 3 times, before 6 not at all.
Units: ``Retry(backoff, n)`` counts retries; negative is forever.
"""

from __future__ import annotations

from parsers.facts.python import Retry, RetryCondition
from parsers.python.idioms import ONE, Amount, RetryIdiom, Role, Written, amount, construct, endless_below, from_retries
from parsers.python.value import Known, Made, settled
from parsers.quantities import Count

RETRIES = ("redis.retry.Retry", "redis.asyncio.retry.Retry", "redis.Retry")
CLIENTS = ("redis.Redis", "redis.StrictRedis", "redis.client.Redis", "redis.asyncio.Redis",
           "redis.asyncio.client.Redis",
           "redis.asyncio.StrictRedis")  # fmt: skip
POOLS = ("redis.from_url", "redis.Redis.from_url", "redis.StrictRedis.from_url", "redis.asyncio.from_url",
         "redis.asyncio.Redis.from_url", "redis.ConnectionPool", "redis.ConnectionPool.from_url",
         "redis.BlockingConnectionPool")  # fmt: skip
DEFAULT = Amount(Count(11))
CONDITION = RetryCondition(causes=("connect-failure", "reset", "timeout"))
NOTE = "redis-py 8 default; 6.4 to 7.1: 4, before 6: 1"


def retry(written: Written) -> Retry | None:
    """``Retry(ExponentialBackoff(), 3)``."""
    bound = amount(written.value("retries", at=1), DEFAULT, endless_below(0, from_retries))
    return written.retry("redis.Retry", bound, CONDITION)


def _given(written: Written) -> Retry | None:
    made = settled(written.value("retry") or Known(None))
    if isinstance(made, Made) and made.name.qualified in RETRIES:
        return retry(Written(made.call, made.name.qualified, made.scope, written.values, dict(made.bound)))
    return None


def client(written: Written) -> Retry | None:
    """``Redis(...)``."""
    return _given(written) or written.retry("redis.Redis", DEFAULT, CONDITION, note=NOTE)


def pool(written: Written) -> Retry | None:
    """``from_url(...)``: nothing unless ``retry=`` says so."""
    return _given(written) or written.retry("redis.from_url", ONE, CONDITION)


REDIS = RetryIdiom(
    "redis",
    (
        construct(RETRIES, (Role.CLIENT, Role.SITE), retry),
        construct(CLIENTS, Role.CLIENT, client),
        construct(POOLS, Role.CLIENT, pool),
    ),
)
