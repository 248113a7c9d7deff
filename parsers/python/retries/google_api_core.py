"""google.api_core: retries with a deadline and no count.

Source: googleapis/python-api-core 2.44.0 google/api_core/retry/retry_base.py, retry_unary.py, measured.
Units: ``timeout`` (formerly ``deadline``) is seconds, 120 by default; the first wait may be nothing at all.
"""

from __future__ import annotations

from parsers.facts.python import Retry, RetryCondition
from parsers.python.idioms import FOREVER, ONE, RetryIdiom, Role, Written, construct
from parsers.python.value import Made, settled

TIMEOUT_S = 120.0
KINDS = (
    "retry.Retry",
    "retry.AsyncRetry",
    "retry.StreamingRetry",
    "retry.AsyncStreamingRetry",
    "retry_async.AsyncRetry",
    "retry.retry_unary.Retry",
    "retry.retry_unary_async.AsyncRetry",
    "retry.retry_streaming.StreamingRetry",
    "retry.retry_streaming_async.AsyncStreamingRetry",
    "retry_streaming.StreamingRetry",
)
TRANSIENT = (
    "google.api_core.exceptions.InternalServerError",
    "google.api_core.exceptions.TooManyRequests",
    "google.api_core.exceptions.ServiceUnavailable",
    "requests.exceptions.ConnectionError",
    "requests.exceptions.ChunkedEncodingError",
    "google.auth.exceptions.TransportError",
)


def read(written: Written) -> Retry | None:
    """``Retry(predicate=..., timeout=60)``."""
    timeout = written.seconds("timeout", "deadline") if written.given("timeout", "deadline") else TIMEOUT_S
    bound = ONE if timeout == 0 else FOREVER
    return written.retry(
        "google.api_core.Retry",
        bound,
        _condition(written),
        exhausted="google.api_core.exceptions.RetryError",
        deadline_s=timeout,
    )


def _condition(written: Written) -> RetryCondition:
    if not written.given("predicate", at=0):
        return RetryCondition(exceptions=TRANSIENT)
    match settled(written.value("predicate", at=0)):  # type: ignore[arg-type]  # it is given
        case Made(name=name, call=call, scope=scope) if name.qualified.endswith("if_exception_type"):
            inner = Written(call, name.qualified, scope, written.values)
            found = [inner.exceptions("exception_types", at=i) for i in range(len(call.args))]
            names = tuple(n for several in found if several for n in several)
            return RetryCondition(exceptions=names or ("Exception",))
        case _:
            return RetryCondition(exceptions=("Exception",), unknown=True)


GOOGLE_API_CORE = RetryIdiom(
    "google_api_core",
    (
        construct(
            tuple(f"google.api_core.{kind}" for kind in KINDS),
            (Role.DECORATOR, Role.CALLER, Role.CLIENT, Role.SITE),
            read,
        ),
    ),
)
