"""Exceptions and what they stand for: classes, ancestors, and the status that a framework answers them with.

Source: werkzeug ``exceptions.py``, starlette ``exceptions.py``, aiohttp ``web_exceptions.py``, Django REST framework
``exceptions.py``, falcon ``errors.py``, tornado ``web.py``, sanic ``exceptions.py``, grpcio ``ServicerContext.abort``.
"""

from __future__ import annotations

import ast
import builtins
import re
from dataclasses import dataclass
from http import HTTPStatus

from parsers.python import instances
from parsers.python.conditions import status_word
from parsers.python.module import Assigned, Scope
from parsers.python.program import Name
from parsers.python.sites import first_parameter
from parsers.python.value import (
    Failure,
    Items,
    Made,
    Member,
    Reply,
    Thing,
    Unknown,
    Value,
    options,
    settled,
)
from parsers.python.values import Frame, Values

_WEB = (
    "fastapi.",
    "starlette.",
    "werkzeug.",
    "flask.",
    "quart.",
    "aiohttp.web",
    "rest_framework.",
    "falcon.",
    "tornado.web",
    "sanic.",
    "django.",
    "bottle.",
    "litestar.",
    "ninja.",
    "flask_restful.",
    "flask_restx.",
    "flask_smorest.",
    "connexion.",
)
#: Exceptions whose first argument, or ``status_code``, is the status.
_TAKES_STATUS = frozenset({"HTTPException", "HTTPError", "HttpError", "SanicException", "ServerError", "HTTPResponse"})
_ABORTS = frozenset(
    {
        "flask.abort",
        "werkzeug.exceptions.abort",
        "quart.abort",
        "bottle.abort",
        "sanic.exceptions.abort",
        "flask_restful.abort",
        "flask_restx.abort",
        "flask_smorest.abort",
        "starlette.exceptions.abort",
    }
)
_EXITS = frozenset({"sys.exit", "builtins.exit", "builtins.quit", "os._exit"})
#: Names that do not spell their status: Django, Django REST framework, werkzeug.
_NAMED = {
    "Http404": "404",
    "PermissionDenied": "403",
    "SuspiciousOperation": "400",
    "ValidationError": "400",
    "ParseError": "400",
    "AuthenticationFailed": "401",
    "NotAuthenticated": "401",
    "MethodNotAllowed": "405",
    "Throttled": "429",
    "APIException": "500",
    "InvalidUsage": "400",
    "UnavailableError": "503",
    "RequestEntityTooLarge": "413",
    "TooManyRequests": "429",
}
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")


@dataclass(frozen=True, slots=True)
class Raised:
    """What is raised: classes with their ancestors, the status it names, the request whose status it passes on."""

    classes: tuple[str, ...]
    status: str | None = None
    key: int | None = None


def plain_name(qualified: str) -> str:
    """Builtins go without their module."""
    return qualified.removeprefix("builtins.")


def classes_of(values: Values, value: Value) -> tuple[str, ...]:
    """Qualified names of the classes in an ``except`` clause."""
    found: list[str] = []
    for option in options(settled(value)):
        inner = settled(option)
        if isinstance(inner, Thing | Made):
            found.append(plain_name(".".join((inner.name.qualified, *inner.name.rest))))
        elif isinstance(inner, Items):
            found += [n for i in inner.items for n in classes_of(values, i)]
    return tuple(dict.fromkeys(found))


def ancestors(values: Values, name: Name) -> tuple[str, ...]:
    """The class and its known ancestors, nearest first."""
    names = values.program.base_names(name.scope) if name.scope is not None else (name.qualified,)
    found: list[str] = []
    for qualified in names:
        plain = plain_name(qualified)
        found.append(plain)
        known = getattr(builtins, plain, None) if "." not in plain else None
        if isinstance(known, type) and issubclass(known, BaseException):
            found += [c.__name__ for c in known.__mro__[1:] if c is not object]
    return tuple(dict.fromkeys(found))


def raised(values: Values, value: Value, frame: Frame) -> Raised:
    """What ``raise value`` raises."""
    inner = settled(next(iter(options(settled(value)))))
    if isinstance(inner, Failure):
        return Raised(inner.classes)
    if isinstance(inner, Made | Thing):
        made = inner if isinstance(inner, Made) else None
        classes = ancestors(values, inner.name)
        status, key = _status(values, inner.name, made, frame)
        return Raised(classes, status, key)
    return Raised(("Exception",))


