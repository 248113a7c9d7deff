"""The questions a trial answers: how often a loop, a function or a decorator makes one call that fails."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from parsers.python.module import Scope
from parsers.python.program import Program
from parsers.python.trial import calls, focus, search, statements
from parsers.python.trial.focus import Focus, LoopNode
from parsers.python.trial.machine import Library, Machine
from parsers.python.trial.run import Run, Way
from parsers.python.trial.worth import Frame, Subject, Worth
from parsers.python.values import Values

#: Calls of one loop that are put on trial.
MAX_CANDIDATES = 6


@dataclass(eq=False)
class Laboratory:
    """Everything a trial needs of the program."""

    program: Program
    values: Values
    library: Library

    def loop(self, loop: LoopNode, scope: Scope, candidates: list[ast.Call]) -> Iterator[tuple[ast.Call, LoopTrial]]:
        """One trial a call of the loop."""
        way = focus.way_to(loop, _body(scope))
        if way is None:
            return
        names = focus.mattering(focus.own_nodes(loop), scope.node)
        for call in candidates[:MAX_CANDIDATES]:
            same, tail = _same(call, loop, scope)
            yield call, LoopTrial(self, scope, Focus(same, scope, loop, way=way, names=names, tail=tail))

    def machine(self, aim: Focus, run: Run) -> Machine:
        return Machine(self.program, self.values, self.library, aim, run)

    def function(self, scope: Scope, candidate: ast.Call, itself: tuple[ast.Call, ...] = ()) -> search.Execute:
        """A trial of a whole function; ``itself`` are its calls of itself."""
        same = frozenset(id(n) for n in focus.own_body(scope.node) if _equal(n, candidate))
        names = focus.mattering(focus.own_body(scope.node), scope.node, itself)
        aim = Focus(same, scope, kept=frozenset(id(c) for c in itself), names=names)

        def execute(run: Run) -> None:
            machine = self.machine(aim, run)
            statements.block(machine, _body(scope), Frame(scope))

        return execute

    def applied(self, make: Callable[[Machine], Worth | None]) -> search.Execute:
        """A trial of a callable that wraps the subject."""

        def execute(run: Run) -> None:
            machine = self.machine(Focus(), run)
            wrapped = make(machine)
            if wrapped is None or isinstance(wrapped, Subject):
                return
            calls.invoke(machine, wrapped)

        return execute


@dataclass(eq=False)
class LoopTrial:
    """One loop and one call of it."""

    laboratory: Laboratory
    scope: Scope
    aim: Focus

    def execute(self, run: Run) -> None:
        """One run, from the start of the function to the end of the loop, or to a later call of the same."""
        machine = self.laboratory.machine(self.aim, run)
        statements.block(machine, _body(self.scope), Frame(self.scope))

    def count(self, way: Way) -> search.Counted | None:
        return search.count(self.execute, way)

    def ends_on_success(self) -> bool:
        return search.ends_on_success(self.execute)

    def ending(self, leaf: search.Leaf) -> str:
        """How the function ends after the worst way."""
        aim = replace(self.aim, answer=True)
        after = LoopTrial(self.laboratory, self.scope, aim)
        return search.go(after.execute, leaf.path, leaf.run.way, sample=search.SAMPLES[0], shift=0, far=True).ended


def _body(scope: Scope) -> list[ast.stmt]:
    return [] if isinstance(scope.node, ast.Lambda) else scope.node.body


def _equal(node: ast.AST, call: ast.Call) -> bool:
    return isinstance(node, ast.Call) and (node is call or ast.dump(node) == ast.dump(call))


def _same(call: ast.Call, loop: LoopNode, scope: Scope) -> tuple[frozenset[int], bool]:
    """The same call at other places of the function, and whether one of them follows the loop."""
    text = ast.dump(call)
    end = getattr(loop, "end_lineno", 0) or 0
    found, tail = {id(call)}, False
    for node in focus.own_body(scope.node):
        if isinstance(node, ast.Call) and node.func.__class__ is call.func.__class__ and ast.dump(node) == text:
            found.add(id(node))
            tail = tail or node.lineno > end
    tail = tail or any(isinstance(n, ast.Call) and id(n) in found for s in loop.orelse for n in ast.walk(s))
    return frozenset(found), tail


__all__ = ["Laboratory", "LoopTrial"]
