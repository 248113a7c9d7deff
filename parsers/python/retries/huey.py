"""Huey: tasks that are run again.

Source: coleifer/huey 3.5.4 huey/api.py, measured. Units: ``retries`` counts retries.
"""

from __future__ import annotations

from parsers.python.idioms import ONE, RetryIdiom, Role, construct, from_retries, numbered

_READ = numbered("huey.task", ("retries",), ONE, from_retries, only_given=True)
KINDS = ("RedisHuey", "SqliteHuey", "MemoryHuey", "Huey", "PriorityRedisHuey")

HUEY = RetryIdiom(
    "huey",
    (
        construct(
            tuple(
                f"huey.{name}"
                for name in (
                    "task",
                    "periodic_task",
                    "contrib.djhuey.task",
                    "contrib.djhuey.db_task",
                    "contrib.djhuey.periodic_task",
                    "contrib.djhuey.db_periodic_task",
                    *(f"{kind}.{method}" for kind in KINDS for method in ("task", "periodic_task")),
                )
            ),
            Role.TASK,
            _READ,
        ),
    ),
)