def aborted(values: Values, frame: Frame, node: ast.Call, callee: Value) -> Raised | None:
    """``abort(503)``, ``context.abort(StatusCode.UNAVAILABLE, "...")``, ``sys.exit(1)``."""
    name = callee.name.qualified if isinstance(callee, Thing) and callee.name.external else ""
    if name in _ABORTS:
        word, key = word_of(_argument(values, frame, node, 0, "code", "status_code"))
        return Raised(("werkzeug.exceptions.HTTPException", "Exception"), word or ("?" if key is None else None), key)
    if name in _EXITS:
        return Raised(("SystemExit",))
    grpc = isinstance(node.func, ast.Attribute) and node.func.attr in ("abort", "abort_with_status")
    if grpc and not isinstance(callee, Thing) and node.args:
        word, key = word_of(values.at(node.args[0], frame))
        if word is not None and word.startswith("grpc-"):
            return Raised(("grpc.RpcError", "Exception"), word, key)
        if isinstance(callee, Member | Unknown) and _is_context(node.func):
            return Raised(("grpc.RpcError", "Exception"), word or "grpc-unknown", key)
    return None


def _is_context(func: ast.expr) -> bool:
    return isinstance(func, ast.Attribute) and isinstance(func.value, ast.Name) and func.value.id in ("context", "ctx")


def word_of(value: Value | None) -> tuple[str | None, int | None]:
    """A status, or the request whose status it is."""
    if value is None:
        return None, None
    for option in options(settled(value)):
        if isinstance(option, Reply) and option.part == "status":
            return None, option.key
    word = status_word(settled(next(iter(options(settled(value))))))
    return word, None


def _argument(values: Values, frame: Frame, node: ast.Call, position: int, *names: str) -> Value | None:
    for keyword in node.keywords:
        if keyword.arg in names:
            return values.at(keyword.value, frame)
    return values.at(node.args[position], frame) if position < len(node.args) else None


def _status(values: Values, name: Name, made: Made | None, frame: Frame) -> tuple[str | None, int | None]:
    """The status that a framework answers the exception with."""
    if name.scope is not None:
        return _own_status(values, name.scope, made, frame)
    if not name.qualified.startswith(_WEB):
        return None, None
    last = name.qualified.rpartition(".")[2]
    if last in _TAKES_STATUS and made is not None:
        inner = _inside(made, frame)
        given = _argument(values, inner, made.call, 0, "status_code", "status", "code")
        word, key = word_of(given)
        return (word, key) if word or key is not None else ("500", None)
    return named_status(last), None


def _inside(made: Made, frame: Frame) -> Frame:
    """Where the exception was made; what has been followed there is known."""
    return frame if made.scope is frame.scope else frame.deeper(made.scope, dict(made.bound))


def named_status(name: str) -> str | None:
    """``HTTPServiceUnavailable`` -> ``503``; ``NotFound`` -> ``404``."""
    if name in _NAMED:
        return _NAMED[name]
    bare = re.sub(r"^HTTP|Exception$|Error$", "", name)
    spelled = _CAMEL.sub("_", bare).upper()
    for candidate in (spelled, f"{spelled}_ERROR"):
        if candidate in HTTPStatus.__members__:
            return str(int(HTTPStatus[candidate]))
    return None


def _own_status(values: Values, cls: Scope, made: Made | None, frame: Frame) -> tuple[str | None, int | None]:
    """A class of the tree that is a framework's exception: by its attributes, or by what its constructor hands up."""
    names = values.program.base_names(cls)
    web = [n for n in names if n.startswith(_WEB)]
    if not web:
        return None, None
    for attr in ("status_code", "code", "status"):
        member = values.program.class_member(cls, attr)
        if member is not None and isinstance(member[1], Assigned):
            word, key = word_of(values.variable(member[0], attr, member[0].bindings[attr], frame.deeper(member[0], {})))
            if word is not None:
                return word, key
    handed = _handed_up(values, cls, made, frame)
    if handed is not None:
        word, key = word_of(handed)
        if word is not None or key is not None:
            return word, key
    return named_status(web[-1].rpartition(".")[2]), None


def _handed_up(values: Values, cls: Scope, made: Made | None, frame: Frame) -> Value | None:
    """The status in ``super().__init__(status_code=...)``, or in the call where no constructor is written."""
    for home in values.program.ancestry(cls):
        init = next((c for c in home.children if c.name == "__init__" and c.is_function), None)
        if init is None:
            continue
        whole = made if made is not None else instances.any_instance(cls)
        bound = dict(instances.constructed(values, whole, home, frame)) if made is not None else {}
        receiver = first_parameter(init)
        for node in init.own_nodes():
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "__init__":
                inner = frame.deeper(init, {**bound, **({receiver: whole} if receiver else {})})
                return _argument(values, inner, node, 0, "status_code", "status", "code")
        return None
    return _argument(values, _inside(made, frame), made.call, 0, "status_code", "status", "code") if made else None
