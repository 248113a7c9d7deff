"""What a trial looks at: the calls on trial, the loop, the way to it, and what can be left out.

Shape: built once for a loop and a call; a run then executes only statements that can change how often the call is made.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from parsers.python.module import FunctionNode, Scope

LoopNode = ast.For | ast.AsyncFor | ast.While
LOOPS = (ast.For, ast.AsyncFor, ast.While)
JUMPS = (ast.Return, ast.Raise, ast.Break, ast.Continue)
NESTED = (*FunctionNode.__args__, ast.ClassDef, ast.Lambda)


@dataclass(eq=False, slots=True)
class Focus:
    """``calls`` are the places on trial, in the function ``scope``; ``loop`` is the loop on trial.

    Without ``scope`` everything is executed as it stands.
    """

    calls: frozenset[int] = frozenset()
    scope: Scope | None = None
    loop: LoopNode | None = None
    kept: frozenset[int] = frozenset()  # calls of the function to itself
    way: frozenset[int] = frozenset()  # statements that contain the loop
    names: frozenset[str] = frozenset()  # names that can matter to the loop
    tail: bool = False  # a call on trial follows the loop
    answer: bool = False  # go on after the loop, to see how the function ends
    _skips: dict[int, bool] = field(default_factory=dict, init=False)

    def skips(self, statement: ast.stmt) -> bool:
        """Whether a statement cannot change the count: no call on trial, no jump, no name that matters."""
        if id(statement) in self.way:
            return False
        key = id(statement)
        if key not in self._skips:
            before = self.loop is not None and (statement.end_lineno or statement.lineno) < self.loop.lineno
            self._skips[key] = not any(self._matters(n, before=before) for n in own_nodes(statement))
        return self._skips[key]

    def _matters(self, node: ast.AST, *, before: bool) -> bool:
        """Jumps before the loop only keep it from being reached."""
        if id(node) in self.calls or id(node) in self.kept or isinstance(node, FunctionNode):
            return True
        if isinstance(node, (*JUMPS, ast.Yield, ast.YieldFrom)):
            return not before
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store | ast.Del):
            return node.id in self.names
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            return node.attr in self.names or node.attr == "reraise"
        if isinstance(node, ast.ExceptHandler):
            return node.name in self.names
        return isinstance(node, ast.Call) and not before and (_leaves(node) or _sleeps(node))


def _leaves(node: ast.Call) -> bool:
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    return name in LEAVING


def _sleeps(node: ast.Call) -> bool:
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    return name == "sleep"


#: Calls that do not come back: the interpreter's, and Ansible's.
LEAVING = frozenset({"exit", "_exit", "abort", "fail_json", "exit_json", "quit"})


def own_nodes(root: ast.AST) -> Iterator[ast.AST]:
    """Nodes of the statement's own code: not of functions and classes defined in it."""
    stack = [root]
    while stack:
        node = stack.pop()
        yield node
        if node is root or not isinstance(node, NESTED):
            stack.extend(reversed(list(ast.iter_child_nodes(node))))
            if node is root and isinstance(node, NESTED):
                return


def way_to(loop: ast.AST, body: list[ast.stmt]) -> frozenset[int] | None:
    """The statements of ``body`` that contain the loop, the loop included."""
    for statement in body:
        if statement is loop:
            return frozenset({id(loop)})
        if isinstance(statement, NESTED):
            continue
        for inner in _bodies(statement):
            found = way_to(loop, inner)
            if found is not None:
                return found | {id(statement)}
    return None


def _bodies(statement: ast.stmt) -> Iterator[list[ast.stmt]]:
    for name in ("body", "orelse", "finalbody"):
        inner = getattr(statement, name, None)
        if isinstance(inner, list):
            yield inner
    for handler in getattr(statement, "handlers", ()):
        yield handler.body
    for case in getattr(statement, "cases", ()):
        yield case.body


def mattering(nodes: Iterable[ast.AST], function: ast.AST, more: tuple[ast.AST, ...] = ()) -> frozenset[str]:
    """Names that tests and headers among the nodes read, and names that those are made of."""
    names: set[str] = set().union(*(_names(m) for m in more))
    for node in nodes:
        for expr in _read_by(node):
            names |= _names(expr)
    made: list[tuple[set[str], set[str]]] = [(a, b) for n in own_body(function) for a, b in _assignments(n)]
    for _ in range(6):
        before = len(names)
        for targets, sources in made:
            if targets & names:
                names |= sources
        if len(names) == before:
            break
    return frozenset(names)


@lru_cache(maxsize=64)
def own_body(function: ast.AST) -> tuple[ast.AST, ...]:
    """Nodes of a function's own code, or of a module's; kept for the functions that are being looked at."""
    statements = getattr(function, "body", []) if not isinstance(function, ast.Lambda) else []
    return tuple(n for s in statements if not isinstance(s, NESTED) for n in own_nodes(s))


def _read_by(node: ast.AST) -> Iterator[ast.expr]:
    match node:
        case ast.While(test=test) | ast.If(test=test) | ast.IfExp(test=test) | ast.Assert(test=test):
            yield test
        case ast.For(iter=source) | ast.AsyncFor(iter=source):
            yield source
        case ast.With(items=items) | ast.AsyncWith(items=items):
            yield from (i.context_expr for i in items)
        case ast.Match(subject=subject):
            yield subject
        case _:
            return


def _names(expr: ast.AST) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(expr):
        if isinstance(node, ast.Name):
            found.add(node.id)
        elif isinstance(node, ast.Attribute):
            found.add(node.attr)
    return found


def _assignments(node: ast.AST) -> Iterator[tuple[set[str], set[str]]]:
    match node:
        case ast.Assign(targets=targets, value=value):
            yield set().union(*(_names(t) for t in targets)), _names(value)
        case ast.AnnAssign(target=target, value=value) if value is not None:
            yield _names(target), _names(value)
        case ast.AugAssign(target=target, value=value) | ast.NamedExpr(target=target, value=value):
            yield _names(target), _names(value)
        case ast.For(target=target, iter=source) | ast.AsyncFor(target=target, iter=source):
            yield _names(target), _names(source)
        case _:
            return
