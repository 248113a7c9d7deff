"""arq: a job is tried again only when it says so by ``raise Retry``.

Source: python-arq/arq 0.28.0 arq/worker.py (max_tries = 5), measured. Units: ``max_tries`` counts attempts.
"""

from __future__ import annotations

from parsers.facts.python import RetryCondition
from parsers.python.idioms import Amount, RetryIdiom, Role, construct, from_tries, numbered
from parsers.quantities import Count

_READ = numbered(
    "arq.func",
    ("max_tries",),
    Amount(Count(5)),
    from_tries,
    RetryCondition(exceptions=("arq.worker.Retry",)),
    only_given=True,
)

ARQ = RetryIdiom("arq", (construct(("arq.func", "arq.worker.func"), (Role.TASK, Role.SITE), _READ),))
