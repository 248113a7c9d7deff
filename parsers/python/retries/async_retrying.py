"""async_retrying: attempts, or ``forever``.

Source: wikibusiness/async_retrying 0.2.2 async_retrying.py, read. Units: ``attempts`` counts attempts.
"""

from __future__ import annotations

import ast

from parsers.facts.python import Retry
from parsers.python.idioms import FOREVER, Amount, RetryIdiom, Role, Written, amount, construct, from_tries, named
from parsers.quantities import Count


def read(written: Written) -> Retry | None:
    """``@retry(attempts=3)``."""
    expr = written.expression("attempts")
    endless = isinstance(expr, ast.Constant) and expr.value is ...
    bound = FOREVER if endless else amount(written.value("attempts"), Amount(Count(3)), from_tries)
    return written.retry("async_retrying.retry", bound, named("retry_exceptions")(written))


ASYNC_RETRYING = RetryIdiom("async_retrying", (construct("async_retrying.retry", Role.DECORATOR, read),))
