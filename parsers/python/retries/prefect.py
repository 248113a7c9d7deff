"""Prefect: tasks and flows that are run again.

Source: PrefectHQ/prefect 3.8.8 src/prefect/tasks.py, flows.py, measured. Units: ``retries`` counts retries.
"""

from __future__ import annotations

from parsers.python.idioms import ONE, RetryIdiom, Role, construct, from_retries, numbered

_TASK = numbered("prefect.task", ("retries",), ONE, from_retries, only_given=True)

PREFECT = RetryIdiom(
    "prefect",
    (construct(("prefect.task", "prefect.flow", "prefect.tasks.task", "prefect.flows.flow"), Role.TASK, _TASK),),
)
