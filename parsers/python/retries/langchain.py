"""LangChain runnables: ``with_retry``.

Source: langchain-ai/langchain libs/core/langchain_core/runnables/base.py (1.7.2), measured.
Units: ``stop_after_attempt`` counts attempts.
"""

from __future__ import annotations

from parsers.python.idioms import Amount, RetryIdiom, Role, construct, from_tries, named, numbered
from parsers.quantities import Count

_READ = numbered(
    "langchain.with_retry",
    ("stop_after_attempt",),
    Amount(Count(3)),
    from_tries,
    named("retry_if_exception_type"),
)

LANGCHAIN = RetryIdiom("langchain", (construct("*.with_retry", (Role.CLIENT, Role.SITE), _READ),))
