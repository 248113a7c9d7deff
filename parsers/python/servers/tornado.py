"""Tornado: ``Application([(r"/path", Handler)])``.

Source: Tornado 6.6 ``web.py`` (``RequestHandler`` verbs; ``HTTPError``; anything else is answered with 500).
"""

from __future__ import annotations

from collections.abc import Iterator

from parsers.python.routing import VERBS, Found, Routing, argument, path_text
from parsers.python.servers import Server
from parsers.python.value import Items, Made, Value, settled


def _find(routing: Routing) -> Iterator[Found]:
    for call, scope in routing.calls("Application", "add_handlers"):
        if "tornado" not in scope.module.text:
            continue
        rules = argument(call, 1 if _named(call) == "add_handlers" else 0, "handlers", "host_handlers")
        given = settled(routing.evaluate(rules, scope))
        for rule in given.items if isinstance(given, Items) else ():
            yield from _rule(routing, rule)


def _named(call: object) -> str:
    return str(getattr(getattr(call, "func", None), "attr", ""))


def _rule(routing: Routing, rule: Value) -> Iterator[Found]:
    rule = settled(rule)
    if isinstance(rule, Made) and rule.name.qualified.startswith("tornado."):
        args = [routing.evaluate(a, rule.scope) for a in rule.call.args[:2]]
    else:
        args = list(rule.items[:2]) if isinstance(rule, Items) else []
    if len(args) < 2:
        return
    for thing in routing.things(args[1]):
        cls = thing.name.scope
        if cls is None or not cls.is_class:
            continue
        for route in path_text(args[0]):
            for verb, method in routing.methods_of(cls, sorted(VERBS)):
                span = method.module.span(method.node)
                yield Found("tornado", "http", verb.upper(), route, routing.thing(method), span, uncaught="500")


TORNADO = Server("tornado", ("tornado",), _find)
