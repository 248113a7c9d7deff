"""Sanic: routes, blueprints.

Source: Sanic 24 ``mixins/routes.py``, ``blueprints.py``; an exception that nobody handles is answered with 500.
"""

from __future__ import annotations

from collections.abc import Iterator

from parsers.python.routing import VERBS, Found, Including, Routing, argument, joined, path_text, prefixes, texts
from parsers.python.servers import Server

_APPS = ("sanic.Sanic", "sanic.app.Sanic")
_BLUEPRINTS = ("sanic.Blueprint", "sanic.blueprints.Blueprint")
_INCLUDING = Including(("blueprint",), (0, ("blueprint",)), (None, ("url_prefix",)), ("url_prefix",), _APPS)


def _find(routing: Routing) -> Iterator[Found]:
    for one in routing.decorated():
        if one.attr not in VERBS and one.attr != "route":
            continue
        blueprint = routing.is_made(one.base, _BLUEPRINTS)
        if blueprint is not None:
            bases = prefixes(routing, blueprint, _INCLUDING)
        elif routing.is_made(one.base, _APPS) is not None:
            bases = ("",)
        else:
            continue
        given = texts(routing.evaluate(argument(one.call, None, "methods"), one.where))
        methods = (one.attr.upper(),) if one.attr in VERBS else tuple(m.upper() for m in given) or ("GET",)
        span = one.function.module.span(one.function.node)
        for base in bases:
            for path in path_text(routing.evaluate(argument(one.call, 0, "uri"), one.where)):
                for method in methods:
                    route = joined(base, path) or "/"
                    yield Found("sanic", "http", method, route, routing.thing(one.function), span, uncaught="500")


SANIC = Server("sanic", ("sanic",), _find)
