"""Airflow: tasks and operators that the scheduler starts again.

Source: apache/airflow 3.3.2 airflow/models/taskinstance.py is_eligible_to_retry, read. Units: ``retries``: retries.
"""

from __future__ import annotations

from parsers.facts.python import RetryCondition
from parsers.python.idioms import ONE, RetryIdiom, Role, construct, from_retries, numbered

CONDITION = RetryCondition(("Exception",), ("airflow.exceptions.AirflowFailException",))
_TASK = numbered("airflow.task", ("retries",), ONE, from_retries, CONDITION, only_given=True)
_OPERATOR = numbered("airflow.operator", ("retries",), ONE, from_retries, CONDITION, only_given=True)

AIRFLOW = RetryIdiom(
    "airflow",
    (
        construct(
            ("airflow.sdk.task", "airflow.decorators.task", "airflow.sdk.task.*", "airflow.decorators.task.*"),
            Role.TASK,
            _TASK,
        ),
        construct(("airflow.*Operator", "airflow.*Sensor"), (Role.CLIENT, Role.SITE), _OPERATOR),
    ),
)
