"""urllib3's ``Retry`` as other libraries take it: in requests' adapters, pools, clients.

Source: urllib3 2.8.0 src/urllib3/util/retry.py ``Retry.increment``, measured (spec/python_retries.json).
"""

from __future__ import annotations

from parsers.facts.python import Retry, RetryCondition
from parsers.python.idioms import (
    CONNECTION,
    IDEMPOTENT,
    ONE,
    Amount,
    Written,
    amount,
    from_retries,
    is_switched_off,
    largest,
    smallest,
)
from parsers.python.value import Default, Either, Items, Known, Made, Unknown, Value, settled
from parsers.quantities import UNBOUNDED, Count

NAMES = (
    "urllib3.Retry",
    "urllib3.util.Retry",
    "urllib3.util.retry.Retry",
    "requests.packages.urllib3.Retry",
    "requests.packages.urllib3.util.Retry",
    "requests.packages.urllib3.util.retry.Retry",
    "requests.adapters.Retry",
    "requests.Retry",
    "urllib3_future.util.Retry",
    "urllib3_future.Retry",
    "botocore.vendored.requests.packages.urllib3.util.retry.Retry",
)
#: ``total=10`` (urllib3/util/retry.py Retry.__init__).
DEFAULT_TOTAL = Amount(Count(11))
NO_BOUND = Amount(UNBOUNDED)
#: Retry.RETRY_AFTER_STATUS_CODES: retried where the answer says when, also without ``status_forcelist``.
AFTER = ("413+retry-after", "429+retry-after", "503+retry-after")
KINDS = (("connect", 1), ("read", 2), ("status", 4), ("other", 5))


def read_retry(written: Written, idiom: str) -> Retry | None:
    """``Retry(total=10, connect=None, read=None, redirect=None, status=None, other=None, ...)``."""
    total_value = written.value("total", at=0)
    if isinstance(total_value, Known) and total_value.value is False:
        return written.retry(idiom, ONE, RetryCondition(), exhausted="same")
    total = amount(total_value, NO_BOUND if total_value is not None else DEFAULT_TOTAL, from_retries)
    kinds = [amount(written.value(name, at=at), NO_BOUND, _counter) for name, at in KINDS]
    bound = smallest([total, largest(kinds)])
    again = written.value("raise_on_status", at=11)
    exhausted = "return" if is_switched_off(again) else "urllib3.exceptions.MaxRetryError"
    return written.retry(idiom, bound, _condition(written), exhausted=exhausted)


def _counter(number: float) -> Count:
    return from_retries(number)


def _condition(written: Written) -> RetryCondition:
    statuses = _numbers(written.value("status_forcelist", at=7))
    methods = _methods(written)
    causes = (*CONNECTION, *AFTER, *(statuses or ()))
    return RetryCondition(causes=causes, methods=methods, unknown=statuses is None)


def _methods(written: Written) -> frozenset[str] | None:
    value = written.value("allowed_methods", "method_whitelist", at=6)
    if value is None:
        return IDEMPOTENT
    match settled(value):
        case Items(items=items):
            texts = [settled(i) for i in items]
            return frozenset(str(t.value).upper() for t in texts if isinstance(t, Known))
        case Known(value=None | False):
            return None
        case _:
            return None


def _numbers(value: Value | None) -> tuple[str, ...] | None:
    """Statuses of a literal; ``None`` where they are not known."""
    if value is None or value == Known(None):
        return ()
    match settled(value):
        case Items(kind="range", items=items) | Items(items=items):
            numbers = [settled(i) for i in items]
            return tuple(str(n.value) for n in numbers if isinstance(n, Known) and isinstance(n.value, int))
        case _:
            return None


def of_retries(value: Value | None, written: Written, idiom: str) -> Retry | None:
    """``retries=`` or ``max_retries=``: a number, a truth value, or a ``Retry``."""
    match value:
        case Made(name=name, call=call, scope=scope) if name.qualified in NAMES:
            return read_retry(Written(call, name.qualified, scope, written.values, dict(value.bound)), idiom)
        case Default(value=Made() as made):
            return of_retries(made, written, idiom)
        case Either(options=options):
            found = [r for o in options if (r := of_retries(o, written, idiom)) is not None]
            return max(found, key=lambda r: (r.attempts is None, r.attempts or r.default or Count(0)), default=None)
        case None | Known(value=None):
            return None
        case Known(value=int() | float()) | Default() | Unknown():
            condition = RetryCondition(causes=(*CONNECTION, *AFTER), methods=IDEMPOTENT)
            bound = amount(value, ONE, from_retries)
            return written.retry(idiom, bound, condition, exhausted="urllib3.exceptions.MaxRetryError")
        case _:
            condition = RetryCondition(causes=(*CONNECTION, *AFTER), unknown=True)
            return written.retry(idiom, Amount(None), condition)
