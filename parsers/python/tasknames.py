"""What a task is called: by those who send it and by those who do it.

Source: Celery 5.6 ``app/base.py`` ``gen_task_name``; dramatiq ``actor_name``; RQ and arq use the function's name.
Shape: the explicit name where one is given, else the function's dotted symbol.
"""

from __future__ import annotations

import ast

from parsers.python.module import Scope
from parsers.python.value import Made, Thing, constant_text, options, settled
from parsers.python.values import Values

_FRAMEWORKS = (
    "celery",
    "dramatiq",
    "huey",
    "rq",
    "arq",
    "apscheduler",
    "taskiq",
    "procrastinate",
    "fastapi_utils",
    "funcx",
)


def last(node: ast.expr) -> str:
    """The last name of a decorator."""
    func = node.func if isinstance(node, ast.Call) else node
    return func.attr if isinstance(func, ast.Attribute) else func.id if isinstance(func, ast.Name) else ""


def framework(values: Values, node: ast.expr, scope: Scope) -> str | None:
    """The task library that a decorator is of."""
    func = node.func if isinstance(node, ast.Call) else node
    roots = [func.value] if isinstance(func, ast.Attribute) else [func]
    for root in roots:
        for option in options(settled(values.evaluate(root, scope))):
            name = option.name.qualified if isinstance(option, Thing | Made) else ""
            for candidate in (name, *(_bases(values, option) if isinstance(option, Made) else ())):
                head = candidate.partition(".")[0]
                if head in _FRAMEWORKS:
                    return head
    unknown = isinstance(func, ast.Attribute) and func.attr in ("task", "actor", "shared_task")
    text = scope.module.text
    return next((f for f in _FRAMEWORKS if unknown and f in text), None)


def _bases(values: Values, made: Made) -> tuple[str, ...]:
    return values.program.base_names(made.name.scope) if made.name.scope is not None else ()


def name_of(values: Values, scope: Scope) -> str:
    """The name under which a task is known."""
    node = scope.node
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        for decorator in node.decorator_list:
            if isinstance(decorator, ast.Call):
                for keyword in decorator.keywords:
                    if keyword.arg in ("name", "actor_name"):
                        written = constant_text(values.evaluate(keyword.value, scope.parent or scope))
                        if written:
                            return written
    return scope.symbol


def known_as(values: Values, text: str) -> str:
    """A task named by text: the symbol of the function that it is, where one fits."""
    for module in values.program.modules():
        for scope in module.scope.walk():
            if scope.is_function and (scope.symbol == text or scope.symbol.endswith(f".{text}")):
                return name_of(values, scope)
    return text
