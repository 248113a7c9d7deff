"""The questions a trial answers: how often a loop, a function or a decorator makes one call that fails."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from parsers.python.module import Scope
from parsers.python.program import Program
from parsers.python.trial import calls, focus, search, statements
from parsers.python.trial.focus import Focus, LoopNode
from parsers.python.trial.machine import Library, Machine, Parts
from parsers.python.trial.run import Run, Way
from parsers.python.trial.worth import Frame, Subject, Worth
from parsers.python.value import Value
from parsers.python.values import Values
from parsers.quantities import Count

#: Calls of one loop that are put on trial.
MAX_CANDIDATES = 6
PARTS = Parts(call=calls.call, enter=calls.enter, follow=calls.follow, block=statements.block)


@dataclass(eq=False)
class Laboratory:
    """Everything a trial needs of the program."""

    program: Program
    values: Values
    library: Library
    known: dict[tuple[int, int], tuple[ast.expr, Value]] = field(default_factory=dict)

    def loop(self, loop: LoopNode, scope: Scope, candidates: list[ast.Call]) -> Iterator[tuple[ast.Call, LoopTrial]]:
        """One trial a call of the loop."""
        way = focus.way_to(loop, _body(scope))
        if way is None:
            return
        names = focus.mattering(focus.own_nodes(loop), scope.node)
        for call in candidates[:MAX_CANDIDATES]:
            same, tail = _same(call, loop, scope)
            alike = _alike(call, loop)
            yield call, LoopTrial(self, scope, Focus(same, scope, loop, way=way, names=names, tail=tail), alike)

    def machine(self, aim: Focus, run: Run) -> Machine:
        return Machine(self.program, self.values, self.library, aim, run, PARTS, known=self.known)

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
    alike: frozenset[int]

    def execute(self, run: Run) -> None:
        """One run, from the start of the function to the end of the loop, or to a later call of the same."""
        machine = self.laboratory.machine(self.aim, run)
        statements.block(machine, _body(self.scope), Frame(self.scope))

    def count(self, way: Way) -> search.Counted | None:
        alone = search.count(self.execute, way)
        if alone is not None and (alone.attempts is None or alone.attempts >= Count(2)):
            return alone
        together = self.failing()
        return alone if together.aim.calls == self.aim.calls else search.count(together.execute, way)

    def failing(self) -> LoopTrial:
        """The same with all calls of the same function on trial."""
        aim = replace(self.aim, calls=self.aim.calls | self.alike)
        return LoopTrial(self.laboratory, self.scope, aim, self.alike)

    def _mixed(self, leaf: search.Leaf) -> bool:
        """Whether calls with other arguments were made on the way."""
        return any(id(place) not in self.aim.calls for place in leaf.run.places)

    def ends_on_success(self) -> bool:
        return search.ends_on_success(self.execute)

    def ending(self, leaf: search.Leaf) -> str:
        """How the function ends after the worst way."""
        aim = replace(self.failing().aim if len(leaf.run.places) > 1 and self._mixed(leaf) else self.aim, answer=True)
        after = LoopTrial(self.laboratory, self.scope, aim, self.alike)
        return search.go(after.execute, leaf.path, leaf.run.way, sample=search.SAMPLES[0], shift=0, far=True).ended


def _body(scope: Scope) -> list[ast.stmt]:
    return [] if isinstance(scope.node, ast.Lambda) else scope.node.body


def _equal(node: ast.AST, call: ast.Call) -> bool:
    return isinstance(node, ast.Call) and (node is call or ast.dump(node) == ast.dump(call))


def _same(call: ast.Call, loop: LoopNode, scope: Scope) -> tuple[frozenset[int], bool]:
    """The same call at other places of the function, and whether one of them follows the loop.

    Outside of the loop the same words may mean something else: names that were bound in between.
    """
    text = ast.dump(call)
    start, end = loop.lineno, loop.end_lineno or loop.lineno
    found, tail = {id(call)}, False
    nodes = list(focus.own_body(scope.node))
    for node in nodes:
        if not isinstance(node, ast.Call) or node.func.__class__ is not call.func.__class__ or ast.dump(node) != text:
            continue
        inside = start <= node.lineno <= end
        if inside or not _rebound(call, nodes, min(node.lineno, end + 1), max(node.lineno, start - 1)):
            found.add(id(node))
            tail = tail or node.lineno > end
    return frozenset(found), tail


def _alike(call: ast.Call, loop: LoopNode) -> frozenset[int]:
    """Calls of the same function in the loop, with other arguments: when one fails, so does the other."""
    func = ast.dump(call.func)
    return frozenset(id(n) for n in focus.own_nodes(loop) if isinstance(n, ast.Call) and ast.dump(n.func) == func)


def _rebound(call: ast.Call, nodes: list[ast.AST], first: int, last: int) -> bool:
    """Whether names of the call are bound between two lines."""
    names = {n.id for n in ast.walk(call) if isinstance(n, ast.Name)}
    return any(
        isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store) and n.id in names and first <= n.lineno <= last
        for n in nodes
    )


__all__ = ["Laboratory", "LoopTrial"]
