"""Opensearch: four attempts where nothing is written; timeouts only with their flag.

Source: opensearch-project/opensearch-py 3.2.0 opensearchpy/transport.py, measured.
Units: ``max_retries`` counts retries.
"""

from __future__ import annotations

from parsers.facts.python import RetryCondition
from parsers.python.idioms import Amount, RetryIdiom, Role, Written, construct, from_retries, numbered
from parsers.python.value import Known
from parsers.quantities import Count

NAMES = ("opensearchpy.OpenSearch", "opensearchpy.AsyncOpenSearch")
DEFAULT = Amount(Count(4))


def _condition(written: Written) -> RetryCondition:
    slow = ("timeout",) if written.value("retry_on_timeout") == Known(value=True) else ()
    return RetryCondition(causes=("502", "503", "504", "connect-failure", "reset", *slow))


_CLIENT = numbered("opensearchpy.OpenSearch", ("max_retries",), DEFAULT, from_retries, _condition)
_WRITTEN = numbered("opensearchpy.OpenSearch", ("max_retries",), DEFAULT, from_retries, _condition, only_given=True)

OPENSEARCH = RetryIdiom("opensearch", (construct(NAMES, Role.CLIENT, _CLIENT), construct(NAMES, Role.SITE, _WRITTEN)))
