"""Names of operations, and which operation of the callee a request asks for.

Source: the path syntaxes of Flask/Werkzeug (``<int:id>``), Starlette/FastAPI (``{id:path}``), aiohttp
(``{id:\\d+}``), Django (``(?P<id>...)``), Tornado (``/(\\d+)``) and Express-like routers (``:id``).
Shape: canonical paths start with ``/``; a parameter is ``{name}``, one that takes several segments ``{name:path}``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from analyzer.linking.texts import HOLE, labelled
from analyzer.model import Precision
from parsers.facts.python import Handler

ANY = "*"
_PARAMETER = re.compile(r"\{([^{}/:]*)(?::path)?\}")
_MULTI = re.compile(r"\{[^{}/]*:path\}|\*")
_MAX_ALTERNATIVES = 6


@dataclass(frozen=True, slots=True)
class Match:
    """The operation's name, how sure we are, and what to say about it."""

    name: str
    precision: Precision
    note: str | None = None


def operation_name(handler: Handler) -> str:
    """``POST /users/{id}``, ``/pkg.Service/Method``, ``consumer orders``, ``cli manage.main``."""
    if handler.kind == "grpc":
        return handler.route if handler.route.startswith("/") else f"/{handler.route}"
    if handler.kind == "http":
        return f"{handler.method.upper()} {canonical(handler.route)}"
    what = handler.route if handler.route not in ("", ANY) else handler.symbol
    return f"{handler.kind} {what}".strip()


def canonical(route: str) -> str:
    """One spelling for every framework's."""
    if route in ("", ANY):
        return ANY if route else "/"
    path = re.sub(r"^\^|\$$|\\Z$", "", route.strip())
    path = re.sub(r"(?<!\?P)<(?:(path|\w+)(?:\([^)]*\))?:)?(\w+)>", _converter, path)
    path = _named_groups(path)
    path = re.sub(
        r"\{(\w*):(.*?)\}(?=/|$|[^}\w])", lambda m: f"{{{m[1]}:path}}" if _greedy(m[2]) else f"{{{m[1]}}}", path
    )
    path = re.sub(r"(?<=/):(\w+)(?:\([^)]*\))?", r"{\1}", path)
    path = path.replace("\\.", ".").replace("\\/", "/").replace("\\-", "-").replace("/?", "/")
    return re.sub(r"/{2,}", "/", path if path.startswith("/") else f"/{path}")


def called_name(protocol: str, method: str, path: str | None) -> str:
    """The operation as the caller writes it; ``*`` where nothing of it is known."""
    if protocol == "grpc":
        return method if method.startswith("/") else ANY
    if protocol not in ("http", "https", "ws"):
        return ANY
    if path is None and method in ("", ANY):
        return ANY
    return f"{method.upper() or ANY} {labelled(path) if path else '/'}"


def match(names: Iterable[str], protocol: str, method: str, path: str | None) -> tuple[Match, ...]:
    """The callee's operations that a call may mean: one where it is clear, several where data decides."""
    called = called_name(protocol, method, path)
    known = tuple(names)
    if protocol == "grpc":
        return (_rpc(known, called),)
    routed = tuple(n for n in known if " /" in n or n.endswith(" *"))
    if not routed or called == ANY:
        return (Match(called, Precision.EXACT if called != ANY else Precision.UNKNOWN),)
    if path is not None and not HOLE.sub("", path).strip("/") and HOLE.search(path):
        return _anything(routed, method, called)
    scored = [(score, n) for n in routed if (score := _score(n, method, path or "/")) is not None]
    if scored:
        best = max(score for score, _ in scored)
        found = sorted(n for score, n in scored if score == best)
        precision = Precision.EXACT if len(found) == 1 else Precision.UPPER_BOUND
        return tuple(Match(n, precision) for n in found)
    inner = [n for n in routed if _suffix(n, method, path or "/")]
    if len(inner) == 1:
        return (Match(inner[0], Precision.UPPER_BOUND, f"{called} as called; a prefix is taken off on the way"),)
    return (Match(called, Precision.UPPER_BOUND, "no handler of the callee is known to serve this"),)


def takes(names: Iterable[str], method: str, path: str) -> tuple[str, ...]:
    """The operations that surely take a request: by their literal segments, not by parameters alone."""
    found = []
    for name in names:
        score = _score(name, method, path) if " /" in name else None
        if score is not None and score[0] > 0 and score[2] == 0:
            found.append(name)
    return tuple(sorted(found))


def _anything(routed: tuple[str, ...], method: str, called: str) -> tuple[Match, ...]:
    """The path is not known: any operation with that method, where they are few enough to say so."""
    verbs = {method.upper(), ANY}
    found = sorted(n for n in routed if method in ("", ANY) or n.partition(" ")[0] in verbs)
    if not 0 < len(found) <= _MAX_ALTERNATIVES:
        return (Match(ANY, Precision.UNKNOWN, f"{called}: the path is not known"),)
    return tuple(Match(n, Precision.UPPER_BOUND, f"{called}: the path is not known") for n in found)


