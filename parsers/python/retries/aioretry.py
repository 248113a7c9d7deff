"""aioretry: a policy function decides, from the number of failures so far.

Source: kaelzhang/python-aioretry 6.3.1 aioretry/retry.py, measured: ``fails > n`` is n+1 attempts, ``>= n`` is n.
"""

from __future__ import annotations

import ast

from parsers.facts.python import Retry
from parsers.python.idioms import (
    ANY_EXCEPTION,
    DYNAMIC,
    Amount,
    RetryIdiom,
    Role,
    Written,
    amount,
    construct,
    from_tries,
)
from parsers.python.module import Scope
from parsers.quantities import Count


def read(written: Written) -> Retry | None:
    """``@retry(policy)``."""
    policy = written.expression("retry_policy", at=0)
    name = written.values.program.resolve(policy, written.scope) if policy is not None else None
    scope = name.scope if name is not None else None
    bound = _of_policy(scope, written) if scope is not None else DYNAMIC
    return written.retry("aioretry.retry", bound, ANY_EXCEPTION)


def _beyond(fails: float) -> Count:
    return from_tries(fails + 1)


def _of_policy(scope: Scope, written: Written) -> Amount:
    for node in scope.own_nodes():
        match node:
            case ast.Compare(left=ast.Attribute(attr="fails"), ops=[ast.Gt() | ast.GtE() as op], comparators=[limit]):
                count = _beyond if isinstance(op, ast.Gt) else from_tries
                return amount(written.values.evaluate(limit, scope), DYNAMIC, count)
            case _:
                continue
    return DYNAMIC


AIORETRY = RetryIdiom("aioretry", (construct("aioretry.retry", Role.DECORATOR, read),))
