"""neutron_lib: ``retry_db_errors``; nested uses do not multiply, the exception is tagged.

Source: openstack/neutron-lib 5.0.1 neutron_lib/db/api.py (MAX_RETRIES = 20), measured.
"""

from __future__ import annotations

from parsers.facts.python import Retry, RetryCondition
from parsers.python.idioms import Amount, RetryIdiom, Role, Written, construct
from parsers.quantities import Count

ATTEMPTS = Amount(Count(21))
CONDITION = RetryCondition(
    exceptions=(
        "oslo_db.exception.DBDeadlock",
        "oslo_db.exception.DBConnectionError",
        "oslo_db.exception.RetryRequest",
        "sqlalchemy.orm.exc.StaleDataError",
        "neutron_lib.db.exceptions.DBRetriable",
    )
)


def read(written: Written) -> Retry | None:
    """``@retry_db_errors`` and ``@retry_if_session_inactive()``."""
    return written.retry(
        "neutron_lib.retry_db_errors", ATTEMPTS, CONDITION, note="nested uses do not multiply: the exception is tagged"
    )


NEUTRON_LIB = RetryIdiom(
    "neutron_lib",
    (
        construct(
            (
                "neutron_lib.db.api.retry_db_errors",
                "neutron_lib.db.api.retry_if_session_inactive",
                "neutron.db.api.retry_db_errors",
            ),
            Role.DECORATOR,
            read,
        ),
    ),
)
