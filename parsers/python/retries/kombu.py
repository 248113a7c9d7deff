"""kombu: connections that are ensured; forever where nothing is written.

Source: celery/kombu 5.7.0 kombu/connection.py, kombu/utils/functional.py, measured. Units: ``max_retries``: retries.
"""

from __future__ import annotations

from parsers.facts.python import RetryCondition
from parsers.python.idioms import FOREVER, RetryIdiom, Role, construct, from_retries, numbered

CONDITION = RetryCondition(causes=("connect-failure", "reset", "timeout"))
_ENSURE = numbered("kombu.ensure", ("max_retries",), FOREVER, from_retries, CONDITION)
_OVER_TIME = numbered("kombu.retry_over_time", ("max_retries",), FOREVER, from_retries, at=5)

KOMBU = RetryIdiom(
    "kombu",
    (
        construct(("kombu.Connection.ensure", "*.ensure_connection"), (Role.CALLER, Role.SITE), _ENSURE),
        construct(
            ("kombu.utils.functional.retry_over_time", "kombu.utils.retry_over_time"),
            (Role.CALLER, Role.SITE),
            _OVER_TIME,
        ),
    ),
)
