"""aiohttp's server: route tables, ``app.router``, sub-applications, class views.

Source: aiohttp 3.14 ``web_routedef.py``, ``web_urldispatcher.py``, ``web_protocol.py`` (500 for an exception).
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from parsers.python.module import Scope
from parsers.python.routing import VERBS, Found, Including, Routing, argument, joined, path_text, prefixes
from parsers.python.servers import Server
from parsers.python.value import Made, Member, Thing, Value, constant_text, options, settled

_APPS = ("aiohttp.web.Application", "aiohttp.web_app.Application")
_TABLES = ("aiohttp.web.RouteTableDef", "aiohttp.web_routedef.RouteTableDef")
_NESTED = Including(("add_subapp",), (1, ("subapp",)), (0, ("prefix",)), ("<none>",), _APPS)
_ADDING = {f"add_{v}": v.upper() for v in VERBS}


def _find(routing: Routing) -> Iterator[Found]:
    for one in routing.decorated():
        if (one.attr in VERBS or one.attr == "view") and routing.is_made(one.base, _TABLES) is not None:
            for path in path_text(routing.evaluate(argument(one.call, 0, "path"), one.where)):
                yield from _route(routing, one.attr.upper(), path, routing.thing(one.function), one.function)
    yield from _definitions(routing)
    yield from _added(routing)


def _definitions(routing: Routing) -> Iterator[Found]:
    """``web.get("/x", f)`` in a list that ``add_routes`` takes."""
    for call, scope in routing.calls(*sorted(VERBS), "route", "view"):
        if "aiohttp" not in scope.module.text or len(call.args) < 2:
            continue
        name = routing.values.program.resolve(call.func, scope)
        if name is None or not name.qualified.startswith(("aiohttp.web.", "aiohttp.web_routedef.")):
            continue
        verb = name.qualified.rpartition(".")[2]
        yield from _written(routing, call, scope, "" if verb == "route" else verb.upper(), ("",))


def _added(routing: Routing) -> Iterator[Found]:
    """``app.router.add_get("/x", f)``, ``app.router.add_route("GET", "/x", f)``."""
    for call, scope in routing.calls(*sorted(_ADDING), "add_route", "add_view"):
        if not isinstance(call.func, ast.Attribute) or len(call.args) < 2 or "aiohttp" not in scope.module.text:
            continue
        base = routing.evaluate(call.func.value, scope)
        bases = _prefixes(routing, base)
        if bases is None:
            continue
        name = call.func.attr
        yield from _written(routing, call, scope, _ADDING.get(name, "VIEW" if name == "add_view" else ""), bases)


def _prefixes(routing: Routing, base: Value) -> tuple[str, ...] | None:
    for option in options(settled(base)):
        if isinstance(option, Member) and isinstance(option.of, Made) and option.names[-1:] == ("router",):
            app = routing.is_made(option.of, _APPS)
            return prefixes(routing, app, _NESTED) if app is not None else ("",)
        if isinstance(option, Made | Thing):
            return None
    return ("",)


def _written(routing: Routing, call: ast.Call, scope: Scope, verb: str, bases: tuple[str, ...]) -> Iterator[Found]:
    shift = 0 if verb else 1
    method = verb or (constant_text(routing.evaluate(call.args[0], scope)) or "*").upper()
    handler = argument(call, 1 + shift, "handler")
    for thing in routing.things(routing.evaluate(handler, scope)):
        function = thing.name.scope
        if function is None:
            continue
        target = thing if thing.receiver is not None else routing.thing(function) if function.is_function else thing
        for base in bases:
            for path in path_text(routing.evaluate(argument(call, shift, "path"), scope)):
                yield from _route(routing, method, joined(base, path) or "/", target, function)


def _route(routing: Routing, method: str, route: str, target: Thing, function: Scope) -> Iterator[Found]:
    if function.is_class:
        for verb, inner in routing.methods_of(function, sorted(VERBS)):
            yield _found(verb.upper(), route, routing.thing(inner))
        return
    yield _found(method, route, target)


def _found(method: str, route: str, target: Thing) -> Found:
    scope = target.name.scope
    assert scope is not None
    return Found("aiohttp", "http", method, route, target, scope.module.span(scope.node), uncaught="500")


AIOHTTP = Server("aiohttp", ("aiohttp",), _find)
