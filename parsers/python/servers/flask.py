"""Flask and Quart: routes, blueprints, method views, Flask-RESTful, Flask-RESTX and flask-smorest resources.

Source: Flask 3.1 ``sansio/scaffold.py`` (``route``, verbs), ``sansio/blueprints.py`` (nested prefixes),
``views.py``; an exception that nobody handles is answered with 500.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from parsers.python.module import Scope
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
    "flask.Flask",
    "quart.Quart",
    "flask.app.Flask",
    "flask_openapi3.OpenAPI",
    "apiflask.APIFlask",
    "connexion.FlaskApp",
)
_BLUEPRINTS = ("flask.Blueprint", "quart.Blueprint", "flask.blueprints.Blueprint", "flask_smorest.Blueprint",
               "flask_openapi3.APIBlueprint", "apiflask.APIBlueprint")  # fmt: skip
_APIS = ("flask_restful.Api", "flask_restx.Api", "flask_restplus.Api", "flask_smorest.Api")
_NAMESPACES = ("flask_restx.Namespace", "flask_restplus.Namespace")
_INCLUDING = Including(("register_blueprint",), (0, ("blueprint",)), (None, ("url_prefix",)), ("url_prefix",),
                       (*_APPS, *_BLUEPRINTS, *_APIS), replaces=True)  # fmt: skip
_IN_NAMESPACE = Including(("add_namespace",), (0, ("ns",)), (1, ("path",)), ("path",), _APIS, replaces=True)


def _find(routing: Routing) -> Iterator[Found]:
    for decorated in routing.decorated():
        yield from _routes(routing, decorated)
    yield from _added_rules(routing)
    yield from _resources(routing)


def _routes(routing: Routing, one: Decorated) -> Iterator[Found]:
    if one.attr != "route" and one.attr not in VERBS:
        return
    bases = _prefixes_of(routing, one.base, one.where, one.call)
    if bases is None or (not one.call.args and not one.call.keywords):
        return
    methods = _methods(routing, one)
    paths = path_text(routing.evaluate(argument(one.call, 0, "rule"), one.where))
    for base in bases:
        for path in paths:
            if one.function.is_class:
                yield from _views(routing, one.function, joined(base, path) or "/", one)
                continue
            for method in methods:
                yield _found(routing, method, joined(base, path) or "/", routing.thing(one.function), one)


def _prefixes_of(routing: Routing, base: Value, where: Scope, call: ast.Call) -> tuple[str, ...] | None:
    if routing.is_made(base, _APPS) is not None or routing.is_made(base, _APIS) is not None:
        return ("",)
    blueprint = routing.is_made(base, _BLUEPRINTS)
    if blueprint is not None:
        return prefixes(routing, blueprint, _INCLUDING)
    namespace = routing.is_made(base, _NAMESPACES)
    if namespace is not None:
        found = prefixes(routing, namespace, _IN_NAMESPACE)
        named = path_text(routing.evaluate(argument(namespace.call, 0, "name"), namespace.scope))[0]
        return found if any(found) else (f"/{named}",)
    return ("",) if _looks_like_one(base, where, call) else None


def _looks_like_one(base: Value, where: Scope, call: ast.Call) -> bool:
    """An application that is handed in: ``def routes(app): @app.route("/x")``."""
    known = isinstance(call.func, ast.Attribute) and call.func.attr == "route"
    text = where.module.text
    made = any(isinstance(o, Made | Thing) for o in options(settled(base)))
    return known and not made and ("flask" in text or "quart" in text) and "sanic" not in text and "bottle" not in text


def _methods(routing: Routing, one: Decorated) -> tuple[str, ...]:
    if one.attr in VERBS:
        return (one.attr.upper(),)
    given = texts(routing.evaluate(argument(one.call, None, "methods"), one.where))
    return tuple(dict.fromkeys(m.upper() for m in given)) or ("GET",)


def _found(routing: Routing, method: str, route: str, target: Thing, one: Decorated | None) -> Found:
    scope = target.name.scope
    assert scope is not None
    framework = "quart" if "quart" in scope.module.text and "flask" not in scope.module.text else "flask"
    where = one.function.module.span(one.call) if one is not None else scope.module.span(scope.node)
    return Found(
        framework=framework,
        kind="http",
        method=method,
        route=route,
        target=target,
        span=where,
        uncaught="500",
        before=tuple((None, t) for t in _before(routing, scope)),
        errors=_errors(routing, scope),
        tuples=True,
    )


def _views(routing: Routing, cls: Scope, route: str, one: Decorated | None) -> Iterator[Found]:
    """Methods of a view class, by HTTP verb."""
    for verb, method in routing.methods_of(cls, sorted(VERBS)):
        thing = routing.thing(method)
        yield _found(routing, verb.upper(), route, thing, one)


def _added_rules(routing: Routing) -> Iterator[Found]:
    for call, scope in routing.calls("add_url_rule"):
        if not isinstance(call.func, ast.Attribute):
            continue
        bases = _prefixes_of(routing, routing.evaluate(call.func.value, scope), scope, call) or ("",)
        view = argument(call, 2, "view_func")
        methods = texts(routing.evaluate(argument(call, None, "methods"), scope)) or ("GET",)
        paths = path_text(routing.evaluate(argument(call, 0, "rule"), scope))
        for base in bases:
            for path in paths:
                yield from _rule(routing, (view, scope), joined(base, path) or "/", methods)


def _rule(
    routing: Routing, view: tuple[ast.expr | None, Scope], route: str, methods: tuple[str, ...]
) -> Iterator[Found]:
    expr, scope = view
    if isinstance(expr, ast.Call) and isinstance(expr.func, ast.Attribute) and expr.func.attr == "as_view":
        for cls in routing.things(routing.evaluate(expr.func.value, scope)):
            if cls.name.scope is not None and cls.name.scope.is_class:
                yield from _views(routing, cls.name.scope, route, None)
        return
    for thing in routing.things(routing.evaluate(expr, scope)):
        if thing.name.scope is not None and thing.name.scope.is_function:
            for method in methods:
                yield _found(routing, method.upper(), route, thing, None)


def _resources(routing: Routing) -> Iterator[Found]:
    """``api.add_resource(Class, "/a", "/b")``."""
    for call, scope in routing.calls("add_resource"):
        if not call.args:
            continue
        prefix = _api_prefix(routing, call, scope)
        for cls in routing.things(routing.evaluate(call.args[0], scope)):
            for expr in call.args[1:]:
                for path in path_text(routing.evaluate(expr, scope)):
                    if cls.name.scope is not None and cls.name.scope.is_class:
                        yield from _views(routing, cls.name.scope, joined(prefix, path) or "/", None)


def _api_prefix(routing: Routing, call: ast.Call, scope: Scope) -> str:
    base = routing.evaluate(call.func.value, scope) if isinstance(call.func, ast.Attribute) else None
    api = routing.is_made(base, _APIS) if base is not None else None
    if api is None:
        return ""
    own = argument(api.call, None, "prefix")
    found = path_text(routing.evaluate(own, api.scope))[0] if own is not None else ""
    held = routing.is_made(routing.evaluate(argument(api.call, 0, "app"), api.scope), _BLUEPRINTS)
    above = prefixes(routing, held, _INCLUDING)[0] if held is not None else ""
    return joined(above, found)


def _before(routing: Routing, scope: Scope) -> Iterator[Thing]:
    """``@app.before_request`` functions of the same file."""
    for function, node, where in routing.decorators():
        here = where.module is scope.module and function is not scope
        if here and isinstance(node, ast.Attribute) and node.attr in ("before_request", "before_app_request"):
            yield routing.thing(function)


def _errors(routing: Routing, scope: Scope) -> tuple[tuple[str, Thing], ...]:
    """``@app.errorhandler(X)`` functions of the same service."""
    found: list[tuple[str, Thing]] = []
    folder = scope.module.path.rpartition("/")[0]
    for one in routing.decorated():
        here = one.function.module.path.rpartition("/")[0].startswith(folder) or one.function.module is scope.module
        if here and one.attr in ("errorhandler", "app_errorhandler") and one.call.args:
            value = routing.evaluate(one.call.args[0], one.where)
            names = classes_of(routing.values, value) or tuple(_status_names(value))
            found += [(name, routing.thing(one.function)) for name in names]
    return tuple(found)


def _status_names(value: Value) -> Iterator[str]:
    """``@app.errorhandler(500)`` takes whatever nobody else does."""
    for option in options(settled(value)):
        if not isinstance(option, Items) and getattr(option, "value", None) == 500:
            yield "Exception"


FLASK = Server("flask", ("flask", "quart"), _find)
