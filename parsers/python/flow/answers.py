"""What a handler answers: the status of what it returns.

Source: Flask ``make_response`` (a tuple is body, status, headers), Starlette and FastAPI responses, Django's
``HttpResponse`` classes, Django REST framework's ``Response``, aiohttp ``web.Response``, sanic, falcon, tornado, AWS
Lambda's proxy format.
"""

from __future__ import annotations

import ast

from parsers.facts.python import Answer, Branch, Step
from parsers.python.conditions import status_word
from parsers.python.flow.context import Activation
from parsers.python.flow.joining import select
from parsers.python.raising import named_status
from parsers.python.value import (
    NONE,
    Either,
    Failure,
    Items,
    Known,
    Made,
    Outcome,
    Reply,
    Table,
    Thing,
    Unknown,
    Value,
    each,
    settled,
)

#: The name under which an activation keeps a status that was set apart from what is returned.
STATUS = "<status>"
OK = Known(200)
#: Attributes and methods that set the status of the answer.
STATUS_ATTRIBUTES = frozenset({"status_code", "status"})
STATUS_METHODS = frozenset({"set_status", "set_code", "send_response", "setResponseCode"})
_RESPONSES = frozenset(
    {
        "Response",
        "JSONResponse",
        "ORJSONResponse",
        "UJSONResponse",
        "PlainTextResponse",
        "HTMLResponse",
        "FileResponse",
        "StreamingResponse",
        "HttpResponse",
        "JsonResponse",
        "StreamingHttpResponse",
        "json_response",
        "TemplateResponse",
        "make_response",
        "HTTPResponse",
        "json",
        "text",
        "html",
        "raw",
        "empty",
        "render",
        "StreamResponse",
        "jsonify",
        "render_template",
        "send_file",
        "HttpResponseBase",
        "APIResponse",
    }
)
_POSITION = {
    "JSONResponse": 1,
    "ORJSONResponse": 1,
    "UJSONResponse": 1,
    "PlainTextResponse": 1,
    "HTMLResponse": 1,
    "StreamingResponse": 1,
    "json": 1,
    "text": 1,
    "html": 1,
    "raw": 1,
    "HTTPResponse": 1,
}
_REDIRECTS = frozenset({"redirect", "RedirectResponse", "HttpResponseRedirect", "HTTPFound", "HTTPSeeOther"})


def answer(act: Activation, value: Value, node: ast.AST) -> Step:
    """The steps that answer with what a handler returns."""
    return _step(act, stated(act, value), node)


def _step(act: Activation, status: Value, node: ast.AST) -> Step:
    if isinstance(status, Outcome):
        return select(status.key, [(mark, _step(act, v, node)) for mark, v in status.ways])
    if isinstance(status, Either):
        steps = [_step(act, o, node) for o in status.options]
        distinct = [s for i, s in enumerate(steps) if s not in steps[:i]]
        return distinct[0] if len(distinct) == 1 else Branch(tuple(distinct))
    span = act.span(node)
    match settled(status):
        case Reply(key=key, part="status"):
            return Answer(None, key, span)
        case Failure():
            return Answer("caught", None, span)
        case known:
            return Answer(status_word(known), None, span)


def stated(act: Activation, value: Value) -> Value:
    """The status that a returned value stands for; unknown where the code does not show it."""
    apart = act.env.get(STATUS)
    if apart is not None:
        return apart
    return each(settled(value), lambda v: _of_one(act, v))


def _of_one(act: Activation, value: Value) -> Value:
    value = settled(value)
    match value:
        case Items(kind="tuple", items=items) if act.context.tuples and len(items) > 1:
            return _of_tuple(act, items)
        case Made():
            return _of_made(act, value)
        case Table():
            written = value.get("statusCode") if act.context.kind == "lambda" else None
            return written if written is not None else OK
        case Unknown():
            return value
        case Thing(name=name) if named_status(name.qualified.rpartition(".")[2]) and name.external:
            return Known(int(named_status(name.qualified.rpartition(".")[2]) or 200))
        case _:
            return OK


def _of_tuple(act: Activation, items: tuple[Value, ...]) -> Value:
    second = settled(items[1])
    if isinstance(second, Table | Items):
        return _of_one(act, items[0])
    return items[1]


def _of_made(act: Activation, made: Made) -> Value:
    """A response object: its status argument."""
    last = made.name.qualified.rpartition(".")[2]
    if last in _REDIRECTS:
        return Known(302)
    frame = act.frame() if made.scope is act.scope else act.frame().deeper(made.scope, dict(made.bound))
    values = act.context.values
    if last not in _RESPONSES and made.name.scope is None:
        word = named_status(last.removeprefix("HttpResponse"))
        return Known(int(word)) if word is not None and last.startswith("H") else OK
    for keyword in made.call.keywords:
        if keyword.arg in ("status_code", "status"):
            return values.at(keyword.value, frame)
    position = _POSITION.get(last)
    args = made.call.args
    if last == "make_response" and args:
        first = values.at(args[0], frame)
        return values.at(args[1], frame) if len(args) > 1 else each(settled(first), lambda v: _of_one(act, v))
    if last == "Response" and made.name.qualified.startswith(("flask.", "quart.", "werkzeug.", "rest_framework.")):
        position = 1
    if position is not None and len(args) > position:
        return values.at(args[position], frame)
    return OK


def set_apart(act: Activation, value: Value) -> None:
    """A status set on the response, not returned."""
    act.env[STATUS] = value if value != NONE else OK
