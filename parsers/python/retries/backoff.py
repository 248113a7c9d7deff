"""backoff: decorators that repeat on exceptions or on values.

Source: litl/backoff 2.2.1 backoff/_decorator.py, _sync.py, _common.py, measured (spec/python_retries.json).
Units: ``max_tries`` counts attempts; 0, negative or ``None`` is forever. Times in seconds.
"""

from __future__ import annotations

import ast

from parsers.facts.python import Retry, RetryCondition
from parsers.python.idioms import (
    DYNAMIC,
    FOREVER,
    Amount,
    RetryIdiom,
    Role,
    Written,
    amount,
    construct,
    endless_below,
    from_tries,
)
from parsers.python.value import Items, Known, settled
from parsers.quantities import Count


def _attempts(written: Written) -> Amount:
    expr = written.expression("max_tries")
    if isinstance(expr, ast.Lambda):
        return DYNAMIC
    bound = amount(written.value("max_tries"), FOREVER, endless_below(1, from_tries))
    return _finite_waits(written) if bound == FOREVER else bound


def _finite_waits(written: Written) -> Amount:
    """``backoff.constant`` over a list of waits ends with the list: one attempt more than waits."""
    wait = written.expression("wait_gen", at=0)
    name = written.values.program.resolve(wait, written.scope) if wait is not None else None
    if name is None or name.qualified != "backoff.constant":
        return FOREVER
    match settled(written.value("interval") or Known(None)):
        case Items(items=items, complete=True):
            return Amount(Count(len(items) + 1))
        case _:
            return FOREVER


def _wait(written: Written) -> float:
    """Full jitter, the default, may wait no time at all."""
    if written.given("jitter") and written.value("jitter") == Known(None):
        return written.seconds("interval") or 0.0
    return 0.0


def on_exception(written: Written) -> Retry | None:
    """``@backoff.on_exception(backoff.expo, E, max_tries=n)``."""
    names = written.exceptions("exception", at=1)
    condition = RetryCondition(exceptions=names or ("Exception",), unknown=names is None)
    same = written.value("raise_on_giveup")
    exhausted = "return" if isinstance(same, Known) and same.value is False else "same"
    return written.retry(
        "backoff.on_exception",
        _attempts(written),
        condition,
        exhausted=exhausted,
        min_wait_s=_wait(written),
        deadline_s=written.seconds("max_time"),
    )


def on_predicate(written: Written) -> Retry | None:
    """``@backoff.on_predicate(backoff.expo, predicate)``: exceptions pass through."""
    return written.retry(
        "backoff.on_predicate",
        _attempts(written),
        RetryCondition(result=True),
        exhausted="return",
        min_wait_s=_wait(written),
        deadline_s=written.seconds("max_time"),
    )


BACKOFF = RetryIdiom(
    "backoff",
    (
        construct(
            ("backoff.on_exception", "backoff._decorator.on_exception"), (Role.DECORATOR, Role.CALLER), on_exception
        ),
        construct(
            ("backoff.on_predicate", "backoff._decorator.on_predicate"), (Role.DECORATOR, Role.CALLER), on_predicate
        ),
    ),
)
