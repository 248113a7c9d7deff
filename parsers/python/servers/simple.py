"""Small frameworks and the standard library: Bottle, Litestar, ``http.server``, AWS Lambda.

Source: Bottle 0.13 ``bottle.py`` (``route``, verbs), Litestar 2 ``handlers/http_handlers``, CPython ``http/server.py``,
AWS Lambda's handler signature ``(event, context)``.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from parsers.python.module import Scope
from parsers.python.routing import VERBS, Found, Routing, argument, path_text, texts
from parsers.python.servers import Server

_BOTTLE_APPS = ("bottle.Bottle",)
_HANDLERS = ("http.server.BaseHTTPRequestHandler", "http.server.SimpleHTTPRequestHandler")


def _find(routing: Routing) -> Iterator[Found]:
    for scope, node, where in routing.decorators():
        if isinstance(node, ast.Call) and scope.is_function:
            yield from _bare(routing, scope, node, where)
    for one in routing.decorated():
        if (one.attr in VERBS or one.attr == "route") and routing.is_made(one.base, _BOTTLE_APPS) is not None:
            yield from _routes(routing, one.function, one.call, one.where, ("bottle", one.attr))
    for cls in routing.values.sites.classes():
        if any(n in _HANDLERS for n in routing.values.program.base_names(cls)):
            for name, method in routing.methods_of(cls, [f"do_{v.upper()}" for v in sorted(VERBS)]):
                verb = name.removeprefix("do_")
                span = method.module.span(method.node)
                yield Found("http.server", "http", verb, "*", routing.thing(method), span, uncaught=None)
    yield from _lambdas(routing)


def _bare(routing: Routing, scope: Scope, node: ast.Call, where: Scope) -> Iterator[Found]:
    """``@route("/x")`` imported from bottle, ``@get("/x")`` from litestar."""
    name = routing.values.program.resolve(node.func, where)
    if name is None or not name.external or not name.qualified.startswith(("bottle.", "litestar.")):
        return
    last = name.qualified.rpartition(".")[2]
    if last in VERBS or last == "route":
        yield from _routes(routing, scope, node, where, (name.qualified.partition(".")[0], last))


def _routes(routing: Routing, scope: Scope, node: ast.Call, where: Scope, what: tuple[str, str]) -> Iterator[Found]:
    framework, attr = what
    given = texts(routing.evaluate(argument(node, None, "method", "http_method"), where))
    methods = (attr.upper(),) if attr in VERBS else tuple(m.upper() for m in given) or ("GET",)
    span = scope.module.span(scope.node)
    for path in path_text(routing.evaluate(argument(node, 0, "path"), where)):
        for method in methods:
            route = path.replace("<", "{").replace(">", "}") if framework == "bottle" else path
            yield Found(framework, "http", method, route or "/", routing.thing(scope), span, uncaught="500")


def _lambdas(routing: Routing) -> Iterator[Found]:
    for module in routing.values.program.modules():
        for scope in module.scope.children:
            node = scope.node
            if not isinstance(node, ast.FunctionDef) or node.name not in ("lambda_handler", "handler"):
                continue
            names = [a.arg for a in node.args.args]
            if len(names) == 2 and names[0].strip("_") == "event" and names[1].strip("_") == "context":
                span = module.span(node)
                yield Found("aws-lambda", "http", "*", "*", routing.thing(scope), span, uncaught="502")


SIMPLE = Server("simple", ("bottle", "litestar", "http.server", "event"), _find)
