"""Generators of the tree, collected: what they yield, as far as it is bounded."""

from __future__ import annotations

from parsers.python.module import FunctionNode, Scope
from parsers.python.trial.machine import Machine
from parsers.python.trial.run import Enough, Raised, Returned
from parsers.python.trial.worth import Frame, Stream, Worth, inputs


def collect(machine: Machine, scope: Scope, frame: Frame) -> Worth:
    """Run a generator at once; every ``yield`` adds an item."""
    node = scope.node
    assert isinstance(node, FunctionNode)
    found: list[Worth] = []
    machine.yielding.append(found)
    machine.depth += 1
    try:
        machine.parts_of.block(machine, node.body, frame)
    except Enough:
        return Stream(tuple(found), endless=True)
    except (Returned, Raised):
        pass
    finally:
        machine.depth -= 1
        machine.yielding.pop()
    return Stream(tuple(found), inputs=inputs(*found) | frozenset(machine.run.inputs))
