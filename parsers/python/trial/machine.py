"""Executes code on paper: expressions.

Shape: everything is bounded by the run's steps; nothing of the analysed tree is imported or called.
Errors: none; what is not understood is ``Opaque`` and its parts are still looked at, since a call may be in them.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from parsers.facts.python import Retry
from parsers.python.module import FunctionNode, Scope
from parsers.python.program import Program
from parsers.python.trial import arithmetic, constructor
from parsers.python.trial.convert import from_value
from parsers.python.trial.focus import Focus
from parsers.python.trial.names import dotted, item, nonlocals, written
from parsers.python.trial.run import Enough, Run
from parsers.python.trial.worth import (
    UNKNOWN,
    Closure,
    Const,
    Frame,
    Instance,
    Opaque,
    Stream,
    Subject,
    Worth,
    blend,
    inputs,
)
from parsers.python.value import Bound, Value
from parsers.python.values import Values

#: Functions inside functions.
MAX_CALLS = 24
#: Items after which a generator counts as endless.
MAX_YIELDS = 64

#: Reads a call of a retry library: what is repeated, or ``None``.
Library = Callable[[ast.expr, Scope, Bound], Retry | None]


class Enter(Protocol):
    """Runs a callable of the tree; ``complete``: all its arguments are given."""

    def __call__(
        self, machine: Machine, closure: Closure, args: list[Worth], keywords: dict[str, Worth], *, complete: bool
    ) -> Worth: ...


class Follow(Protocol):
    """Calls any worth; ``None`` where it is not followed."""

    def __call__(
        self, machine: Machine, target: Worth, args: list[Worth], keywords: dict[str, Worth], *, complete: bool
    ) -> Worth | None: ...


@dataclass(frozen=True, slots=True)
class Parts:
    """What expressions need of calls and statements, which need expressions."""

    call: Callable[[Machine, ast.Call, Frame], Worth]
    enter: Enter
    follow: Follow
    block: Callable[[Machine, list[ast.stmt], Frame], None]


@dataclass(eq=False)
class Machine:
    """One trial's code and question; ``run`` is the run that is going on."""

    program: Program
    values: Values
    library: Library
    focus: Focus
    run: Run
    parts_of: Parts
    depth: int = 0
    known: dict[tuple[int, int], tuple[ast.expr, Value]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.fields: dict[str, Worth] = {}
        self.current: list[BaseException] = []
        self.in_handler = 0
        self.asking = 0  # inside a test, a header or a raise
        self.yielding: list[list[Worth]] = []
        self.subjects: set[int] = set()  # expressions that stand for the callable on trial

    # ------------------------------------------------------------------------------------------------ expressions

    def worth(self, node: ast.expr, frame: Frame) -> Worth:  # noqa: C901, PLR0912 -- one case an expression
        """What an expression is worth here; its calls are made."""
        self.run.step()
        if id(node) in self.subjects:
            return Subject()
        match node:
            case ast.Constant(value=value):
                return Const(value)
            case ast.Name(id=name):
                return self.name(node, name, frame)
            case ast.Attribute():
                return self.attribute(node, frame)
            case ast.Call():
                return self.parts_of.call(self, node, frame)
            case ast.Await(value=value) | ast.Starred(value=value) | ast.FormattedValue(value=value):
                return self.worth(value, frame)
            case ast.NamedExpr(target=target, value=value):
                found = self.worth(value, frame)
                self.assign(target, found, frame)
                return found
            case ast.BinOp(left=left, op=op, right=right):
                return arithmetic.binary(op, self.worth(left, frame), self.worth(right, frame), self.run)
            case ast.UnaryOp():
                return self._unary(node, frame)
            case ast.BoolOp():
                return self._boolean(node, frame)
            case ast.Compare():
                return self._compare(node, frame)
            case ast.IfExp(test=test, body=body, orelse=orelse):
                return self.worth(body if self.truth(test, frame) else orelse, frame)
            case ast.Tuple(elts=elements) | ast.List(elts=elements):
                return self._sequence(elements, frame)
            case ast.ListComp() | ast.GeneratorExp():
                return self._comprehension(node, frame)
            case ast.Subscript(value=value, slice=index):
                return item(self.worth(value, frame), self.worth(index, frame))
            case ast.Yield() | ast.YieldFrom():
                return self.yielded(node, frame)
            case ast.Lambda():
                scope = frame.scope.module.scopes.get(node)
                return Closure(scope, frame) if scope is not None else UNKNOWN
            case _:
                return self.parts(node, frame)

    def parts(self, node: ast.AST, frame: Frame) -> Opaque:
        """Look at the parts of something that is not followed itself."""
        found = [
            self.worth(child, frame) if isinstance(child, ast.expr) else self.parts(child, frame)
            for child in ast.iter_child_nodes(node)
            if not isinstance(child, ast.expr_context | ast.comprehension)
        ]
        return blend(*found)

    def yielded(self, node: ast.Yield | ast.YieldFrom, frame: Frame) -> Worth:
        """``yield x``: one more item of the generator that runs."""
        worth = self.worth(node.value, frame) if node.value is not None else UNKNOWN
        if self.yielding:
            found = self.yielding[-1]
            if isinstance(node, ast.Yield):
                found.append(worth)
            elif isinstance(worth, Stream):
                found.extend(worth.items)
            if len(found) >= MAX_YIELDS:
                raise Enough
        return UNKNOWN

    def name(self, node: ast.Name, name: str, frame: Frame) -> Worth:
        """A name: of the running functions, or what the program says of it."""
        home = frame.home(name)
        if home is not None:
            return home.names[name]
        return self.static(node, frame)

    def static(self, node: ast.expr, frame: Frame) -> Worth:
        """What the program says of an expression, whatever runs; once read it stays so in this run."""
        scope = frame.scope
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            given = constructor.given(self, node.attr, node.value.id, scope)
            if given is not None:
                return given
        key = (id(node), id(scope))
        if key not in self.known:
            self.known[key] = (node, self.values.evaluate(node, scope))
        value = self.known[key][1]
        worth = from_value(value, self.run, written(node))
        if isinstance(node, ast.Name) and isinstance(worth, Closure | Instance):
            local = frame.scope.lookup(node.id)
            if local is not None and isinstance(worth, Instance):
                frame.names[node.id] = worth
        return worth

    def attribute(self, node: ast.Attribute, frame: Frame) -> Worth:
        """``a.b.c``: what was set on the way, then of the running functions, then what the program says."""
        text = dotted(node)
        if text is None:
            return blend(self.worth(node.value, frame))
        if text in self.fields:
            return self.fields[text]
        root = text.partition(".")[0]
        if frame.home(root) is None:
            found = self.static(node, frame)
            switch = isinstance(found, Const) and isinstance(found.value, bool)
            return Opaque(source=None) if switch else found
        base = self.worth(node.value, frame)
        if isinstance(base, Instance):
            return self.member(base, node.attr)
        return blend(base, source=text)

    def member(self, base: Instance, name: str) -> Worth:
        """An attribute or a method of an object of a class of the tree."""
        if name in base.fields:
            return base.fields[name]
        found = self.program.class_member(base.scope, name)
        if found is not None:
            home, binding = found
            scope = getattr(binding, "scope", None)
            if isinstance(scope, Scope):
                return self._method(scope, base)
            value = getattr(binding, "value", None)
            if isinstance(value, ast.expr):
                return from_value(self.values.evaluate(value, home), self.run, name)
        return Opaque(source=f"{base.scope.name}.{name}")

    def _method(self, scope: Scope, base: Instance) -> Worth:
        node = scope.node
        decorators = {ast.unparse(d) for d in node.decorator_list} if isinstance(node, FunctionNode) else set()
        if "property" in decorators:
            return self.parts_of.enter(self, Closure(scope, None, base), [], {}, complete=True)
        return Closure(scope, None, None if "staticmethod" in decorators else base)

    def _unary(self, node: ast.UnaryOp, frame: Frame) -> Worth:
        if isinstance(node.op, ast.Not):
            inner = self.worth(node.operand, frame)
            known = self.known_truth(inner)
            return Const(not known, inputs(inner)) if known is not None else blend(inner)
        inner = self.worth(node.operand, frame)
        if isinstance(node.op, ast.USub):
            return arithmetic.binary(ast.Sub(), Const(0), inner, self.run)
        return inner

    def _boolean(self, node: ast.BoolOp, frame: Frame) -> Worth:
        """``a and b``, ``a or b``: an unknown operand is decided only if it can matter."""
        stop = isinstance(node.op, ast.Or)
        found: Worth = Const(not stop)
        for value in node.values:
            found = self.worth(value, frame)
            if value is not node.values[-1] and self.settle(found, value) is stop:
                return found if isinstance(found, Const) else Const(stop) if not stop else found
        return found

    def _compare(self, node: ast.Compare, frame: Frame) -> Worth:
        left = self.worth(node.left, frame)
        result: Worth = Const(value=True)
        for op, comparator in zip(node.ops, node.comparators, strict=True):
            right = self.worth(comparator, frame)
            result = arithmetic.compare(op, left, right, self.run)
            if len(node.ops) > 1 and not self.settle(result, comparator):
                return Const(value=False)
            left = right
        return result

    def _sequence(self, elements: list[ast.expr], frame: Frame) -> Worth:
        found: list[Worth] = []
        known: frozenset[str] = frozenset()
        for element in elements:
            worth = self.worth(element, frame)
            if not isinstance(element, ast.Starred):
                found.append(worth)
                continue
            spread = arithmetic.items(worth, self.run)
            known |= inputs(worth)
            if spread is None or spread[1] is None:
                return blend(worth)
            found.extend(spread[0])
        return Const(tuple(found), known)

    def _comprehension(self, node: ast.ListComp | ast.GeneratorExp, frame: Frame) -> Worth:
        first = node.generators[0]
        source = arithmetic.items(self.worth(first.iter, frame), self.run)
        inner = Frame(frame.scope, frame)
        if source is None or len(node.generators) > 1 or first.ifs or source[1] is None or source[1] > 64:
            self.assign(first.target, UNKNOWN, inner)
            return blend(self.worth(node.elt, inner))
        rows: list[Worth] = []
        for each in source[0]:
            self.assign(first.target, each, inner)
            rows.append(self.worth(node.elt, inner))
        return Const(tuple(rows), inputs(*rows))

    # ------------------------------------------------------------------------------------------------------ truth

    def truth(self, node: ast.expr, frame: Frame) -> bool:
        """Whether a condition holds; what is not known is decided."""
        return self.settle(self.asked(node, frame), node)

    def asked(self, node: ast.expr, frame: Frame) -> Worth:
        """An expression that decides: what it calls is followed."""
        self.asking += 1
        try:
            return self.worth(node, frame)
        finally:
            self.asking -= 1

    def settle(self, worth: Worth, node: ast.expr) -> bool:
        """The truth of a worth; one decision a place where it is not known."""
        known = self.known_truth(worth)
        if known is not None:
            return known
        opaque = worth if isinstance(worth, Opaque) else UNKNOWN
        self.run.judged = self.run.judged or opaque.judged
        positive = node.operand if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not) else node
        taken = self.run.choose(id(positive), 2, outcome=opaque.outcome)
        return (taken == 0) is (positive is node)

    def known_truth(self, worth: Worth) -> bool | None:
        """The truth, where it is known."""
        match worth:
            case Const(value=value):
                return bool(value)
            case Stream() | Opaque():
                return None
            case _:
                return True

    # ------------------------------------------------------------------------------------------------- assignment

    def assign(self, target: ast.expr, worth: Worth, frame: Frame) -> None:
        """Bind a target."""
        match target:
            case ast.Name(id=name):
                home = frame.home(name) if name in nonlocals(frame.scope.node) else frame
                (home or frame).names[name] = worth
            case ast.Attribute():
                base = self.worth(target.value, frame)
                if isinstance(base, Instance):
                    base.fields[target.attr] = worth
                text = dotted(target)
                if text is not None and not isinstance(base, Instance):
                    self.fields[text] = worth
            case ast.Tuple(elts=elements) | ast.List(elts=elements):
                several = worth.value if isinstance(worth, Const) and isinstance(worth.value, tuple) else None
                for i, element in enumerate(elements):
                    known = several is not None and len(several) == len(elements)
                    self.assign(element, several[i] if several is not None and known else blend(worth), frame)
            case ast.Starred(value=value):
                self.assign(value, blend(worth), frame)
            case _:
                self.worth(target, frame)
