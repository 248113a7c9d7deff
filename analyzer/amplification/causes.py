"""Causes: how they are spelled, which patterns cover them, and which of them are worth asking about.

Source: the word list of docs/concepts.md and ``analyzer.model``.
Shape: a cause is ``connect-failure``, ``reset``, ``timeout``, ``truncated``, a status (``503``), ``grpc-unavailable``
or ``proxy-503``, with an optional ``+header``. Success is ``ok`` or a status below 400.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

#: A success of which nothing more is known: any status below 300.
OK = "ok"
HANG = "timeout"
CUT = "per-try-timeout"
#: What an answer is where nothing in the code says which one; it stands for every candidate.
ANY = "?"

#: A mark instead of a status: which way a function was left (``parsers.facts.python.Scope``).
MARK = "#"

NETWORK = ("connect-failure", "reset", "timeout", "truncated")
RATELIMITED = "x-envoy-ratelimited"
RETRY_AFTER = "retry-after"

#: Asked for every HTTP operation, whatever the layers distinguish.
HTTP_BASE = ("503", "500", "connect-failure", "reset", "timeout")
#: Asked only where a layer somewhere tells them from the others.
HTTP_MORE = ("truncated", "429", "409", "404", "502", "504", "408", "425", "508", "503+retry-after", "429+retry-after")
GRPC_BASE = ("grpc-unavailable", "grpc-internal", "connect-failure", "reset", "timeout")
GRPC_MORE = (
    "grpc-deadline-exceeded",
    "grpc-resource-exhausted",
    "grpc-cancelled",
    "grpc-aborted",
    "grpc-unknown",
    "grpc-not-found",
)
OTHER_BASE = ("connect-failure", "reset", "timeout")
#: What a handler may answer where its code does not say: statuses only, for it is there to answer.
HTTP_ANSWERS = ("500", "503", "502", "504", "429", "409", "404", "408", "425")
GRPC_ANSWERS = ("grpc-unavailable", "grpc-internal", "grpc-unknown", *GRPC_MORE[:4])

_COMPARISON = re.compile(r"(>=|<=|>|<|==|!=|!)(\d[\dx]{2})$")


def base(cause: str) -> str:
    """The cause without its header."""
    return cause.split("+", 1)[0]


def failed(cause: str) -> bool:
    """Whether it is a failure: neither ``ok`` nor a status below 400."""
    code = base(cause)
    return code != OK and not code.startswith(MARK) and not (code.isdecimal() and int(code) < 400)


def status_of(cause: str) -> int | None:
    """The HTTP status, where an answer arrives."""
    code = base(cause).removeprefix("proxy-")
    if code == OK:
        return 200
    return int(code) if code.isdecimal() else None


@lru_cache(maxsize=65536)
def covers(pattern: str, cause: str) -> bool:
    """Whether a pattern takes a cause: exact, ``5xx``, ``grpc-*``, ``*``, ``>=400``, ``!=200``, ``!2xx``, ``+header``.

    A pattern without header takes a cause with one; ``per-try-timeout`` only takes itself.
    """
    wanted, _, header = pattern.partition("+")
    code, _, present = cause.partition("+")
    if header and header != present:
        return False
    if code == OK:
        return _covers_success(wanted)
    if wanted in (code, "*"):
        return True
    if wanted.endswith("*"):
        return code.startswith(wanted[:-1])
    return _covers_status(wanted, code)


def _covers_success(wanted: str) -> bool:
    """Whether a success of unknown status is meant: any wanted one below 300 is taken to be the one."""
    compared = _COMPARISON.match(wanted)
    if compared is None:
        return wanted in ("*", OK) or wanted[:1] in ("1", "2")
    operator, right = compared.groups()
    if operator in ("!", "!="):
        return not _covers_success(right)
    bound = int(right.replace("x", "0"))
    return {">=": bound <= 299, ">": bound < 299, "<=": bound >= 200, "<": bound > 200, "==": bound < 300}[operator]


def _covers_status(wanted: str, code: str) -> bool:
    if not code.isdecimal():
        return False
    compared = _COMPARISON.match(wanted)
    if compared is None:
        return _same(wanted, code)
    operator, right = compared.groups()
    if operator in ("!", "!="):
        return not _same(right, code)
    low, value = int(right.replace("x", "0")), int(code)
    return {">=": value >= low, "<=": value <= low, ">": value > low, "<": value < low, "==": value == low}[operator]


def _same(wanted: str, code: str) -> bool:
    return len(wanted) == len(code) and all(w in (c, "x") for w, c in zip(wanted, code, strict=True))


def any_covers(patterns: Iterable[str], cause: str) -> bool:
    """Whether one of the patterns takes the cause."""
    return any(covers(p, cause) for p in patterns)


def distinguished(patterns: Iterable[str], always: Iterable[str], candidates: Iterable[str]) -> tuple[str, ...]:
    """``always``, and those candidates that some pattern tells from everything already taken."""
    wanted = sorted(set(patterns))
    taken = list(always)
    seen = {_signature(wanted, c) for c in taken}
    for cause in candidates:
        mark = _signature(wanted, cause)
        if mark not in seen:
            seen.add(mark)
            taken.append(cause)
    return tuple(taken)


def _signature(patterns: list[str], cause: str) -> tuple[bool, ...]:
    return tuple(covers(p, cause) for p in patterns)
