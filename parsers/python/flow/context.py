"""What is shared while one handler is followed, and what belongs to one function of it."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

from parsers.facts.python import NOTHING, Answer, Block, Retry, Step
from parsers.facts.python import Scope as Placed
from parsers.python.clients import Client
from parsers.python.flow.heat import Heat
from parsers.python.module import Scope
from parsers.python.sending import ClientRetries
from parsers.python.value import NONE, Pending, Thing, Unknown, Value
from parsers.python.values import Frame, Values
from parsers.source import Span

#: Functions one inside the other.
MAX_DEPTH = 28
#: Statements and calls followed for one handler.
MAX_WORK = 12_000
#: Different returns of one function that are told apart.
MAX_RETURNS = 6


class Layers(ClientRetries, Protocol):
    """The retries of a program (``parsers.python.retries.Retries``)."""

    def around_function(self, scope: Scope) -> tuple[Retry, ...]: ...
    def around_loop(self, node: ast.For | ast.AsyncFor | ast.While, scope: Scope) -> Retry | None: ...
    def around_call(self, call: ast.Call, scope: Scope) -> tuple[tuple[Retry, ...], ast.expr] | None: ...
    def recursion(self, scope: Scope) -> Retry | None: ...


@dataclass(slots=True)
class Context:
    """One handler being followed."""

    values: Values
    retries: Layers
    clients: Mapping[str, tuple[Client, ...]]
    enter: Callable[[Activation, Thing, ast.Call | None, Mapping[str, Value] | None], Value]
    heat: Heat
    visited: set[int] = field(default_factory=set)  # functions that have been followed, over all handlers
    next_key: int = 0
    work: int = MAX_WORK
    stack: list[tuple[int, int]] = field(default_factory=list)
    truncated: bool = False
    inert: set[object] = field(default_factory=set)
    plain: set[Scope] = field(default_factory=set)  # constructors that send nothing
    last_sent: dict[int, int] = field(default_factory=dict)
    clients_of: dict[int, str] = field(default_factory=dict)
    kind: str = "http"
    route: str = ""
    method: str = "*"
    kept: list[ast.AST] = field(default_factory=list)  # made nodes: their ``id`` must stay theirs
    raise_key: int = 0
    raises: list[Value] = field(default_factory=list)
    tuples: bool = False  # a returned tuple is body and status

    def key(self) -> int:
        self.next_key += 1
        return self.next_key

    def raised(self, value: Value) -> int:
        """The number of an exception that code raises, among all that it raises."""
        if not self.raise_key:
            self.raise_key = self.key()
        if value not in self.raises:
            self.raises.append(value)
        return self.raises.index(value)

    def spend(self, amount: int = 1) -> bool:
        """Whether there is work left for this handler."""
        self.work -= amount
        if self.work < 0:
            self.truncated = True
        return self.work >= 0


@dataclass(slots=True)
class LoopState:
    """The loop around the code at hand. ``last`` collects what only happens when the attempts are used up."""

    key: int
    retry: bool
    counters: frozenset[str]
    breaks: list[dict[str, Value]] = field(default_factory=list)
    nexts: list[dict[str, Value]] = field(default_factory=list)
    last: Step | None = None
    first_value: Value | None = None
    last_value: Value | None = None
    target: str | None = None


@dataclass(slots=True)
class Activation:
    """One function being followed: its names, the steps so far, and what it has returned."""

    context: Context
    scope: Scope
    env: dict[str, Value]
    top: bool = False
    key: int = 0
    steps: list[Step] = field(default_factory=list)
    results: dict[int, Value] = field(default_factory=dict)
    returns: list[Value] = field(default_factory=list)
    loops: list[LoopState] = field(default_factory=list)
    catching: tuple[str, ...] | None = None
    alive: bool = True
    started: list[Pending] = field(default_factory=list)
    handed: list[Pending] = field(default_factory=list)  # started here, returned to the caller

    def frame(self) -> Frame:
        return Frame(self.scope, self.env, results=self.results)

    def value(self, expr: ast.expr) -> Value:
        """What an expression whose calls have been followed is worth."""
        return self.context.values.at(expr, self.frame())

    def span(self, node: ast.AST) -> Span:
        return self.scope.module.span(node)

    def emit(self, step: Step) -> None:
        if step != NOTHING:
            self.steps.append(step)

    @contextmanager
    def captured(self) -> Iterator[list[Step]]:
        """Steps emitted inside are collected aside."""
        outer = self.steps
        inner: list[Step] = []
        self.steps = inner
        try:
            yield inner
        finally:
            self.steps = outer

    def mark(self, key: int, number: int, node: ast.AST) -> Step:
        """Remember under ``key`` that this way was taken."""
        span = self.span(node)
        return Placed("", Answer(f"#{number}", None, span), span, key)

    def returned(self, value: Value) -> int:
        """The number of a returned value among those of the function."""
        if value not in self.returns:
            if len(self.returns) >= MAX_RETURNS:
                value = Unknown("one of several")
            if value not in self.returns:
                self.returns.append(value)
        return self.returns.index(value)


def block(steps: list[Step]) -> Step:
    """The steps as one."""
    return steps[0] if len(steps) == 1 else Block(tuple(steps))


__all__ = ["MAX_DEPTH", "NONE", "Activation", "Context", "Layers", "LoopState", "block"]
