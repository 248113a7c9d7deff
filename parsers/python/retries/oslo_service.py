"""oslo.service: ``RetryDecorator``.

Source: openstack/oslo.service 4.8.0 oslo_service/loopingcall.py, read (spec/python_retries.json).
Units: ``max_retry_count`` counts retries; -1 is forever. Without exceptions nothing is retried.
"""

from __future__ import annotations

from parsers.facts.python import Retry
from parsers.python.idioms import (
    FOREVER,
    ONE,
    RetryIdiom,
    Role,
    Written,
    amount,
    construct,
    endless_below,
    from_retries,
    named,
)


def read(written: Written) -> Retry | None:
    """``@RetryDecorator(max_retry_count=5, exceptions=(E,))``."""
    bound = amount(written.value("max_retry_count", at=0), FOREVER, endless_below(0, from_retries))
    if not written.given("exceptions", at=3):
        bound = ONE
    return written.retry("oslo_service.RetryDecorator", bound, named("exceptions", at=3, absent=())(written))


OSLO_SERVICE = RetryIdiom(
    "oslo_service",
    (
        construct(
            (
                "oslo_service.loopingcall.RetryDecorator",
                "oslo_service.backend._eventlet.loopingcall.RetryDecorator",
                "oslo_service.backend._threading.loopingcall.RetryDecorator",
            ),
            Role.DECORATOR,
            read,
        ),
    ),
)
