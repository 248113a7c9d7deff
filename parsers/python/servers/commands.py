"""Commands: click, Typer, Flask's command line, Django management commands.

Source: click 8 ``decorators.py``, Typer, Flask ``cli.py``, Django ``core/management/base.py``.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from parsers.python.module import Scope
from parsers.python.routing import Found, Routing
from parsers.python.servers import Server
from parsers.python.value import Made, Member, Thing, options, settled

_ROOTS = ("click", "typer", "flask", "asyncclick", "rich_click")


def _find(routing: Routing) -> Iterator[Found]:
    for scope, node, where in routing.decorators():
        if scope.is_function and _is_command(routing, node, where):
            yield _found(routing, scope)
    for cls in routing.values.sites.classes():
        names = routing.values.program.base_names(cls)
        if any(n.startswith("django.core.management") for n in names):
            for _, method in routing.methods_of(cls, ["handle"]):
                yield _found(routing, method)


def _is_command(routing: Routing, node: ast.expr, where: Scope) -> bool:
    func = node.func if isinstance(node, ast.Call) else node
    if not isinstance(func, ast.Attribute) or func.attr not in ("command", "callback", "group"):
        return False
    for option in options(settled(routing.evaluate(func.value, where))):
        inner = option.of if isinstance(option, Member) else option
        if isinstance(inner, Thing | Made):
            root = inner.name.qualified.partition(".")[0]
            own = inner.name.scope is not None and isinstance(inner, Thing)
            if root in _ROOTS or own:
                return True
    return False


def _found(routing: Routing, scope: Scope) -> Found:
    span = scope.module.span(scope.node)
    return Found("command", "cli", "*", scope.symbol, routing.thing(scope), span)


COMMANDS = Server("commands", ("click", "typer", "cli.command", "BaseCommand"), _find)
