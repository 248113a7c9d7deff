"""OpenAI's client: three attempts where nothing is written.

Source: openai/openai-python 3.54.0 src/openai/_constants.py (DEFAULT_MAX_RETRIES = 2), measured.
Units: ``max_retries`` counts retries; POST is repeated too.
"""

from __future__ import annotations

from parsers.facts.python import RetryCondition
from parsers.python.idioms import Amount, RetryIdiom, Role, construct, from_retries, numbered
from parsers.quantities import Count

NAMES = tuple(
    f"openai.{name}" for name in ("OpenAI", "AsyncOpenAI", "AzureOpenAI", "AsyncAzureOpenAI", "Client", "AsyncClient")
)
CONDITION = RetryCondition(causes=("408", "409", "429", "5xx", "connect-failure", "reset", "timeout"))
DEFAULT = Amount(Count(3))
_CLIENT = numbered("openai.OpenAI", ("max_retries",), DEFAULT, from_retries, CONDITION)
_WRITTEN = numbered("openai.OpenAI", ("max_retries",), DEFAULT, from_retries, CONDITION, only_given=True)

OPENAI = RetryIdiom(
    "openai",
    (
        construct(NAMES, Role.CLIENT, _CLIENT),
        construct(NAMES, Role.SITE, _WRITTEN),
        construct(("*.with_options", "*.options"), (Role.CLIENT, Role.SITE), _WRITTEN),
    ),
)
