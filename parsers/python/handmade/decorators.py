"""Decorators and functions of the repository that repeat what they are given.

Shape: applied on paper to a callable that always fails; its calls are counted, whatever the parameters are called.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice

from parsers.facts.python import Retry, RetryCondition
from parsers.python.handmade import shape
from parsers.python.handmade.loops import TWICE, caught, exhausted
from parsers.python.module import Assigned, FunctionNode, Scope
from parsers.python.trial import calls, search
from parsers.python.trial.exceptions import last_name
from parsers.python.trial.focus import LOOPS, LoopNode
from parsers.python.trial.machine import Machine
from parsers.python.trial.question import Laboratory
from parsers.python.trial.run import Way
from parsers.python.trial.worth import Closure, Frame, Subject, Worth
from parsers.python.value import Thing, settled

#: Functions of the tree that are looked into for a loop, one calling the other.
MAX_INDIRECTION = 2
#: Attributes of one name that are looked at, where the object is not known.
MAX_NAMESAKES = 16


def _applied(value: ast.expr, home: Scope, machine: Machine) -> Worth | None:
    """What an attribute is, called with the callable on trial."""
    worth = calls.apply(machine, machine.worth(value, Frame(home)), [Subject()])
    return worth if isinstance(worth, Closure) else Subject()


def _methods(scope: Scope) -> frozenset[str]:
    """Names of the methods of the class around."""
    current: Scope | None = scope
    while current is not None and not current.is_class:
        current = current.parent
    return frozenset(c.name for c in current.children if c.is_function) if current is not None else frozenset()


def _may_repeat(loop: LoopNode) -> bool:
    """Whether a loop goes on after a failure, or looks at an answer."""
    return shape.exits(loop) and (any(True for _ in shape.guarded(loop)) or bool(shape.answered(loop)))


@dataclass(eq=False)
class Applied:
    """Reads uses of the tree's own decorators and helpers; remembers which definitions repeat anything."""

    laboratory: Laboratory
    is_library: Callable[[ast.expr, Scope], bool]
    _promising: dict[Scope, bool] = field(default_factory=dict)
    _takers: dict[Scope, bool] = field(default_factory=dict)
    _named: dict[str, search.Counted | None] = field(default_factory=dict)
    _known: dict[tuple[int, str], search.Counted | None] = field(default_factory=dict)

    # -------------------------------------------------------------------------------------------------- decorators

    def decorator(self, decorator: ast.expr, scope: Scope, function: Scope) -> Retry | None:
        """A decorator of the tree on a function, if it repeats the function."""
        made_by = self._definition(decorator.func if isinstance(decorator, ast.Call) else decorator, scope)
        if made_by is None or not self.promising(made_by, 0):
            return None

        def make(machine: Machine) -> Worth | None:
            worth = machine.worth(decorator, Frame(scope))
            return calls.apply(machine, worth, [Subject()])

        counted = self._counted(make, (id(made_by), ast.dump(decorator)))
        if counted is None:
            return None
        name = f"decorator:{made_by.symbol}"
        return self._fact(name, decorator, scope, counted, function.symbol)

    def _definition(self, expr: ast.expr, scope: Scope) -> Scope | None:
        program = self.laboratory.program
        name = program.resolve(expr, scope)
        if name is not None and name.scope is not None and not name.rest:
            return name.scope
        if name is not None and name.external:
            return None
        value = settled(self.laboratory.values.evaluate(expr, scope))
        return value.name.scope if isinstance(value, Thing) and not value.name.rest else None

    def promising(self, scope: Scope, depth: int) -> bool:
        """Whether a definition can repeat anything at all: it has a loop, a library's retry, or calls what has."""
        if scope not in self._promising:
            self._promising[scope] = False  # while it is being looked at, and for cycles
            self._promising[scope] = self._looks_promising(scope, depth)
        return self._promising[scope]

    def _looks_promising(self, scope: Scope, depth: int) -> bool:
        if scope.is_class:
            members = [c for c in scope.children if c.name in ("__call__", "__init__", "__enter__")]
            return any(self._looks_promising(m, depth) for m in members)
        if any(isinstance(n, LOOPS) and _may_repeat(n) for n in ast.walk(scope.node)):
            return True
        for inner in scope.walk():
            for decorator in getattr(inner.node, "decorator_list", ()):
                if inner is not scope and self.is_library(decorator, inner.parent or inner):
                    return True
            for node in inner.own_nodes() if not inner.is_class else ():
                if isinstance(node, ast.Call) and self._calls_promising(node, inner, depth):
                    return True
        return False

    def _calls_promising(self, node: ast.Call, scope: Scope, depth: int) -> bool:
        if self.is_library(node, scope):
            return True
        if depth >= MAX_INDIRECTION or not isinstance(node.func, ast.Name | ast.Attribute):
            return False
        name = self.laboratory.program.resolve(node.func, scope)
        inner = name.scope if name is not None and not name.rest else None
        return inner is not None and inner.is_function and self.promising(inner, depth + 1)

    # ----------------------------------------------------------------------------------------------------- helpers

    def helper(self, call: ast.Call, scope: Scope) -> tuple[Retry, ast.expr] | None:
        """A call of a function of the tree that repeats a callable it is given, and that callable."""
        if not call.args and not call.keywords:
            return None
        given = self._callables(call, scope)
        definition = self._definition(call.func, scope) if given else None
        if definition is None and given:
            found = self._by_name(call, scope)
            return (found, given[0]) if found is not None else None
        if definition is None or not self._takes_callables(definition) or not self.promising(definition, 0):
            return None
        for argument in given:
            found = self._helped(call, scope, definition, argument)
            if found is not None:
                return found, argument
        return None

    def _by_name(self, call: ast.Call, scope: Scope) -> Retry | None:
        """``self.manager.retry(f)`` of an object that is not known: what classes of the tree have under that name."""
        if not isinstance(call.func, ast.Attribute) or not shape.spelled(call.func.attr):
            return None
        if call.func.attr not in self._named:
            self._named[call.func.attr] = self._agreed(call.func.attr)
        counted = self._named[call.func.attr]
        return None if counted is None else self._fact(f"call:{call.func.attr}", call, scope, counted, scope.symbol)

    def _agreed(self, name: str) -> search.Counted | None:
        """The one count that all of them have; without a number where they differ."""
        found: list[search.Counted] = []
        for value, home in islice(self._members(name), MAX_NAMESAKES):
            counted = self._count(partial(_applied, value, home))
            found += [counted] if counted is not None else []
        if not found:
            return None
        same = {(c.attempts, c.default) for c in found}
        return found[0] if len(same) == 1 else replace(found[0], attempts=None, default=None)

    def _members(self, name: str) -> Iterator[tuple[ast.expr, Scope]]:
        """Values that classes of the tree assign to an attribute of this name."""
        for module in self.laboratory.program.modules():
            for scope in module.scope.walk():
                for binding in scope.bindings.get(name, ()) if scope.is_class else ():
                    if isinstance(binding, Assigned) and isinstance(binding.value, ast.Call):
                        yield binding.value, scope

    def _takes_callables(self, definition: Scope) -> bool:
        """Whether the definition calls one of its parameters in a loop, or hands it to what repeats."""
        if definition not in self._takers:
            self._takers[definition] = self._looks_taking(definition)
        return self._takers[definition]

    def _looks_taking(self, definition: Scope) -> bool:
        node = definition.node
        if not isinstance(node, FunctionNode):
            return False
        arguments = node.args
        names = {a.arg for a in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)}
        loops = (n for n in ast.walk(node) if isinstance(n, LOOPS) and _may_repeat(n))
        looped = (n for loop in loops for n in ast.walk(loop))
        if any(isinstance(n, ast.Call) and isinstance(n.func, ast.Name) and n.func.id in names for n in looped):
            return True
        for inner in definition.walk():
            for call in inner.own_nodes() if inner.is_function else ():
                if isinstance(call, ast.Call) and any(isinstance(a, ast.Name) and a.id in names for a in call.args):
                    maker = call.func if isinstance(call.func, ast.Call) else call
                    if self.is_library(maker, inner) or self._calls_promising(call, inner, 1):
                        return True
        return False

    def _callables(self, call: ast.Call, scope: Scope) -> list[ast.expr]:
        given = [*call.args, *(k.value for k in call.keywords if k.arg is not None)]
        told = shape.spelled(last_name(call.func))
        return [a for a in given if isinstance(a, ast.Lambda) or self._is_function(a, scope, told=told)][:3]

    def _is_function(self, argument: ast.expr, scope: Scope, *, told: bool) -> bool:
        if isinstance(argument, ast.Call):
            return last_name(argument.func) == "partial"
        if not isinstance(argument, ast.Name | ast.Attribute):
            return False
        name = self.laboratory.program.resolve(argument, scope)
        if name is None:
            return False
        if name.scope is not None and not name.rest:
            return name.scope.is_function
        if name.binding is not None and isinstance(argument, ast.Attribute) and argument.attr in _methods(scope):
            return True
        return told and isinstance(argument, ast.Attribute)

    def _helped(self, call: ast.Call, scope: Scope, definition: Scope, argument: ast.expr) -> Retry | None:
        def make(machine: Machine) -> Worth | None:
            frame = Frame(scope)
            machine.subjects.add(id(argument))
            worth = machine.worth(call, frame)
            return worth if isinstance(worth, Closure) else Subject()

        key = (id(definition), ast.dump(call) if not isinstance(argument, ast.Lambda) else str(id(call)))
        counted = self._counted(make, key)
        return None if counted is None else self._fact(f"call:{definition.symbol}", call, scope, counted, scope.symbol)

    # ------------------------------------------------------------------------------------------------------- facts

    def _counted(self, make: Callable[[Machine], Worth | None], key: tuple[int, str]) -> search.Counted | None:
        if key not in self._known:
            self._known[key] = self._count(make)
        return self._known[key]

    def _count(self, make: Callable[[Machine], Worth | None]) -> search.Counted | None:
        execute = self.laboratory.applied(make)
        if not search.ends_on_success(execute):
            return None
        counted = search.count(execute, Way.RAISES)
        if counted is None or (counted.attempts is not None and counted.attempts < TWICE):
            return None
        return counted

    def _fact(self, idiom: str, expr: ast.expr, scope: Scope, counted: search.Counted, symbol: str) -> Retry:
        module = scope.module
        layers = counted.leaf.run.layers
        names = caught(counted)
        condition = layers[0].condition if layers and not names else RetryCondition(exceptions=names or ("Exception",))
        fact = Retry(
            idiom=idiom,
            attempts=counted.attempts,
            default=counted.default,
            condition=condition,
            declared=module.source(expr)[:240],
            symbol=symbol,
            span=module.span(expr),
            exhausted=exhausted(counted.leaf.ended),
            min_wait_s=min(counted.leaf.run.waits, default=0.0),
        )
        if not layers:
            return fact
        inner = layers[0]
        return replace(
            fact,
            exhausted=inner.exhausted,
            min_wait_s=inner.min_wait_s,
            deadline_s=inner.deadline_s,
            evidence=(inner.span,),
        )
