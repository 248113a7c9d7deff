"""Anthropic's client: three attempts where nothing is written.

Source: anthropics/anthropic-sdk-python 2.12.0 src/anthropic/_constants.py (DEFAULT_MAX_RETRIES = 2), measured.
Units: ``max_retries`` counts retries; POST is repeated too.
"""

from __future__ import annotations

from parsers.facts.python import RetryCondition
from parsers.python.idioms import Amount, RetryIdiom, Role, construct, from_retries, numbered
from parsers.quantities import Count

NAMES = tuple(
    f"anthropic.{name}"
    for name in (
        "Anthropic",
        "AsyncAnthropic",
        "AnthropicBedrock",
        "AsyncAnthropicBedrock",
        "AnthropicVertex",
        "AsyncAnthropicVertex",
    )
)
CONDITION = RetryCondition(causes=("408", "409", "429", "5xx", "connect-failure", "reset", "timeout"))
DEFAULT = Amount(Count(3))
_CLIENT = numbered("anthropic.Anthropic", ("max_retries",), DEFAULT, from_retries, CONDITION)
_WRITTEN = numbered("anthropic.Anthropic", ("max_retries",), DEFAULT, from_retries, CONDITION, only_given=True)

ANTHROPIC = RetryIdiom("anthropic", (construct(NAMES, Role.CLIENT, _CLIENT), construct(NAMES, Role.SITE, _WRITTEN)))
