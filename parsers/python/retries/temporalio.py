"""Temporal: activities are repeated without limit where nothing is written.

Source: temporalio/sdk-python 1.35.0 temporalio/common.py RetryPolicy (maximum_attempts = 0: unlimited), read.
Units: ``maximum_attempts`` counts attempts.
"""

from __future__ import annotations

from parsers.facts.python import Retry
from parsers.python.idioms import (
    ANY_EXCEPTION,
    FOREVER,
    RetryIdiom,
    Role,
    Written,
    construct,
    endless_below,
    from_tries,
    numbered,
)
from parsers.python.value import Known, Made, settled

POLICIES = ("temporalio.common.RetryPolicy",)
ACTIVITIES = tuple(
    f"temporalio.workflow.{name}"
    for name in (
        "execute_activity",
        "start_activity",
        "execute_activity_method",
        "execute_local_activity",
        "execute_activity_class",
    )
)
policy = numbered("temporalio.RetryPolicy", ("maximum_attempts",), FOREVER, endless_below(1, from_tries))


def activity(written: Written) -> Retry | None:
    """``workflow.execute_activity(f, retry_policy=...)``."""
    made = settled(written.value("retry_policy") or Known(None))
    if isinstance(made, Made) and made.name.qualified in POLICIES:
        return policy(Written(made.call, made.name.qualified, made.scope, written.values, dict(made.bound)))
    return written.retry("temporalio.RetryPolicy", FOREVER, ANY_EXCEPTION)


TEMPORALIO = RetryIdiom(
    "temporalio",
    (
        construct(POLICIES, (Role.CLIENT, Role.SITE), policy),
        construct(ACTIVITIES, Role.CALLER, activity),
    ),
)
