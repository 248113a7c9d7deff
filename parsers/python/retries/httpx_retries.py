"""httpx-retries: a transport that repeats answers and errors.

Source: will-ockmore/httpx-retries 0.6.0 httpx_retries/retry.py, transport.py, measured.
Units: ``total`` counts retries, 10 by default.
"""

from __future__ import annotations

from parsers.facts.python import Retry, RetryCondition
from parsers.python.idioms import (
    CONNECTION,
    IDEMPOTENT,
    Amount,
    RetryIdiom,
    Role,
    Written,
    amount,
    construct,
    from_retries,
)
from parsers.python.value import Items, Known, Made, settled
from parsers.quantities import Count

DEFAULT = Amount(Count(11))
STATUSES = ("429", "502", "503", "504")


def retry(written: Written) -> Retry | None:
    """``Retry(total=10, allowed_methods=..., status_forcelist=...)``."""
    statuses = _texts(written, "status_forcelist") or STATUSES
    methods = _texts(written, "allowed_methods")
    condition = RetryCondition(
        causes=(*CONNECTION, *statuses), methods=frozenset(m.upper() for m in methods) if methods else IDEMPOTENT
    )
    bound = amount(written.value("total", at=0), DEFAULT, from_retries)
    return written.retry("httpx_retries.Retry", bound, condition, exhausted="return")


def _texts(written: Written, name: str) -> tuple[str, ...]:
    found = settled(written.value(name) or Known(None))
    items = found.items if isinstance(found, Items) else ()
    return tuple(str(i.value) for i in items if isinstance(i, Known))


def transport(written: Written) -> Retry | None:
    """``RetryTransport(retry=Retry(...))``; eleven attempts where no ``retry`` is given."""
    match settled(written.value("retry", at=1) or Known(None)):
        case Made(name=name, call=call, scope=scope, bound=bound) if name.qualified.endswith(".Retry"):
            return retry(Written(call, name.qualified, scope, written.values, dict(bound)))
        case _:
            condition = RetryCondition(causes=(*CONNECTION, *STATUSES), methods=IDEMPOTENT)
            return written.retry("httpx_retries.RetryTransport", DEFAULT, condition, exhausted="return")


HTTPX_RETRIES = RetryIdiom(
    "httpx_retries",
    (
        construct(("httpx_retries.Retry", "httpx_retries.retry.Retry"), (Role.CLIENT, Role.SITE), retry),
        construct(
            ("httpx_retries.RetryTransport", "httpx_retries.transport.RetryTransport"),
            (Role.CLIENT, Role.SITE),
            transport,
        ),
    ),
)
