"""Functions and methods of the standard library, and of a few libraries, that make texts and numbers.

Source: The Python Standard Library (``str``, ``urllib.parse``, ``posixpath``, ``datetime``, ``http``); yarl and furl.
Shape: a table from the qualified name to a function of the call; nothing of the tree is run.
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Callable
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from parsers.facts.python import EnvVar, Hole, Template
from parsers.python import operators, replies
from parsers.python.module import Scope
from parsers.python.program import Name
from parsers.python.value import (
    MAX_ITEMS,
    NONE,
    Default,
    Either,
    Items,
    Known,
    Made,
    Outcome,
    Reply,
    Table,
    Text,
    Thing,
    Unknown,
    Value,
    concatenate,
    constant_number,
    constant_text,
    each,
    either,
    options,
    settled,
    templates,
    text,
)

if TYPE_CHECKING:
    from parsers.python.values import Frame, Values

_CONSTANTS: dict[str, Known] = {
    "math.inf": Known(math.inf),
    "sys.maxsize": Known(2**63 - 1),
    "os.sep": Known("/"),
}
#: ``starlette.status.HTTP_503_SERVICE_UNAVAILABLE``; Django REST framework and Falcon name them alike.
_STATUS = re.compile(r"(?:^|\.)HTTP_(\d{3})(?:_|$)")
_CODES = re.compile(r"(?:^|\.)codes\.([A-Za-z_]+)$")


def constant(qualified: str) -> Value | None:
    """The value of an external constant."""
    if qualified in _CONSTANTS:
        return _CONSTANTS[qualified]
    found = _STATUS.search(qualified)
    if found:
        return Known(int(found[1]))
    if qualified.startswith("http.HTTPStatus."):
        member = qualified.split(".")[2]
        return Known(int(HTTPStatus[member])) if member in HTTPStatus.__members__ else None
    codes = _CODES.search(qualified)
    if codes and codes[1].upper() in HTTPStatus.__members__:
        return Known(int(HTTPStatus[codes[1].upper()]))
    return None


class Arguments:
    """The arguments of one call, evaluated when asked for."""

    def __init__(self, values: Values, call: ast.Call, frame: Frame) -> None:
        self.values, self.call, self.frame = values, call, frame

    def get(self, position: int, name: str = "") -> Value | None:
        """The argument at a position or of a name."""
        for keyword in self.call.keywords:
            if name and keyword.arg == name:
                return self.values.at(keyword.value, self.frame)
        plain = self.call.args
        if position < len(plain) and not any(isinstance(a, ast.Starred) for a in plain[: position + 1]):
            return self.named(plain[position])
        return None

    def named(self, expr: ast.expr) -> Value:
        return self.values.at(expr, self.frame)

    def all(self) -> list[Value]:
        """Every positional argument, with starred ones spread."""
        found: list[Value] = []
        for arg in self.call.args:
            value = self.values.at(arg, self.frame)
            spread = settled(value)
            found += spread.items if isinstance(arg, ast.Starred) and isinstance(spread, Items) else (value,)
        return found


def function(values: Values, qualified: str, call: ast.Call, frame: Frame) -> Value | None:
    """What calling an external function gives; ``None`` where it is not one of these."""
    known = _FUNCTIONS.get(qualified)
    return known(Arguments(values, call, frame)) if known is not None else None


def method(values: Values, base: Value, call: ast.Call, frame: Frame) -> Value | None:
    """What calling a method of a text, number or collection gives."""
    assert isinstance(call.func, ast.Attribute)
    read = replies.called(base, call.func.attr)
    if read is not None:
        return read
    if isinstance(base, Outcome):
        return each(base, lambda v: method(values, v, call, frame) or Unknown(call.func.attr))  # type: ignore[attr-defined]  # asserted above
    if isinstance(base, Either):
        found = [method(values, o, call, frame) for o in base.options]
        known = [f for f in found if f is not None]
        return either(known) if known and len(known) == len(found) else None
    args = Arguments(values, call, frame)
    inner = base.value if isinstance(base, Default) else base
    attr = call.func.attr
    if isinstance(inner, Text) or (isinstance(inner, Known) and isinstance(inner.value, str)):
        known_method = _TEXT_METHODS.get(attr)
        return known_method(base if isinstance(base, Default) and base.text else inner, args) if known_method else None
    if isinstance(inner, Table):
        return _table_method(inner, attr, args)
    if isinstance(inner, Items) and attr in ("copy", "index"):
        return inner if attr == "copy" else None
    if isinstance(inner, Made) and attr == "total_seconds" and inner.name.qualified == "datetime.timedelta":
        return _timedelta(Arguments(values, inner.call, frame.deeper(inner.scope, dict(inner.bound))))
    return None


# ------------------------------------------------------------------------------------------------------ conversions


def _converted(kind: Callable[[object], object], args: Arguments) -> Value | None:
    given = args.get(0)
    return None if given is None else either(_convert(kind, o) for o in options(given))


def _convert(kind: Callable[[object], object], value: Value) -> Value:
    if isinstance(value, Default):
        inner = _convert(kind, value.value)
        return Default(inner, value.why, value.text) if isinstance(inner, Known) else inner
    if isinstance(value, Text) and len(value.parts) == 1 and isinstance(value.parts[0], EnvVar):
        var = value.parts[0]
        default = text(var.default) if var.default is not None else NONE
        inner = _convert(kind, default) if var.default is not None else Unknown(f"environment {var.name}")
        return Default(inner, f"environment {var.name}", value.parts)
    if isinstance(value, Reply):
        return value
    if isinstance(value, Known):
        try:
            result = kind(value.value)
        except (TypeError, ValueError, OverflowError):
            return Unknown("conversion")
        return Known(result) if isinstance(result, int | float | str) else Unknown("conversion")
    return Unknown("conversion")


def _to_text(args: Arguments) -> Value | None:
    given = args.get(0)
    return Known("") if given is None and not args.call.args else (concatenate((given,)) if given else None)


def _whole(value: object) -> object:
    return int(value) if isinstance(value, str | int | float) else None


def _real(value: object) -> object:
    return float(value) if isinstance(value, str | int | float) else None


def _to_int(args: Arguments) -> Value | None:
    return _converted(_whole, args)


def _to_float(args: Arguments) -> Value | None:
    return _converted(_real, args)


def _timedelta(args: Arguments) -> Value:
    factors = {"days": 86400.0, "hours": 3600.0, "minutes": 60.0, "seconds": 1.0, "milliseconds": 1e-3, "weeks": 604800}
    total = 0.0
    for position, (name, factor) in enumerate(factors.items()):
        given = args.get(position if position == 0 else len(args.call.args), name)
        number = constant_number(settled(given)) if given is not None else 0
        if number is None:
            return Unknown("timedelta")
        total += number * factor
    return Known(total)


def _range(args: Arguments) -> Value | None:
    bounds = [constant_number(settled(v)) for v in args.all()]
    if not bounds or any(not isinstance(b, int) for b in bounds) or len(bounds) > 3:
        return None
    whole = [b for b in bounds if isinstance(b, int)]
    if len(whole) == 3 and whole[2] == 0:
        return None
    numbers = range(*whole)
    return Items("range", tuple(Known(n) for n in numbers[:MAX_ITEMS]), len(numbers) <= MAX_ITEMS)


def _sequence(kind: str) -> Callable[[Arguments], Value | None]:
    def made(args: Arguments) -> Value | None:
        given = args.get(0)
        if given is None:
            return Items(kind, ())
        inner = settled(given)
        known = isinstance(inner, Items | Table) and (not isinstance(inner, Items) or inner.complete)
        return Items(kind, args.values.elements(inner), known) if isinstance(inner, Items | Table) else None

    return made


def _dict(args: Arguments) -> Value | None:
    pairs = tuple((Known(k.arg), args.named(k.value)) for k in args.call.keywords if k.arg is not None)
    given = settled(args.get(0) or Table(()))
    return Table(given.pairs + pairs, given.complete) if isinstance(given, Table) else None


def _enumerate(args: Arguments) -> Value | None:
    given = settled(args.get(0) or NONE)
    start = constant_number(settled(args.get(1, "start") or Known(0)))
    if not isinstance(given, Items) or not isinstance(start, int):
        return None
    rows = tuple(Items("tuple", (Known(start + i), v)) for i, v in enumerate(given.items))
    return Items("generator", rows, given.complete)


def _length(args: Arguments) -> Value | None:
    given = settled(args.get(0) or NONE)
    if isinstance(given, Items):
        return Known(len(given.items)) if given.complete else None
    if isinstance(given, Table):
        return Known(len(given.pairs)) if given.complete else None
    return Known(len(given.value)) if isinstance(given, Known) and isinstance(given.value, str | bytes) else None


def _extreme(best: Callable[[list[int | float]], int | float]) -> Callable[[Arguments], Value | None]:
    def made(args: Arguments) -> Value | None:
        given = args.all()
        numbers = [constant_number(settled(v)) for v in given]
        known = [n for n in numbers if n is not None]
        if len(known) < 2 or len(known) != len(numbers):
            return None
        default = next((v for v in given if isinstance(v, Default)), None)
        return Default(Known(best(known)), default.why) if default else Known(best(known))

    return made


# ------------------------------------------------------------------------------------------------------------ texts


def _join_urls(args: Arguments) -> Value | None:
    base, path = args.get(0, "base"), args.get(1, "url")
    if base is None or path is None:
        return None
    return either(text(joined(b, p)) for b in templates(base)[:4] for p in templates(path)[:4])


def joined(base: Template, path: Template) -> Template:
    """``urljoin`` on what is known of two texts."""
    if all(isinstance(p, str) for p in (*base, *path)):
        try:
            return (urljoin("".join(map(str, base)), "".join(map(str, path))),)
        except ValueError:
            return (*base, *path)
    first = path[0] if path and isinstance(path[0], str) else ""
    if "://" in first:
        return path
    if first.startswith("/"):
        return (*origin(base), *path)
    ends = isinstance(base[-1], str) if base else False
    if ends and isinstance(base[-1], str) and "/" in base[-1] and len(base) > 1:
        return (*base[:-1], base[-1].rpartition("/")[0] + "/", *path)
    return (*base, "/", *path)


def origin(base: Template) -> Template:
    """Scheme and host of a URL that is known in part: everything before the first slash of the path."""
    kept: list[str | EnvVar | Hole] = []
    scheme_seen = False
    for part in base:
        if not isinstance(part, str):
            kept.append(part)
            scheme_seen = True
            continue
        rest = part
        if not scheme_seen and "://" in rest:
            scheme, _, rest = rest.partition("://")
            kept.append(f"{scheme}://")
        scheme_seen = True
        kept.append(rest.partition("/")[0])
        if "/" in rest:
            break
    return tuple(p for p in kept if p != "")


def _join_path(args: Arguments) -> Value | None:
    given = args.all()
    if not given:
        return None
    result = given[0]
    for part in given[1:]:
        start = constant_text(part)
        result = part if start is not None and start.startswith("/") else operators.join_path(result, part)
    return result


def _same(args: Arguments) -> Value | None:
    return args.get(0)


def _url_of(args: Arguments) -> Value | None:
    given = args.get(0)
    return concatenate((given,)) if given is not None else None


def _partial(args: Arguments) -> Value | None:
    given = [settled(v) for v in args.all()]
    if not given or not isinstance(given[0], Thing):
        return None
    keywords = tuple((k.arg, args.named(k.value)) for k in args.call.keywords if k.arg is not None)
    first = given[0]
    return Thing(first.name, first.receiver, first.args + tuple(given[1:]), first.keywords + keywords, first.closure)


def _getattr(args: Arguments) -> Value | None:
    base, name = args.get(0), constant_text(args.get(1) or NONE)
    if base is None or name is None:
        return None
    found = args.values.attribute(base, name, args.frame.deeper())
    default = args.get(2)
    return default if isinstance(found, Unknown) and default is not None else found


def _chosen(args: Arguments) -> Value | None:
    given = settled(args.get(0) or NONE)
    return either(given.items) if isinstance(given, Items) and given.items else None


_FUNCTIONS: dict[str, Callable[[Arguments], Value | None]] = {
    "builtins.str": _to_text,
    "builtins.int": _to_int,
    "builtins.float": _to_float,
    "builtins.range": _range,
    "builtins.tuple": _sequence("tuple"),
    "builtins.list": _sequence("list"),
    "builtins.set": _sequence("set"),
    "builtins.frozenset": _sequence("set"),
    "builtins.sorted": _sequence("list"),
    "builtins.reversed": _sequence("generator"),
    "builtins.dict": _dict,
    "builtins.enumerate": _enumerate,
    "builtins.len": _length,
    "builtins.min": _extreme(min),
    "builtins.max": _extreme(max),
    "builtins.getattr": _getattr,
    "collections.OrderedDict": _dict,
    "types.MappingProxyType": _same,
    "functools.partial": _partial,
    "urllib.parse.urljoin": _join_urls,
    "urlparse.urljoin": _join_urls,
    "six.moves.urllib.parse.urljoin": _join_urls,
    "requests.compat.urljoin": _join_urls,
    "urllib.parse.quote": _same,
    "urllib.parse.quote_plus": _same,
    "os.path.join": _join_path,
    "posixpath.join": _join_path,
    "yarl.URL": _url_of,
    "httpx.URL": _url_of,
    "furl.furl": _url_of,
    "pydantic.HttpUrl": _url_of,
    "pydantic.AnyHttpUrl": _url_of,
    "pydantic.SecretStr": _same,
    "typing.cast": lambda args: args.get(1),
    "random.choice": _chosen,
    "copy.copy": _same,
    "copy.deepcopy": _same,
    "builtins.bytes": _same,
    "builtins.iter": _same,
    "asyncio.shield": _same,
}


# ----------------------------------------------------------------------------------------------------- text methods


def _format(base: Value, args: Arguments) -> Value | None:
    pattern = constant_text(base)
    if pattern is None:
        return base
    given = args.all()
    named = {k.arg: args.named(k.value) for k in args.call.keywords if k.arg is not None}
    for keyword in args.call.keywords:
        spread = settled(args.named(keyword.value)) if keyword.arg is None else None
        if isinstance(spread, Table):
            named.update((str(k.value), v) for k, v in spread.pairs if isinstance(k, Known))
    pieces: list[Value] = []
    count = 0
    for literal, name in _fields(pattern):
        pieces.append(Known(literal))
        if name is None:
            continue
        key = name or str(count)
        count += not name
        found = given[int(key)] if key.isdigit() and int(key) < len(given) else named.get(key)
        pieces.append(found if found is not None else Unknown(key))
    return concatenate(pieces)


_FIELD = re.compile(r"\{\{|\}\}|\{([^{}]*)\}")


def _fields(pattern: str) -> list[tuple[str, str | None]]:
    found: list[tuple[str, str | None]] = []
    literal, position = "", 0
    for match in _FIELD.finditer(pattern):
        literal += pattern[position : match.start()]
        position = match.end()
        if match[1] is None:
            literal += match[0][0]
            continue
        found.append((literal, re.split(r"[.\[:!]", match[1])[0]))
        literal = ""
    return [*found, (literal + pattern[position:], None)]


def _joined(base: Value, args: Arguments) -> Value | None:
    given = settled(args.get(0) or NONE)
    if not isinstance(given, Items):
        return None
    pieces: list[Value] = []
    for i, value in enumerate(given.items):
        pieces += [base, value] if i else [value]
    return concatenate(pieces) if given.complete else concatenate((*pieces, Unknown("rest")))


def _replaced(base: Value, args: Arguments) -> Value | None:
    old, new = constant_text(args.get(0) or NONE), args.get(1)
    if not old or new is None:
        return None
    parts = templates(base)[0]
    pieces: list[Value] = []
    for part in parts:
        if not isinstance(part, str):
            pieces.append(Text((part,)))
            continue
        for i, chunk in enumerate(part.split(old)):
            pieces += [new, Known(chunk)] if i else [Known(chunk)]
    return concatenate(pieces)


def _stripping(ends: str) -> Callable[[Value, Arguments], Value | None]:
    def done(base: Value, args: Arguments) -> Value | None:
        return operators.stripped(base, constant_text(args.get(0) or NONE), ends)

    return done


def _cased(change: Callable[[str], str]) -> Callable[[Value, Arguments], Value | None]:
    def done(base: Value, _: Arguments) -> Value | None:
        known = constant_text(base)
        return Known(change(known)) if known is not None else base

    return done


def _split(base: Value, args: Arguments) -> Value | None:
    known, separator = constant_text(base), constant_text(args.get(0) or NONE)
    if known is None and isinstance(base, Text) and isinstance(base.parts[0], EnvVar) and base.parts[0].default:
        inner = _split(text(base.parts[0].default), args)
        return Default(inner, f"environment {base.parts[0].name}") if inner is not None else None
    if known is None:
        return None
    return Items("list", tuple(Known(s) for s in (known.split(separator) if separator else known.split())))


def _removed(base: Value, args: Arguments) -> Value | None:
    known, prefix = constant_text(base), constant_text(args.get(0) or NONE)
    return Known(known.removesuffix(prefix)) if known is not None and prefix is not None else base


def _itself(base: Value, _: Arguments) -> Value | None:
    return base


_TEXT_METHODS: dict[str, Callable[[Value, Arguments], Value | None]] = {
    "format": _format,
    "join": _joined,
    "replace": _replaced,
    "rstrip": _stripping("r"),
    "lstrip": _stripping("l"),
    "strip": _stripping("rl"),
    "lower": _cased(str.lower),
    "upper": _cased(str.upper),
    "title": _cased(str.title),
    "encode": _itself,
    "decode": _itself,
    "split": _split,
    "removesuffix": _removed,
    "with_path": lambda base, args: concatenate((text(origin(templates(base)[0])), args.get(0) or Unknown("path"))),
    "joinpath": lambda base, args: operators.join_path(base, args.get(0) or Unknown("path")),
    "join_url": lambda base, args: operators.join_path(base, args.get(0) or Unknown("path")),
    "get_secret_value": _itself,
    "unicode_string": _itself,
}


def _table_method(table: Table, attr: str, args: Arguments) -> Value | None:
    match attr:
        case "get" | "pop" | "setdefault":
            key = args.get(0)
            default = args.get(1)
            found = operators.lookup(table, key) if key is not None else None
            if found is None and not table.complete:
                return Unknown("key") if default is None else either((default, Unknown("key")))
            if found is None:
                return default if default is not None else NONE
            return found if isinstance(settled(key or NONE), Known) or default is None else either((found, default))
        case "items":
            return Items("generator", tuple(Items("tuple", pair) for pair in table.pairs), table.complete)
        case "values":
            return Items("generator", tuple(v for _, v in table.pairs), table.complete)
        case "keys":
            return Items("generator", tuple(k for k, _ in table.pairs), table.complete)
        case "copy":
            return table
        case _:
            return None


def external(name: str, call: ast.Call, scope: Scope) -> Made:
    """Something external that a call makes."""
    return Made(Name(name), call, scope)
