"""What a comparison says about the status of a request.

Source: the status attributes of requests, httpx, aiohttp, urllib, urllib3, http.client; ``RpcError.code()`` of grpcio.
Shape: status patterns as in ``parsers.facts.python.RetryCondition``.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence

from parsers.python.value import Either, Items, Known, Reply, Test, Thing, Value, settled

#: Truth values of a response: attribute -> (patterns, whether it is true for them).
FLAGS: dict[str, tuple[tuple[str, ...], bool]] = {
    "ok": ((">=400",), False),
    "is_success": (("2xx",), True),
    "is_error": ((">=400",), True),
    "is_client_error": (("4xx",), True),
    "is_server_error": (("5xx",), True),
    "is_redirect": (("3xx",), True),
}
STATUS_NAMES = frozenset({"status_code", "status", "code", "http_status", "getcode"})
#: Clients whose response counts as true where its status is below 400 (requests/models.py ``Response.__bool__``).
_TRUTHY_CLIENTS = ("requests", "niquests")
_SWAPPED: dict[type[ast.cmpop], ast.cmpop] = {
    ast.Lt: ast.Gt(),
    ast.Gt: ast.Lt(),
    ast.LtE: ast.GtE(),
    ast.GtE: ast.LtE(),
    ast.Eq: ast.Eq(),
    ast.NotEq: ast.NotEq(),
}


def as_test(value: Value) -> Test | None:
    """The value as a condition on a status, where it is one."""
    if isinstance(value, Test):
        return value
    if isinstance(value, Reply) and value.part == "response" and value.client.startswith(_TRUTHY_CLIENTS):
        return Test(value.key, (">=400",), holds=False)
    return None


def flag(reply: Reply, attr: str) -> Test | None:
    """``response.ok`` and its like."""
    if reply.part != "response" or attr not in FLAGS:
        return None
    statuses, holds = FLAGS[attr]
    return Test(reply.key, statuses, holds)


def status_word(value: Value) -> str | None:
    """A status as a cause: ``503``, ``grpc-unavailable``."""
    value = settled(value)
    if isinstance(value, Known) and isinstance(value.value, int) and not isinstance(value.value, bool):
        return str(value.value)
    if isinstance(value, Known) and isinstance(value.value, str) and value.value[:3].isdecimal():
        return value.value[:3]
    if isinstance(value, Thing) and ".StatusCode." in value.name.qualified:
        return grpc_word(value.name.qualified.rpartition(".")[2])
    return None


def grpc_word(name: str) -> str:
    """``DEADLINE_EXCEEDED`` -> ``grpc-deadline-exceeded``; ``OK`` is a success."""
    return "200" if name == "OK" else f"grpc-{name.lower().replace('_', '-')}"


def status_test(op: ast.cmpop, left: Value, right: Value) -> Test | None:
    """``response.status_code == 503`` and its like."""
    if isinstance(right, Reply) and not isinstance(left, Reply) and type(op) in _SWAPPED:
        return status_test(_SWAPPED[type(op)], right, left)
    if not isinstance(left, Reply) or left.part not in ("status", "class"):
        return None
    if isinstance(op, ast.In | ast.NotIn):
        words = _words(right)
        return Test(left.key, words, isinstance(op, ast.In)) if words else None
    word = status_word(right)
    if word is None:
        return None
    if left.part == "class":
        same = isinstance(op, ast.Eq | ast.NotEq) and len(word) == 1
        return Test(left.key, (f"{word}xx",), isinstance(op, ast.Eq)) if same else None
    return _compared(left.key, op, word)


def _compared(key: int, op: ast.cmpop, word: str) -> Test | None:
    match op:
        case ast.Eq() | ast.Is():
            return Test(key, (word,))
        case ast.NotEq() | ast.IsNot():
            return Test(key, (word,), holds=False)
    if not word.isdecimal():
        return None
    number = int(word)
    match op:
        case ast.GtE():
            return Test(key, (f">={number}",))
        case ast.Gt():
            return Test(key, (f">={number + 1}",))
        case ast.Lt():
            return Test(key, (f">={number}",), holds=False)
        case ast.LtE():
            return Test(key, (f">={number + 1}",), holds=False)
        case _:
            return None


def _words(value: Value) -> tuple[str, ...]:
    value = settled(value)
    items: Sequence[Value] = value.items if isinstance(value, Items) else ()
    if isinstance(value, Items) and value.kind == "range" and items:
        return _span(items)
    words = [status_word(i) for i in items]
    return tuple(w for w in words if w is not None) if all(words) and not isinstance(value, Either) else ()


def _span(items: Sequence[Value]) -> tuple[str, ...]:
    numbers = [i.value for i in items if isinstance(i, Known) and isinstance(i.value, int)]
    whole = sorted({n // 100 for n in numbers})
    full = all(sum(1 for n in numbers if n // 100 == c) >= 99 for c in whole)
    return tuple(f"{c}xx" for c in whole) if full else tuple(str(n) for n in numbers[:64])


def range_test(ops: list[ast.cmpop], values: list[Value]) -> Test | None:
    """``200 <= response.status_code < 300``."""
    low, reply, high = values
    bounds = (status_word(low), status_word(high))
    if not isinstance(reply, Reply) or reply.part != "status" or None in bounds:
        return None
    start, end = (int(b) for b in bounds if b is not None and b.isdecimal())
    start += isinstance(ops[0], ast.Lt)
    end += isinstance(ops[1], ast.LtE)
    classes = tuple(f"{c}xx" for c in range(start // 100, (end + 1) // 100))
    exact = start % 100 == 0 and end % 100 in (0, 99) and classes
    return Test(reply.key, classes) if exact else None
