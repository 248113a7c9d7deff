"""Elasticsearch: four attempts where nothing is written; timeouts only with their flag.

Source: elastic/elastic-transport-python as of elasticsearch 9.5.1 elastic_transport/_transport.py, measured.
Units: ``max_retries`` counts retries.
"""

from __future__ import annotations

from parsers.facts.python import RetryCondition
from parsers.python.idioms import Amount, RetryIdiom, Role, Written, construct, from_retries, numbered
from parsers.python.value import Known
from parsers.quantities import Count

NAMES = ("elasticsearch.Elasticsearch", "elasticsearch.AsyncElasticsearch")
DEFAULT = Amount(Count(4))


def _condition(written: Written) -> RetryCondition:
    slow = ("timeout",) if written.value("retry_on_timeout") == Known(value=True) else ()
    return RetryCondition(causes=("429", "502", "503", "504", "connect-failure", "reset", *slow))


_CLIENT = numbered("elasticsearch.Elasticsearch", ("max_retries",), DEFAULT, from_retries, _condition)
_WRITTEN = numbered("elasticsearch.Elasticsearch", ("max_retries",), DEFAULT, from_retries, _condition, only_given=True)

ELASTICSEARCH = RetryIdiom(
    "elasticsearch", (construct(NAMES, Role.CLIENT, _CLIENT), construct(NAMES, Role.SITE, _WRITTEN))
)
