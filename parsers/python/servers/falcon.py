"""Falcon: ``app.add_route("/path", Resource())`` with ``on_get``, ``on_post``, ...

Source: Falcon 4 ``app.py``, ``routing/util.py`` (``map_http_methods``); an exception is answered with 500.
"""

from __future__ import annotations

from collections.abc import Iterator

from parsers.python.routing import VERBS, Found, Routing, argument, path_text
from parsers.python.servers import Server
from parsers.python.value import Made, options, settled


def _find(routing: Routing) -> Iterator[Found]:
    for call, scope in routing.calls("add_route"):
        if "falcon" not in scope.module.text or len(call.args) < 2:
            continue
        for option in options(settled(routing.evaluate(argument(call, 1, "resource"), scope))):
            cls = option.name.scope if isinstance(option, Made) else None
            if cls is None or not cls.is_class:
                continue
            for route in path_text(routing.evaluate(argument(call, 0, "uri_template"), scope)):
                for name, method in routing.methods_of(cls, [f"on_{v}" for v in sorted(VERBS)]):
                    span = method.module.span(method.node)
                    verb = name.removeprefix("on_").upper()
                    yield Found("falcon", "http", verb, route, routing.thing(method), span, uncaught="500")


FALCON = Server("falcon", ("falcon",), _find)
