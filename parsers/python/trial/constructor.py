"""Attributes that a constructor is given: another instance may be given another value.

Shape: where every instance of the tree is made with the argument written, that is the value; else the parameter's
default stands for what run time decides.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from parsers.python import instances
from parsers.python.module import FunctionNode, Scope
from parsers.python.sites import first_parameter
from parsers.python.trial.convert import from_value, soft
from parsers.python.trial.worth import Worth

if TYPE_CHECKING:
    from parsers.python.trial.machine import Machine


def given(machine: Machine, attr: str, root: str, scope: Scope) -> Worth | None:
    """``self.attr``, where a parameter of ``__init__`` decides it; ``None`` where it does not."""
    cls = _class_of(scope, root)
    if cls is None:
        return None
    for home in machine.program.ancestry(cls):
        stores = [s for s in machine.values.sites.stores(home).get(attr, ()) if s[0].name == "__init__"]
        if not stores:
            continue
        init, _, value = stores[0]
        names = _parameters(init) & {n.id for n in ast.walk(value) if isinstance(n, ast.Name)}
        if not names or _always_written(machine, cls, init, names):
            return None
        worth = from_value(machine.values.evaluate(value, init), machine.run, f"{root}.{attr}")
        return soft(worth, f"{root}.{attr}", machine.run)
    return None


def _class_of(scope: Scope, root: str) -> Scope | None:
    """The class whose instance ``root`` is: the first parameter of the method around."""
    current: Scope | None = scope
    while current is not None:
        parent = current.parent
        if parent is not None and parent.is_class:
            return parent if first_parameter(current) == root else None
        current = parent
    return None


def _parameters(init: Scope) -> set[str]:
    node = init.node
    if not isinstance(node, FunctionNode):
        return set()
    return {a.arg for a in (*node.args.posonlyargs, *node.args.args[1:], *node.args.kwonlyargs)}


def _always_written(machine: Machine, cls: Scope, init: Scope, names: set[str]) -> bool:
    """Whether every place that makes an instance says the argument."""
    node = init.node
    assert isinstance(node, FunctionNode)
    order = [a.arg for a in node.args.args[1:]]
    calls = [call for call, _ in instances.makers(machine.values, instances.any_instance(cls))]
    return bool(calls) and all(_says(call, order, names) for call in calls)


def _says(call: ast.Call, order: list[str], names: set[str]) -> bool:
    written = {k.arg for k in call.keywords} | set(order[: len(call.args)])
    return names <= written and None not in written
