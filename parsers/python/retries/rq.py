"""RQ: jobs that are run again.

Source: rq/rq 3.0.0 rq/job.py Retry, measured. Units: ``max`` counts retries.
"""

from __future__ import annotations

from parsers.python.idioms import ONE, RetryIdiom, Role, construct, from_retries, numbered

_READ = numbered("rq.Retry", ("max",), ONE, from_retries, at=0)

RQ = RetryIdiom("rq", (construct(("rq.Retry", "rq.job.Retry"), (Role.TASK, Role.SITE), _READ),))
