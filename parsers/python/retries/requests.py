"""requests: adapters with ``max_retries``, mounted on a session.

Source: psf/requests 2.34.2 src/requests/adapters.py (DEFAULT_RETRIES = 0), measured (spec/python_retries.json).
Units: an integer counts retries of connecting, and of reading for idempotent methods; a ``Retry`` says itself.
"""

from __future__ import annotations

from dataclasses import replace

from parsers.facts.python import Retry
from parsers.python.idioms import RetryIdiom, Role, Written, construct
from parsers.python.urllib3_retry import of_retries

ADAPTERS = (
    "requests.adapters.HTTPAdapter",
    "requests.HTTPAdapter",
    "requests.sessions.HTTPAdapter",
    "requests_toolbelt.adapters.HTTPAdapter",
    "niquests.adapters.HTTPAdapter",
)


def adapter(written: Written) -> Retry | None:
    """``HTTPAdapter(max_retries=3)``; without the argument it retries nothing."""
    value = written.value("max_retries", at=2)
    if value is None:
        return None
    found = of_retries(value, written, "requests.HTTPAdapter")
    if found is None:
        return None
    span = written.scope.module.span(written.expr)
    evidence = (found.span,) if found.span != span else ()
    ended = "same" if found.exhausted == "same" else _raised(found)
    return replace(found, span=span, evidence=evidence, exhausted=ended, symbol=written.scope.symbol)


def _raised(found: Retry) -> str:
    """``MaxRetryError`` becomes one of requests' own exceptions (requests/adapters.py ``send``)."""
    return "return" if found.exhausted == "return" else "requests.exceptions.RetryError"


REQUESTS = RetryIdiom("requests", (construct(ADAPTERS, (Role.CLIENT, Role.SITE), adapter),))
