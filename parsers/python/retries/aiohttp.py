"""aiohttp: idempotent requests are sent once more when the connection drops, without being asked.

Source: aio-libs/aiohttp 3.14.5 aiohttp/client.py ``_request`` (``retry_persistent_connection``), measured: since 3.10.
"""

from __future__ import annotations

from parsers.facts.python import Retry, RetryCondition
from parsers.python.idioms import IDEMPOTENT, Amount, RetryIdiom, Role, Written, construct
from parsers.quantities import Count

TWICE = Amount(Count(2))
DROPPED = RetryCondition(causes=("reset",), methods=IDEMPOTENT)


def session(written: Written) -> Retry | None:
    """A session, or a request without one."""
    return written.retry(
        "aiohttp.ClientSession", TWICE, DROPPED, note="aiohttp >= 3.10 repeats once on a dropped connection"
    )


AIOHTTP = RetryIdiom(
    "aiohttp",
    (construct(("aiohttp.ClientSession", "aiohttp.client.ClientSession", "aiohttp.request"), Role.CLIENT, session),),
)
