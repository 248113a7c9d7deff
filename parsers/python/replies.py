"""What code reads from a response or from the exception that came in its place.

Source: the response and exception classes of requests, httpx, aiohttp, urllib, urllib3, http.client and grpcio.
"""

from __future__ import annotations

from parsers.python.conditions import STATUS_NAMES, flag
from parsers.python.value import Failure, Reply, Unknown, Value, either

#: Methods of a response that give its status.
STATUS_CALLS = frozenset({"getcode", "code"})


def attribute(reply: Reply, attr: str) -> Value:
    """``response.attr``."""
    if reply.part in ("status", "class"):
        return reply
    asked = flag(reply, attr)
    if asked is not None:
        return asked
    if reply.part == "response" and attr in STATUS_NAMES:
        return Reply(reply.key, "status", reply.client)
    return Reply(reply.key, "body", reply.client)


def of_failure(failure: Failure, attr: str) -> Value:
    """``error.response``, ``error.code``."""
    if not failure.keys:
        return Unknown(attr)
    part = "response" if attr == "response" else "status" if attr in STATUS_NAMES else "body"
    if part == "body":
        return Unknown(attr)
    return either(Reply(key, part, failure.client) for key in failure.keys)


def called(base: Value, attr: str) -> Value | None:
    """What a method of a response or of an exception gives; ``None`` where the value is neither."""
    match base:
        case Reply(part="status" | "class"):
            return base
        case Reply():
            part = "status" if attr in STATUS_CALLS and base.part == "response" else "body"
            return Reply(base.key, part, base.client)
        case Failure():
            return of_failure(base, attr)
        case _:
            return None
