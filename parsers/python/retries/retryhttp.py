"""retryhttp: tenacity for HTTP errors of requests and httpx.

Source: austind/retryhttp 1.5.0 retryhttp/_retry.py, measured (spec/python_retries.json).
Units: ``max_attempt_number`` counts attempts.
"""

from __future__ import annotations

from parsers.facts.python import RetryCondition
from parsers.python.idioms import Amount, RetryIdiom, Role, construct, from_tries, numbered
from parsers.quantities import Count

CONDITION = RetryCondition(
    exceptions=(
        "requests.exceptions.ConnectionError",
        "requests.exceptions.Timeout",
        "requests.exceptions.HTTPError",
        "httpx.NetworkError",
        "httpx.TimeoutException",
        "httpx.HTTPStatusError",
    ),
    statuses=("429", "5xx"),
)
_READ = numbered("retryhttp.retry", ("max_attempt_number",), Amount(Count(3)), from_tries, CONDITION, at=0)

RETRYHTTP = RetryIdiom("retryhttp", (construct("retryhttp.retry", Role.DECORATOR, _READ),))
