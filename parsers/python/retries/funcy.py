"""funcy.retry: attempts by number, errors by class.

Source: Suor/funcy funcy/flow.py, measured (spec/python_retries.json). Units: ``tries`` counts attempts.
"""

from __future__ import annotations

from parsers.python.idioms import DYNAMIC, RetryIdiom, Role, construct, from_tries, named, numbered

_READ = numbered("funcy.retry", ("tries",), DYNAMIC, from_tries, named("errors", at=1), at=0)

FUNCY = RetryIdiom("funcy", (construct(("funcy.retry", "funcy.flow.retry"), (Role.DECORATOR, Role.CALLER), _READ),))