def _rpc(known: tuple[str, ...], called: str) -> Match:
    if called in known or called == ANY:
        return Match(called, Precision.EXACT if called != ANY else Precision.UNKNOWN)
    short = [n for n in known if n.startswith("/") and _short(n) == _short(called)]
    return Match(short[0], Precision.EXACT) if len(short) == 1 else Match(called, Precision.EXACT)


def _short(name: str) -> str:
    service, _, method = name.lstrip("/").partition("/")
    return f"{service.rpartition('.')[2]}/{method}"


def _score(name: str, method: str, path: str) -> tuple[int, ...] | None:
    """How specifically an operation takes a request; ``None`` where it does not."""
    verb, _, route = name.partition(" ")
    wanted = method.upper()
    if verb not in (ANY, wanted) and not (wanted == "HEAD" and verb == "GET") and wanted not in ("", ANY):
        return None
    if route == ANY:
        return (0, 0, 0, 0, verb != ANY)
    theirs, ours = _segments(route), _segments(path)
    exact = _align(theirs, ours)
    if exact is None:
        return None
    slash = route.endswith("/") == path.endswith("/")
    return (*exact, verb != ANY, slash)


def _segments(path: str) -> tuple[str, ...]:
    return tuple(s for s in path.split("/") if s)


def _align(route: tuple[str, ...], path: tuple[str, ...]) -> tuple[int, int, int, int] | None:
    """(literals agreed, parameters met by holes or values, minus literals met by holes, names alike), or ``None``."""
    literal = parameter = guessed = alike = 0
    for i, segment in enumerate(route):
        if _MULTI.search(segment):
            return (literal, parameter, -guessed, alike) if len(path) >= i else None
        if i >= len(path):
            # A hole at the end may hold several segments: ``f"{base}/{rest}"``.
            open_ended = path and HOLE.fullmatch(path[-1])
            return (literal, parameter, -guessed - len(route) + i, alike) if open_ended else None
        asked = path[i]
        if _PARAMETER.search(segment):
            if not _fits(segment, asked):
                return None
            parameter += 1
            alike += f"{{{_word(asked)}}}" == segment
        elif segment == asked:
            literal += 1
        elif HOLE.search(asked) and re.fullmatch(_pattern(asked), segment):
            guessed += 1
        else:
            return None
    return (literal, parameter, -guessed, alike) if len(route) == len(path) else None


def _word(asked: str) -> str:
    return labelled(asked).strip("{}") if HOLE.fullmatch(asked) else ""


def _fits(segment: str, asked: str) -> bool:
    if _PARAMETER.fullmatch(segment) or HOLE.search(asked):
        return True
    pattern = "".join(".+" if i % 2 else re.escape(p) for i, p in enumerate(_PARAMETER.split(segment)))
    return re.fullmatch(pattern, asked) is not None


def _pattern(asked: str) -> str:
    return "".join(".*" if i % 2 else re.escape(p) for i, p in enumerate(HOLE.split(asked)))


def _suffix(name: str, method: str, path: str) -> bool:
    """Whether the request asks for the operation once leading segments are taken off (``root_path``, a rewrite)."""
    route = _segments(name.partition(" ")[2])
    ours = _segments(path)
    if not any(not _PARAMETER.search(s) and not _MULTI.search(s) for s in route):
        return False
    tails = ("/" + "/".join(ours[i:]) for i in range(1, len(ours)))
    return any((s := _score(name, method, tail)) is not None and s[0] > 0 and s[2] == 0 for tail in tails)


def _named_groups(path: str) -> str:
    """``(?P<id>[0-9]+)`` and ``(\\d+)`` become ``{id}`` and ``{}``; groups may be nested."""
    out: list[str] = []
    depth = start = 0
    for i, char in enumerate(path):
        if char == "(" and (i == 0 or path[i - 1] != "\\"):
            start = i if depth == 0 else start
            depth += 1
        elif char == ")" and depth and path[i - 1] != "\\":
            depth -= 1
            if depth == 0:
                out.append(_group(path[start + 1 : i]))
        elif depth == 0:
            out.append(char)
    return "".join(out) if depth == 0 else path


def _group(body: str) -> str:
    if body.startswith("?:"):
        return _named_groups(body[2:])
    named = re.match(r"\?P<(\w+)>(.*)", body, re.DOTALL)
    name, inner = (named[1], named[2]) if named else ("", body)
    return f"{{{name}:path}}" if _greedy(inner) else f"{{{name}}}"


def _greedy(pattern: str) -> bool:
    """Whether a parameter's pattern takes slashes."""
    return pattern in ("path", ".*", ".+", ".*?", ".+?")


def _converter(match: re.Match[str]) -> str:
    return f"{{{match[2]}:path}}" if match[1] == "path" else f"{{{match[2]}}}"
