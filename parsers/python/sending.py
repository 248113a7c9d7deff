"""One place that sends, while it is being recognised: its arguments, and the ``Call`` made of them.

Units: timeouts in seconds, bodies in bytes.
Shape: addresses are every template that the argument may be, joined with the client's base address.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Protocol

from parsers.facts.python import Call, EnvVar, Retry, Template
from parsers.python.builtin_calls import joined, origin
from parsers.python.module import Scope
from parsers.python.value import (
    NONE,
    Default,
    Items,
    Known,
    Made,
    Member,
    Table,
    Text,
    Thing,
    Unknown,
    Value,
    constant_number,
    constant_text,
    options,
    settled,
    templates,
)
from parsers.python.values import Frame, Values

VERBS = frozenset({"get", "post", "put", "patch", "delete", "head", "options"})
#: Literal bodies are measured up to here; beyond, only the constant parts count.
_NOTABLE = 1 << 16


class ClientRetries(Protocol):
    """What knows which retries a client object carries (``parsers.python.retries``)."""

    def of_client(self, client: ast.expr, scope: Scope) -> tuple[Retry, ...]: ...


@dataclass(frozen=True, slots=True)
class Site:
    """A call expression whose callee is known, where it stands."""

    values: Values
    frame: Frame
    node: ast.Call
    callee: Value
    retries: ClientRetries | None = None

    @property
    def scope(self) -> Scope:
        return self.frame.scope

    @property
    def qualified(self) -> str:
        """The callee's dotted name; attributes of what was made follow the name of its maker."""
        match self.callee:
            case Thing(name=name) | Made(name=name):
                return ".".join((name.qualified, *name.rest))
            case Member(of=Made(name=name), names=names):
                return ".".join((name.qualified, *names))
            case _:
                return ""

    @property
    def maker(self) -> Made | None:
        """What the method is called on, if it was made by a call."""
        match self.callee:
            case Member(of=Made() as made):
                return made
            case Made():
                return self.callee
            case _:
                return None

    @property
    def attr(self) -> str:
        """The last name of the callee."""
        return self.qualified.rpartition(".")[2]

    def arg(self, position: int | None, *names: str) -> Value | None:
        """An argument by position or by one of its names; what is given through ``**table`` too."""
        for keyword in self.node.keywords:
            if keyword.arg in names:
                return self.values.at(keyword.value, self.frame)
        plain = self.node.args
        if position is not None and position < len(plain):
            if not any(isinstance(a, ast.Starred) for a in plain[: position + 1]):
                return self.values.at(plain[position], self.frame)
            spread = [v for a in plain for v in self._spread(a)]
            if position < len(spread):
                return spread[position]
        for keyword in self.node.keywords:
            if keyword.arg is None:
                table = settled(self.values.at(keyword.value, self.frame))
                found = next((table.get(n) for n in names), None) if isinstance(table, Table) else None
                if found is not None:
                    return found
        return None

    def _spread(self, arg: ast.expr) -> tuple[Value, ...]:
        value = self.values.at(arg, self.frame)
        inner = settled(value)
        return inner.items if isinstance(arg, ast.Starred) and isinstance(inner, Items) else (value,)

    def expression(self, position: int | None, *names: str) -> ast.expr | None:
        """The argument as written."""
        for keyword in self.node.keywords:
            if keyword.arg in names:
                return keyword.value
        if position is not None and position < len(self.node.args):
            return self.node.args[position]
        return None

    def made_by(self, made: Made, position: int | None, *names: str) -> Value | None:
        """An argument of the call that made the client."""
        return replace(self, node=made.call, frame=self.frame.deeper(made.scope, dict(made.bound))).arg(
            position, *names
        )

    def layers(self, expr: ast.expr | None, scope: Scope) -> tuple[Retry, ...]:
        """Retries that the expression carries."""
        return self.retries.of_client(expr, scope) if self.retries is not None and expr is not None else ()


@dataclass(frozen=True, slots=True)
class Sent:
    """A recognised send. ``pending``: it happens when awaited. ``part``: what its value is of the reply.

    ``value`` is given where the call's value is not the reply itself.
    """

    call: Call
    pending: bool = False
    started: bool = False
    part: str = "response"
    value: Value | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """What is known of a request before it becomes a ``Call``."""

    client: str
    method: str
    url: tuple[Template, ...]
    protocol: str = "http"
    layers: tuple[Retry, ...] = ()
    timeout: tuple[float | None, bool] = (None, True)
    raises: tuple[str, ...] = ()
    raised: str | None = None
    headers: tuple[Value | None, ...] = ()
    bodies: tuple[Value | None, ...] = field(default=())


def call(site: Site, request: Request) -> Call:
    """The fact."""
    headers = header_pairs(request.headers)
    key = any("idempot" in name for name, _ in headers) or _keyed(site, request.bodies)
    return Call(
        client=request.client,
        protocol=request.protocol,
        method=request.method,
        url=request.url,
        symbol=site.scope.symbol,
        span=site.scope.module.span(site.node),
        layers=request.layers,
        headers=headers,
        timeout_s=request.timeout[0],
        timeout_known=request.timeout[1],
        body_bytes=body_bytes(request.bodies),
        idempotency_key=key,
        raises=request.raises,
        raised=request.raised,
        declared=site.scope.module.source(site.node)[:160],
    )


