"""google-api-python-client: ``request.execute(num_retries=n)``.

Source: googleapis/google-api-python-client 2.202.0 googleapiclient/http.py ``_retry_request``, measured.
Units: ``num_retries`` counts retries.
"""

from __future__ import annotations

from parsers.facts.python import RetryCondition
from parsers.python.idioms import ONE, RetryIdiom, Role, construct, from_retries, numbered

CONDITION = RetryCondition(causes=("429", "5xx", "connect-failure", "reset", "timeout"))
_READ = numbered(
    "googleapiclient.execute",
    ("num_retries",),
    ONE,
    from_retries,
    CONDITION,
    exhausted="googleapiclient.errors.HttpError",
    only_given=True,
)

GOOGLEAPICLIENT = RetryIdiom(
    "googleapiclient", (construct(("*.execute", "*.next_chunk"), (Role.CLIENT, Role.SITE), _READ),)
)
