"""Generators of the tree, collected: what they yield, as far as it is bounded."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from parsers.python.module import FunctionNode, Scope
from parsers.python.trial.run import Raised, Returned, Signal
from parsers.python.trial.worth import UNKNOWN, Frame, Stream, Worth, inputs

if TYPE_CHECKING:
    from parsers.python.trial.machine import Machine

#: Items after which a generator counts as endless.
MAX_YIELDS = 64


class Enough(Signal):
    """The generator yields more than is looked at."""


def collect(machine: Machine, scope: Scope, frame: Frame) -> Worth:
    """Run a generator at once; every ``yield`` adds an item."""
    from parsers.python.trial import statements

    node = scope.node
    assert isinstance(node, FunctionNode)
    found: list[Worth] = []
    machine.yielding.append(found)
    machine.depth += 1
    try:
        statements.block(machine, node.body, frame)
    except Enough:
        return Stream(tuple(found), endless=True)
    except (Returned, Raised):
        pass
    finally:
        machine.depth -= 1
        machine.yielding.pop()
    return Stream(tuple(found), inputs=inputs(*found) | frozenset(machine.run.inputs))


def yielded(machine: Machine, node: ast.Yield | ast.YieldFrom, frame: Frame) -> Worth:
    """``yield x``: one more item."""
    worth = machine.worth(node.value, frame) if node.value is not None else UNKNOWN
    if machine.yielding:
        found = machine.yielding[-1]
        if isinstance(node, ast.Yield):
            found.append(worth)
        elif isinstance(worth, Stream):
            found.extend(worth.items)
        if len(found) >= MAX_YIELDS:
            raise Enough
    return UNKNOWN
