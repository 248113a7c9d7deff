"""httpx: transports that connect again.

Source: encode/httpx 0.28.1 httpx/_transports/default.py, measured: only establishing the connection is retried.
Units: ``retries`` counts retries.
"""

from __future__ import annotations

from dataclasses import replace

from parsers.facts.python import Retry, RetryCondition
from parsers.python.idioms import ONE, RetryIdiom, Role, Written, construct, from_retries, numbered
from parsers.python.value import Items, Made, Table, Value, settled
from parsers.quantities import ONCE

TRANSPORTS = tuple(
    f"{package}.{name}" for package in ("httpx", "httpx2") for name in ("HTTPTransport", "AsyncHTTPTransport")
)
CLIENTS = tuple(f"{package}.{name}" for package in ("httpx", "httpx2") for name in ("Client", "AsyncClient"))
POOLS = ("httpcore.ConnectionPool", "httpcore.AsyncConnectionPool")
CONNECTING = RetryCondition(causes=("connect-failure",))

transport = numbered(
    "httpx.HTTPTransport", ("retries",), ONE, from_retries, CONNECTING, exhausted="httpx.ConnectError", only_given=True
)


def client(written: Written) -> Retry | None:
    """A client with ``transport=`` or ``mounts=``: what that transport does."""
    made = [written.value("transport")]
    mounts = settled(written.value("mounts") or Items("tuple", ()))
    if isinstance(mounts, Table):
        made += [value for _, value in mounts.pairs]
    found = [r for value in made if value is not None and (r := _of_transport(value, written)) is not None]
    return max(found, key=lambda r: (r.attempts is None, r.attempts or ONCE), default=None)


def _of_transport(value: Value, written: Written) -> Retry | None:
    match settled(value):
        case Made(name=name, call=call, scope=scope, bound=bound) if name.qualified in TRANSPORTS:
            inner = Written(call, name.qualified, scope, written.values, dict(bound))
            found = transport(inner)
            return replace(found, symbol=written.scope.symbol) if found is not None else None
        case _:
            return None


HTTPX = RetryIdiom(
    "httpx",
    (
        construct((*TRANSPORTS, *POOLS), (Role.CLIENT, Role.SITE), transport),
        construct(CLIENTS, Role.CLIENT, client),
    ),
)
