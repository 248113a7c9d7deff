"""Django and Django REST framework: URL configurations, views, view sets, routers.

Source: Django 5 ``urls/conf.py`` (``path``, ``re_path``, ``include``), ``views/generic/base.py``; Django REST framework
3.15 ``routers.py`` (``SimpleRouter.routes``), ``decorators.py`` (``api_view``, ``action``).
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from parsers.python.module import Module, Scope
from parsers.python.routing import VERBS, Found, Routing, argument, path_text, texts
from parsers.python.servers import Server
from parsers.python.value import Items, Made, Member, Thing, Value, constant_text, options, settled

_PATHS = frozenset({"path", "re_path", "url"})
#: Method of a view set -> HTTP method, and whether the route names one object.
_VIEW_SET = {
    "list": ("GET", False),
    "create": ("POST", False),
    "retrieve": ("GET", True),
    "update": ("PUT", True),
    "partial_update": ("PATCH", True),
    "destroy": ("DELETE", True),
}
#: Methods that a generic view calls, with the HTTP method that leads there.
_GENERIC = {
    "create": "POST",
    "list": "GET",
    "retrieve": "GET",
    "update": "PUT",
    "destroy": "DELETE",
    "perform_create": "POST",
    "perform_update": "PUT",
    "perform_destroy": "DELETE",
    "form_valid": "POST",
}
_MAX_NESTED = 8


def _find(routing: Routing) -> Iterator[Found]:
    modules = [m for m in routing.values.program.modules() if "urlpatterns" in m.scope.bindings]
    included = {id(i) for m in modules for i in _included(routing, m)}
    for module in modules:
        if id(module) not in included:
            yield from _module(routing, module, "", 0)


def _module(routing: Routing, module: Module, prefix: str, depth: int) -> Iterator[Found]:
    bindings = module.scope.bindings.get("urlpatterns")
    if bindings and depth < _MAX_NESTED:
        value = routing.values.variable(module.scope, "urlpatterns", bindings, routing.frame(module.scope))
        yield from _patterns(routing, value, prefix, depth)


def _included(routing: Routing, module: Module) -> Iterator[Module]:
    for call, scope in routing.calls("include"):
        if scope.module is module and call.args:
            found = _included_module(routing, call, scope)
            if found is not None:
                yield found


def _included_module(routing: Routing, call: ast.Call, scope: Scope) -> Module | None:
    given = settled(routing.evaluate(call.args[0], scope))
    if isinstance(given, Items) and given.items:
        given = settled(given.items[0])
    dotted = constant_text(given)
    if dotted is not None:
        return routing.values.program.find_module(dotted, scope.module)
    return given.name.module if isinstance(given, Thing) else None


def _patterns(routing: Routing, value: Value, prefix: str, depth: int) -> Iterator[Found]:
    for option in options(settled(value)):
        if isinstance(option, Items):
            for item in option.items:
                if isinstance(item, Made) and item.name.qualified.rpartition(".")[2] in _PATHS:
                    yield from _pattern(routing, item, prefix, depth)
        elif isinstance(option, Member) and isinstance(option.of, Made) and option.names[-1] == "urls":
            yield from _router(routing, option.of, prefix)


def _pattern(routing: Routing, made: Made, prefix: str, depth: int) -> Iterator[Found]:
    route = path_text(routing.evaluate(argument(made.call, 0, "route", "regex"), made.scope))[0]
    whole = _joined(prefix, route, regex=not made.name.qualified.endswith(".path"))
    view = argument(made.call, 1, "view")
    if view is None or depth > _MAX_NESTED:
        return
    if isinstance(view, ast.Call) and _called(view) == "include":
        yield from _include(routing, view, made.scope, whole, depth + 1)
    else:
        yield from _view(routing, view, made.scope, whole)


def _joined(prefix: str, route: str, *, regex: bool) -> str:
    """Django concatenates without a slash of its own; anchors of regular expressions go."""
    if regex:
        route = route.removeprefix("^").removesuffix("$")
    return prefix + route


def _called(call: ast.Call) -> str:
    func = call.func
    return func.attr if isinstance(func, ast.Attribute) else func.id if isinstance(func, ast.Name) else ""


def _include(routing: Routing, call: ast.Call, scope: Scope, prefix: str, depth: int) -> Iterator[Found]:
    module = _included_module(routing, call, scope) if call.args else None
    if module is not None:
        yield from _module(routing, module, prefix, depth)
        return
    given = settled(routing.evaluate(call.args[0], scope)) if call.args else None
    if isinstance(given, Items) and given.kind == "tuple" and given.items:
        given = settled(given.items[0])
    if given is not None:
        yield from _patterns(routing, given, prefix, depth)


def _view(routing: Routing, view: ast.expr, scope: Scope, route: str) -> Iterator[Found]:
    while isinstance(view, ast.Call) and _called(view) != "as_view" and view.args:
        view = view.args[0]  # csrf_exempt(view), login_required(view)
    if isinstance(view, ast.Call) and isinstance(view.func, ast.Attribute):
        mapping = view.args[0] if view.args else None
        for thing in routing.things(routing.evaluate(view.func.value, scope)):
            if thing.name.scope is not None and thing.name.scope.is_class:
                yield from _class(routing, thing.name.scope, route, mapping)
        return
    for thing in routing.things(routing.evaluate(view, scope)):
        function = thing.name.scope
        if function is not None and function.is_function:
            for method in _methods(routing, function):
                yield _found(method, route, routing.thing(function))


def _class(routing: Routing, cls: Scope, route: str, mapping: ast.expr | None) -> Iterator[Found]:
    if isinstance(mapping, ast.Dict):  # ViewSet.as_view({"get": "list"})
        for key, value in zip(mapping.keys, mapping.values, strict=True):
            verb = key.value if isinstance(key, ast.Constant) else None
            name = value.value if isinstance(value, ast.Constant) else None
            for _, method in routing.methods_of(cls, [str(name)]):
                yield _found(str(verb).upper(), route, routing.thing(method))
        return
    for verb, method in routing.methods_of(cls, sorted(VERBS)):
        yield _found(verb.upper(), route, routing.thing(method))
    seen: set[str] = {v.upper() for v, _ in routing.methods_of(cls, sorted(VERBS))}
    for name, method in routing.methods_of(cls, list(_GENERIC)):
        if _GENERIC[name] not in seen:
            seen.add(_GENERIC[name])
            yield _found(_GENERIC[name], route, routing.thing(method))


def _methods(routing: Routing, function: Scope) -> tuple[str, ...]:
    node = function.node
    for decorator in node.decorator_list if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) else []:
        name = _called(decorator) if isinstance(decorator, ast.Call) else _last(decorator)
        if name in ("api_view", "require_http_methods") and isinstance(decorator, ast.Call):
            given = texts(routing.evaluate(argument(decorator, 0, "http_method_names"), function.parent or function))
            return tuple(m.upper() for m in given) or ("GET",)
        if name in ("require_POST", "require_GET"):
            return (name.removeprefix("require_"),)
    return ("*",)


def _last(expr: ast.expr) -> str:
    return expr.attr if isinstance(expr, ast.Attribute) else expr.id if isinstance(expr, ast.Name) else ""


def _router(routing: Routing, router: Made, prefix: str) -> Iterator[Found]:
    """``router.register("orders", OrderViewSet)``."""
    for call, scope in routing.calls("register"):
        if not isinstance(call.func, ast.Attribute) or len(call.args) < 2:
            continue
        base = routing.evaluate(call.func.value, scope)
        if not any(isinstance(o, Made) and o.call is router.call for o in options(settled(base))):
            continue
        name = path_text(routing.evaluate(call.args[0], scope))[0]
        for thing in routing.things(routing.evaluate(call.args[1], scope)):
            if thing.name.scope is not None and thing.name.scope.is_class:
                yield from _view_set(routing, thing.name.scope, f"{prefix}{name}".rstrip("/"))


def _view_set(routing: Routing, cls: Scope, route: str) -> Iterator[Found]:
    for name, method in routing.methods_of(cls, list(_VIEW_SET)):
        verb, one = _VIEW_SET[name]
        yield _found(verb, f"{route}/{{pk}}/" if one else f"{route}/", routing.thing(method))
    overridden = {n for n, _ in routing.methods_of(cls, list(_VIEW_SET))}
    for hook, name in (("perform_create", "create"), ("perform_update", "update"), ("perform_destroy", "destroy")):
        for _, method in routing.methods_of(cls, [hook]):
            if name not in overridden:
                verb, one = _VIEW_SET[name]
                yield _found(verb, f"{route}/{{pk}}/" if one else f"{route}/", routing.thing(method))
    for home in routing.values.program.ancestry(cls):
        for method in home.children:
            yield from _action(routing, method, route)


def _action(routing: Routing, method: Scope, route: str) -> Iterator[Found]:
    node = method.node
    for decorator in node.decorator_list if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) else []:
        if not isinstance(decorator, ast.Call) or _called(decorator) not in ("action", "detail_route", "list_route"):
            continue
        detail = settled(routing.evaluate(argument(decorator, None, "detail"), method))
        one = getattr(detail, "value", False) is True or _called(decorator) == "detail_route"
        path = constant_text(routing.evaluate(argument(decorator, None, "url_path"), method)) or method.name
        for verb in texts(routing.evaluate(argument(decorator, None, "methods"), method)) or ("get",):
            yield _found(verb.upper(), f"{route}/{{pk}}/{path}/" if one else f"{route}/{path}/", routing.thing(method))


def _found(method: str, route: str, target: Thing) -> Found:
    scope = target.name.scope
    assert scope is not None
    route = route if route.startswith("/") else f"/{route}"
    return Found("django", "http", method, route, target, scope.module.span(scope.node), uncaught="500")


DJANGO = Server("django", ("urlpatterns",), _find)
