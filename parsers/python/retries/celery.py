"""Celery: tasks that are run again by ``autoretry_for`` or by ``self.retry``.

Source: celery/celery 5.7.0 celery/app/autoretry.py, celery/app/task.py (max_retries = 3), measured.
Units: ``max_retries`` counts retries; ``retry_kwargs`` wins over it; ``None`` is forever.
"""

from __future__ import annotations

import ast

from parsers.facts.python import Retry, RetryCondition
from parsers.python.idioms import (
    FOREVER,
    Amount,
    RetryIdiom,
    Role,
    Written,
    amount,
    construct,
    from_retries,
)
from parsers.python.value import Known, Table, Value, settled
from parsers.quantities import Count

DEFAULT = Amount(Count(4))
NAMES = ("celery.shared_task", "celery.task", "celery.app.shared_task", "celery.decorators.task", "*.task")


def task(written: Written) -> Retry | None:
    """``@app.task(autoretry_for=(E,), max_retries=5)``; without ``autoretry_for``, what its body's ``retry`` says."""
    if written.call is not None and written.expression("autoretry_for") is not None:
        names = written.exceptions("autoretry_for")
        excepted = written.exceptions("dont_autoretry_for") or ()
        condition = RetryCondition(names or ("Exception",), excepted, unknown=names is None)
        return written.retry("celery.task", _limit(written), condition)
    again = _again(written)
    if again is None:
        return None
    given = next((k.value for k in again.keywords if k.arg == "max_retries"), None)
    value = written.values.evaluate(given, written.function or written.scope) if given is not None else None
    bound = amount(value, FOREVER, from_retries) if given is not None else _limit(written)
    return written.retry("celery.task", bound, RetryCondition(exceptions=("Exception",), unknown=True))


def _limit(written: Written) -> Amount:
    table = settled(written.value("retry_kwargs") or Known(None))
    own: Value | None = table.get("max_retries") if isinstance(table, Table) else None
    value = own if own is not None else written.value("max_retries")
    if value is None:
        return DEFAULT
    return amount(value, FOREVER, from_retries)


def _again(written: Written) -> ast.Call | None:
    """``self.retry(...)`` in a bound task, ``the_task.retry(...)`` in another."""
    scope = written.function
    if scope is None or not isinstance(scope.node, ast.FunctionDef | ast.AsyncFunctionDef):
        return None
    arguments = scope.node.args.args
    names = {scope.node.name, *(a.arg for a in arguments[:1])}
    for node in scope.own_nodes():
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="retry")) if name in names:
                return node
            case _:
                continue
    return None


CELERY = RetryIdiom("celery", (construct(NAMES, Role.TASK, task),))
