"""What the parsers read, one JSON object a fact, before anything is linked.

Shape: every line has ``kind``, ``path`` and ``line``; the keys of ``retry``, ``call`` and ``handler`` are stable, more
may come. Other kinds show their fields as they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum

from parsers.facts import Labels
from parsers.facts.python import Call, EnvVar, Handler, Hole, Retry, Template
from parsers.quantities import Count
from parsers.source import Span

Json = object


def lines(facts: Iterable[object], kind: str | None = None) -> Iterator[Mapping[str, Json]]:
    """Facts as JSON objects, those inside others (a handler's calls and retries) as lines of their own, once each."""
    seen: set[tuple[str, str]] = set()
    rows = [row for fact in facts for row in _rows(fact)]
    rows.sort(key=lambda row: (str(row["path"]), _number(row["line"]), str(row["kind"])))
    for row in rows:
        key = (str(row["kind"]), repr(row))
        if key not in seen and kind in (None, row["kind"]):
            seen.add(key)
            yield row


def kinds(facts: Iterable[object]) -> tuple[str, ...]:
    """Every kind of fact there is among these."""
    return tuple(sorted({str(row["kind"]) for fact in facts for row in _rows(fact)}))


def _number(value: Json) -> int:
    return value if isinstance(value, int) else 0


def _rows(fact: object) -> Iterator[Mapping[str, Json]]:
    match fact:
        case Handler():
            yield _handler(fact)
            yield from _inside(fact.body)
        case Call():
            yield _call(fact)
            yield from _inside(fact.layers)
        case Retry():
            yield _retry(fact)
        case _:
            yield _any(fact)


def _inside(value: object) -> Iterator[Mapping[str, Json]]:
    """Calls and retries anywhere in a tree of steps, without recursion: bodies may be deep."""
    todo: list[object] = [value]
    while todo:
        item = todo.pop()
        if isinstance(item, Retry):
            yield _retry(item)
        elif isinstance(item, Call):
            yield _call(item)
            todo.extend(item.layers)
        elif isinstance(item, tuple):
            todo.extend(item)
        elif is_dataclass(item) and not isinstance(item, (Span, Count)):
            todo.extend(getattr(item, f.name) for f in fields(item))


def _retry(fact: Retry) -> Mapping[str, Json]:
    return {
        "kind": "retry",
        "idiom": fact.idiom,
        "path": fact.span.path,
        "line": fact.span.line,
        "attempts": fact.attempts.to_json() if fact.attempts else "dynamic",
        "default_attempts": fact.default.to_json() if fact.default else None,
        "retries_on": list(fact.condition.words()),
        "symbol": fact.symbol,
        "declared": fact.declared,
        "methods": sorted(fact.condition.methods) if fact.condition.methods is not None else None,
        "exhausted": fact.exhausted,
        "min_wait_s": fact.min_wait_s,
        "deadline_s": fact.deadline_s,
        "per_try_timeout_s": fact.per_try_timeout_s,
        "note": fact.note,
        "evidence": [str(span) for span in fact.evidence],
    }


def _call(fact: Call) -> Mapping[str, Json]:
    return {
        "kind": "call",
        "client": fact.client,
        "protocol": fact.protocol,
        "method": fact.method,
        "url": template(fact.url[0]) if fact.url else "",
        "urls": [template(t) for t in fact.url],
        "path": fact.span.path,
        "line": fact.span.line,
        "symbol": fact.symbol,
        "layers": [layer.idiom for layer in fact.layers],
        "timeout_s": fact.timeout_s,
        "timeout_known": fact.timeout_known,
        "idempotency_key": fact.idempotency_key,
        "headers": dict(fact.headers),
    }


def _handler(fact: Handler) -> Mapping[str, Json]:
    return {
        "kind": "handler",
        "framework": fact.framework,
        "method": fact.method,
        "route": fact.route,
        "path": fact.span.path,
        "line": fact.span.line,
        "symbol": fact.symbol,
        "entry": fact.kind,
        "uncaught": fact.uncaught,
    }


def template(parts: Template) -> str:
    """A text known in part: ``http://${USERS_ADDR:-localhost}/users/{user_id}``."""
    return "".join(_part(part) for part in parts)


def _part(part: str | EnvVar | Hole) -> str:
    match part:
        case EnvVar():
            default = f":-{template(part.default)}" if part.default is not None else ""
            return f"${{{part.name}{default}}}"
        case Hole():
            return f"{{{part.what}}}"
        case _:
            return part


def _any(fact: object) -> Mapping[str, Json]:
    span = getattr(fact, "span", None)
    where = {"path": span.path, "line": span.line} if isinstance(span, Span) else {"path": "", "line": 0}
    name = re.sub(r"(?<!^)(?=[A-Z])", "_", type(fact).__name__).lower()
    return {"kind": name, **where, "fact": _plain(fact)}


def _plain(value: object) -> Json:
    match value:
        case None | bool() | int() | float() | str():
            return value
        case Span():
            return str(value)
        case Count():
            return value.to_json()
        case Enum():
            return value.value
        case Labels():
            return dict(value)
        case tuple() | list():
            return [_plain(v) for v in value]
        case frozenset() | set():
            return sorted((_plain(v) for v in value), key=repr)
    if is_dataclass(value):
        return {f.name: _plain(getattr(value, f.name)) for f in fields(value) if f.name != "span"}
    return repr(value)