# ---------------------------------------------------------------------------------------------------------- addresses


def urls(value: Value | None, base: Value | None = None) -> tuple[Template, ...]:
    """Every address that may be meant."""
    if value is None:
        return templates(base) if base is not None and base != NONE else ()
    found = [t for t in templates(value) if t != ("None",)]
    if base is None or base == NONE:
        return tuple(found)
    return tuple(dict.fromkeys(under(b, t) for b in templates(base) for t in found))


def under(base: Template, path: Template) -> Template:
    """``base_url`` and a path: joined with one slash; an absolute address stands alone."""
    first = path[0] if path else ""
    if isinstance(first, EnvVar) or (isinstance(first, str) and "://" in first):
        return path
    if not path:
        return base
    head = list(base)
    if head and isinstance(head[-1], str):
        head[-1] = head[-1].rstrip("/")
    rest = list(path)
    if isinstance(rest[0], str):
        rest[0] = rest[0].lstrip("/")
    return _merged([*head, "/", *rest])


def absolute(base: Template, path: Template) -> Template:
    """``base_url`` as yarl and ``urljoin`` join it: a path that starts with a slash replaces the base's path."""
    first = path[0] if path else ""
    if isinstance(first, EnvVar) or (isinstance(first, str) and "://" in first):
        return path
    if isinstance(first, str) and first.startswith("/"):
        return _merged([*origin(base), *path])
    return _merged(joined(base, path))


def _merged(parts: Iterable[object]) -> Template:
    found: list[object] = []
    for part in parts:
        if isinstance(part, str) and found and isinstance(found[-1], str):
            found[-1] += part
        elif part != "":
            found.append(part)
    return tuple(found)  # type: ignore[arg-type]  # parts of two templates


def start_of(url: Template) -> str:
    """The constant text a URL starts with, as far as constants and defaults say."""
    text = ""
    for part in url:
        if isinstance(part, str):
            text += part
        elif isinstance(part, EnvVar) and part.default is not None:
            text += start_of(part.default)
        else:
            break
    return text


# -------------------------------------------------------------------------------------------------- methods and times


def verb(value: Value | None, default: str = "GET") -> str:
    """An HTTP method; ``*`` where it is not known."""
    if value is None or value == NONE:
        return default
    found = {constant_text(o) for o in options(value)}
    only = found.pop() if len(found) == 1 else None
    return only.upper() if only else "*"


def seconds(value: Value | None, default: float | None = None) -> tuple[float | None, bool]:
    """A timeout: what is given, what holds where nothing is given, and whether it could be read."""
    if value is None:
        return default, True
    value = settled(value)
    match value:
        case Known(value=None):
            return None, True
        case Items(items=items) if items:
            return seconds(items[-1], default)
        case _:
            number = constant_number(value)
            return (float(number), True) if number is not None else (None, False)


# ------------------------------------------------------------------------------------------------- headers and bodies


def header_pairs(given: Iterable[Value | None]) -> tuple[tuple[str, str], ...]:
    """Headers that are set literally; names in lower case. A value that is not constant is empty."""
    found: dict[str, str] = {}
    for value in given:
        for table in options(settled(value)) if value is not None else ():
            for key, written in settled(table).pairs if isinstance(settled(table), Table) else ():  # type: ignore[union-attr]  # tested on the same line
                name = constant_text(key)
                if name:
                    found[name.lower()] = constant_text(written) or ""
    return tuple(sorted(found.items()))


def _keyed(site: Site, bodies: Iterable[Value | None]) -> bool:
    if any(k.arg and "idempot" in k.arg.lower() for k in site.node.keywords):
        return True
    for body in bodies:
        inner = settled(body) if body is not None else NONE
        if isinstance(inner, Table):
            names = [constant_text(k) or "" for k, _ in inner.pairs]
            if any("idempot" in n.lower() or n.lower() in ("clienttoken", "client_token") for n in names):
                return True
    return False


def body_bytes(bodies: Iterable[Value | None]) -> int | None:
    """The size of a literal body; a large constant inside counts even where the rest is not known."""
    for body in bodies:
        if body is None or body == NONE:
            continue
        size, exact = _size(settled(body), 0)
        if exact or size >= _NOTABLE:
            return size
    return None


def _size(value: Value, depth: int) -> tuple[int, bool]:
    if isinstance(value, Default):
        value = value.value
    match value:
        case Known(value=str() | bytes() as text):
            return len(text), True
        case Known(value=constant):
            return len(str(constant)), True
        case Text(parts=parts):
            return sum(len(p) for p in parts if isinstance(p, str)), False
        case Table(pairs=pairs, complete=complete) if depth < 6:
            sizes = [_size(settled(v), depth + 1) for pair in pairs for v in pair]
            return sum(s for s, _ in sizes) + 6 * len(pairs) + 2, complete and all(e for _, e in sizes)
        case Items(items=items, complete=complete) if depth < 6:
            sizes = [_size(settled(v), depth + 1) for v in items]
            return sum(s for s, _ in sizes) + 2 * len(items), complete and all(e for _, e in sizes)
        case _:
            return 0, False


UNKNOWN_URL: Value = Unknown("address")
