"""FastAPI and Starlette: routes, routers, mounts, dependencies, middlewares, exception handlers.

Source: FastAPI 0.115 ``routing.py`` (``include_router`` prefixes), ``applications.py``; Starlette ``routing.py``
(``Route``, ``Mount``); an exception that nobody handles is answered with 500.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from parsers.python import instances
from parsers.python.module import Parameter, Scope
from parsers.python.raising import classes_of
from parsers.python.routing import (
    VERBS,
    Decorated,
    Found,
    Including,
    Routing,
    argument,
    joined,
    path_text,
    prefixes,
    texts,
)
from parsers.python.servers import Server
from parsers.python.value import Items, Made, Thing, Value, options, settled

_APPS = (
    "fastapi.FastAPI",
    "fastapi.applications.FastAPI",
    "starlette.applications.Starlette",
    "fastapi_offline.FastAPIOffline",
)
_ROUTERS = (
    "fastapi.APIRouter",
    "fastapi.routing.APIRouter",
    "starlette.routing.Router",
    "fastapi_utils.inferring_router.InferringRouter",
)
_INCLUDING = Including(("include_router",), (0, ("router",)), (None, ("prefix",)), ("prefix",), (*_APPS, *_ROUTERS))
_MOUNTING = Including(("mount",), (1, ("app",)), (0, ("path",)), ("<none>",), (*_APPS, *_ROUTERS))
_ROUTED = frozenset({*VERBS, "api_route", "route", "websocket", "websocket_route"})


def _find(routing: Routing) -> Iterator[Found]:
    for one in routing.decorated():
        if one.attr in _ROUTED:
            yield from _routes(routing, one)
    yield from _added(routing)
    yield from _listed(routing)
    yield from _started(routing)


def _routes(routing: Routing, one: Decorated) -> Iterator[Found]:
    bases = _prefixes_of(routing, one.base, one.where)
    if bases is None:
        return
    router = routing.is_made(one.base, (*_APPS, *_ROUTERS))
    before = (*_listed_dependencies(routing, one.call, one.where), *_router_dependencies(routing, router))
    for base in bases:
        for path in path_text(routing.evaluate(argument(one.call, 0, "path"), one.where)):
            for method in _methods(routing, one.attr, one.call, one.where):
                yield _found(
                    routing, method, joined(base, path) or "/", one.function, one.function.module.span(one.call), before
                )


def _prefixes_of(routing: Routing, base: Value, where: Scope) -> tuple[str, ...] | None:
    app = routing.is_made(base, _APPS)
    if app is not None:
        return prefixes(routing, app, _MOUNTING)
    router = routing.is_made(base, _ROUTERS)
    if router is not None:
        return prefixes(routing, router, _INCLUDING)
    known = any(isinstance(o, Made | Thing) for o in options(settled(base)))
    return ("",) if not known and ("fastapi" in where.module.text or "starlette" in where.module.text) else None


def _methods(routing: Routing, attr: str, call: ast.Call, scope: Scope) -> tuple[str, ...]:
    if attr in VERBS:
        return (attr.upper(),)
    if attr.startswith("websocket"):
        return ("GET",)
    given = texts(routing.evaluate(argument(call, None, "methods"), scope))
    return tuple(dict.fromkeys(m.upper() for m in given)) or ("GET",)


def _found(
    routing: Routing,
    method: str,
    route: str,
    function: Scope,
    span: object,
    before: tuple[tuple[str | None, Thing], ...] = (),
) -> Found:
    del span
    return Found(
        framework="fastapi" if "fastapi" in function.module.text else "starlette",
        kind="http",
        method=method,
        route=route,
        target=routing.thing(function),
        span=function.module.span(function.node),
        uncaught="500",
        before=(*before, *dependencies(routing, function)),
        wraps=tuple(_middlewares(routing, function)),
        errors=_errors(routing, function),
    )


def dependencies(routing: Routing, function: Scope, depth: int = 0) -> Iterator[tuple[str | None, Thing]]:
    """Functions that ``Depends`` names in the parameters, those of the dependencies first."""
    for name, bindings in function.bindings.items():
        parameter = bindings[0]
        if not isinstance(parameter, Parameter) or depth > 4:
            continue
        marks = [parameter.default] if parameter.default is not None else []
        annotation = parameter.arg.annotation
        if isinstance(annotation, ast.Subscript) and isinstance(annotation.slice, ast.Tuple):
            marks += annotation.slice.elts[1:]
        for mark in marks:
            provider = instances.dependency(routing.values, mark, function.parent or function)
            if isinstance(provider, Thing) and provider.name.scope is not None and provider.name.scope.is_function:
                yield from ((None, t) for _, t in dependencies(routing, provider.name.scope, depth + 1))
                yield name, provider


def _listed_dependencies(routing: Routing, call: ast.Call, scope: Scope) -> Iterator[tuple[str | None, Thing]]:
    given = argument(call, None, "dependencies")
    for mark in given.elts if isinstance(given, ast.List | ast.Tuple) else ():
        provider = instances.dependency(routing.values, mark, scope)
        if isinstance(provider, Thing) and provider.name.scope is not None and provider.name.scope.is_function:
            yield None, provider


def _router_dependencies(routing: Routing, router: Made | None) -> Iterator[tuple[str | None, Thing]]:
    if router is not None:
        yield from _listed_dependencies(routing, router.call, router.scope)


def _middlewares(routing: Routing, function: Scope) -> Iterator[Thing]:
    """``@app.middleware("http")`` functions of the same file or of the file that makes the application."""
    for one in routing.decorated():
        own = one.attr == "middleware" and _same_service(one.function, function)
        if own and routing.is_made(one.base, _APPS) is not None:
            yield routing.thing(one.function)


def _same_service(a: Scope, b: Scope) -> bool:
    ours, theirs = a.module.path.rpartition("/")[0], b.module.path.rpartition("/")[0]
    return theirs.startswith(ours) or ours.startswith(theirs)


def _errors(routing: Routing, function: Scope) -> tuple[tuple[str, Thing], ...]:
    found: list[tuple[str, Thing]] = []
    for one in routing.decorated():
        if one.attr == "exception_handler" and one.call.args and _same_service(one.function, function):
            for name in classes_of(routing.values, routing.evaluate(one.call.args[0], one.where)):
                found.append((name, routing.thing(one.function)))
    for call, scope in routing.calls("add_exception_handler"):
        if len(call.args) >= 2 and _same_service(scope, function):
            handlers = list(routing.things(routing.evaluate(call.args[1], scope)))
            names = classes_of(routing.values, routing.evaluate(call.args[0], scope))
            found += [(name, handler) for name in names for handler in handlers]
    return tuple(found)


def _added(routing: Routing) -> Iterator[Found]:
    """``router.add_api_route("/x", f, methods=[...])``."""
    for call, scope in routing.calls("add_api_route", "add_route", "add_api_websocket_route"):
        if not isinstance(call.func, ast.Attribute):
            continue
        base = routing.evaluate(call.func.value, scope)
        if routing.is_made(base, (*_APPS, *_ROUTERS)) is None:
            continue
        bases = _prefixes_of(routing, base, scope) or ("",)
        endpoint = argument(call, 1, "endpoint", "route")
        for thing in routing.things(routing.evaluate(endpoint, scope)):
            for prefix in bases:
                for path in path_text(routing.evaluate(argument(call, 0, "path"), scope)):
                    for method in _methods(routing, "api_route", call, scope):
                        yield from _endpoint(routing, method, joined(prefix, path) or "/", thing, scope, call)


def _endpoint(routing: Routing, method: str, route: str, thing: Thing, scope: Scope, call: ast.Call) -> Iterator[Found]:
    function = thing.name.scope
    if function is None:
        return
    if function.is_class:
        for verb, inner in routing.methods_of(function, sorted(VERBS)):
            yield _found(routing, verb.upper(), route, inner, scope.module.span(call))
    else:
        yield _found(routing, method, route, function, scope.module.span(call))


def _listed(routing: Routing) -> Iterator[Found]:
    """``routes=[Route("/x", f, methods=[...]), Mount("/v1", routes=[...])]``."""
    for call, scope in routing.calls("Starlette", "Router", "FastAPI"):
        given = routing.evaluate(argument(call, None, "routes"), scope)
        yield from _list(routing, given, "", 0)


def _list(routing: Routing, given: Value, prefix: str, depth: int) -> Iterator[Found]:
    inner = settled(given)
    for item in inner.items if isinstance(inner, Items) and depth < 6 else ():
        if not isinstance(item, Made):
            continue
        last = item.name.qualified.rpartition(".")[2]
        paths = path_text(routing.evaluate(argument(item.call, 0, "path"), item.scope))
        if last == "Mount":
            nested = argument(item.call, None, "routes")
            for path in paths:
                yield from _list(routing, routing.evaluate(nested, item.scope), joined(prefix, path), depth + 1)
        elif last in ("Route", "WebSocketRoute", "APIRoute"):
            for thing in routing.things(routing.evaluate(argument(item.call, 1, "endpoint"), item.scope)):
                for path in paths:
                    for method in _methods(routing, "route", item.call, item.scope):
                        yield from _endpoint(routing, method, joined(prefix, path) or "/", thing, item.scope, item.call)


def _started(routing: Routing) -> Iterator[Found]:
    """``@app.on_event("startup")`` and ``lifespan=`` functions."""
    functions = [
        one.function
        for one in routing.decorated()
        if one.attr == "on_event" and texts(routing.evaluate(argument(one.call, 0), one.where)) == ("startup",)
    ]
    for call, scope in routing.calls("FastAPI", "Starlette"):
        for name in ("lifespan", "on_startup"):
            given = routing.evaluate(argument(call, None, name), scope)
            inner = settled(given)
            items = inner.items if isinstance(inner, Items) else (given,)
            functions += [t.name.scope for i in items for t in routing.things(i) if t.name.scope is not None]
    for function in functions:
        if function.is_function:
            span = function.module.span(function.node)
            yield Found("fastapi", "startup", "*", function.symbol, routing.thing(function), span)


FASTAPI = Server("fastapi", ("fastapi", "starlette"), _find)
