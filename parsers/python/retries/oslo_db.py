"""oslo.db: ``wrap_db_retry``.

Source: openstack/oslo.db 18.1.1 oslo_db/api.py wrap_db_retry.__init__, measured (spec/python_retries.json).
Units: ``max_retries`` counts retries. Deadlocks and disconnects only with their flags.
"""

from __future__ import annotations

from parsers.facts.python import Retry, RetryCondition
from parsers.python.idioms import Amount, RetryIdiom, Role, Written, amount, construct, from_retries
from parsers.python.value import Known
from parsers.quantities import Count

DEFAULT = Amount(Count(21))
_FLAGS = (
    ("retry_on_deadlock", "oslo_db.exception.DBDeadlock"),
    ("retry_on_disconnect", "oslo_db.exception.DBConnectionError"),
)


def read(written: Written) -> Retry | None:
    """``@wrap_db_retry(max_retries=20, retry_on_deadlock=True)``."""
    names = ["oslo_db.exception.RetryRequest"]
    names += [name for flag, name in _FLAGS if written.value(flag) == Known(value=True)]
    condition = RetryCondition(exceptions=tuple(names), unknown=written.given("exception_checker"))
    bound = amount(written.value("max_retries", at=1), DEFAULT, from_retries)
    return written.retry("oslo_db.wrap_db_retry", bound, condition)


OSLO_DB = RetryIdiom(
    "oslo_db", (construct(("oslo_db.api.wrap_db_retry", "oslo_db.wrap_db_retry"), Role.DECORATOR, read),)
)
