"""Functions that call themselves again after a failure, and handlers that make the failed call once more."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from parsers.facts.python import Retry, RetryCondition
from parsers.python.handmade import shape
from parsers.python.handmade.loops import TWICE, caught, exhausted
from parsers.python.handmade.polling import waits_by_name
from parsers.python.handmade.variance import HARMLESS, asked, derived
from parsers.python.module import FunctionNode, Scope
from parsers.python.trial import search
from parsers.python.trial.exceptions import last_name, takes_failures
from parsers.python.trial.focus import own_body, own_nodes
from parsers.python.trial.question import Laboratory
from parsers.python.trial.run import Way

MAX_CANDIDATES = 4


def read(laboratory: Laboratory, scope: Scope) -> Retry | None:
    """The function as a retry of itself, if it is one."""
    if not isinstance(scope.node, FunctionNode):
        return None
    itself = tuple(_calls_of_itself(scope))
    if not itself or waits_by_name(scope):
        return None
    found = _tried(laboratory, scope, itself, _guarded_calls(scope), Way.RAISES)
    if found is None and _counted_down(itself):
        found = _tried(laboratory, scope, itself, _asked_calls(scope), Way.ANSWERS)
    return found


def _tried(
    laboratory: Laboratory, scope: Scope, itself: tuple[ast.Call, ...], calls: list[ast.Call], way: Way
) -> Retry | None:
    for call in calls[:MAX_CANDIDATES]:
        if call in itself or _differs(call, itself, scope):
            continue
        execute = laboratory.function(scope, call, itself)
        counted = search.count(execute, way)
        if counted is None or (counted.attempts is not None and counted.attempts < TWICE):
            continue
        if not search.ends_on_success(execute):
            continue
        again = _handled(itself, scope) if way is Way.RAISES else itself[0]
        return None if again is None else _fact("recursion", again, scope, counted)
    return None


def _counted_down(itself: tuple[ast.Call, ...]) -> bool:
    """Whether a counter of attempts is passed on, one up or down."""
    given = [v for call in itself for v in (*call.args, *(k.value for k in call.keywords))]
    return any(isinstance(v, ast.BinOp) and isinstance(v.left, ast.Name) and shape.spelled(v.left.id) for v in given)


def _asked_calls(scope: Scope) -> list[ast.Call]:
    """Calls whose answer is kept, outside of the calls to itself."""
    found = (n.value for n in own_body(scope.node) if isinstance(n, ast.Assign | ast.AnnAssign))
    values = (v.value if isinstance(v, ast.Await) else v for v in found if v is not None)
    return [v for v in values if isinstance(v, ast.Call) and shape.is_call(v)]


def _differs(call: ast.Call, itself: tuple[ast.Call, ...], scope: Scope) -> bool:
    """Whether the call asks for something else the next time: a page, a child, a part."""
    node = scope.node
    assert isinstance(node, FunctionNode)
    parameters = [a.arg for a in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)]
    if parameters[:1] in (["self"], ["cls"]):
        parameters = parameters[1:]
    passed: set[str] = set()
    for own in itself:
        given = [*zip(parameters, own.args, strict=False), *((k.arg or "", k.value) for k in own.keywords)]
        passed |= {p for p, v in given if not (isinstance(v, ast.Name) and v.id == p)}
    moved = derived({p for p in passed if not HARMLESS.search(p)}, own_body(scope.node))
    handled = any(_in_handler(c, scope) for c in itself)
    receiver = {n.id for n in ast.walk(call.func) if isinstance(n, ast.Name)} if handled else set()
    return bool((asked(call) - receiver) & moved)  # a handler may come again with a new connection


def _fact(idiom: str, at: ast.Call, scope: Scope, counted: search.Counted) -> Retry:
    module = scope.module
    return Retry(
        idiom=idiom,
        attempts=counted.attempts,
        default=counted.default,
        condition=RetryCondition(exceptions=caught(counted) or ("Exception",)),
        declared=module.source(at)[:240],
        symbol=scope.symbol,
        span=module.span(at),
        exhausted=exhausted(counted.leaf.ended),
        min_wait_s=min(counted.leaf.run.waits, default=0.0),
    )


def _calls_of_itself(scope: Scope) -> Iterator[ast.Call]:
    """``f(...)`` in ``f``; ``self.m(...)`` and ``cls.m(...)`` in ``m``."""
    name = getattr(scope.node, "name", "")
    method = scope.parent is not None and scope.parent.is_class
    for node in own_body(scope.node):
        match node:
            case ast.Call(func=ast.Name(id=called)) if called == name and not method:
                yield node
            case ast.Call(func=ast.Attribute(value=ast.Name(id="self" | "cls" | "klass"), attr=called)):
                if called == name and method:
                    yield node
            case _:
                pass


def _guarded_calls(scope: Scope) -> list[ast.Call]:
    found: dict[str, ast.Call] = {}
    for node in own_body(scope.node):
        if isinstance(node, ast.Try | ast.TryStar) and any(takes_failures(h) for h in node.handlers):
            for statement in node.body:
                for inner in own_nodes(statement):
                    if shape.is_call(inner) and isinstance(inner, ast.Call):
                        found.setdefault(ast.dump(inner), inner)
    return list(found.values())


def _handled(itself: tuple[ast.Call, ...], scope: Scope) -> ast.Call | None:
    """The call of itself that a handler makes, or that follows one."""
    found = next((c for c in itself if _in_handler(c, scope)), None)
    guarded = any(isinstance(n, ast.Try | ast.TryStar) and n.handlers for n in own_body(scope.node))
    return found or (itself[0] if guarded else None)


def _in_handler(call: ast.Call, scope: Scope) -> bool:
    handlers = (h for n in own_body(scope.node) if isinstance(n, ast.Try | ast.TryStar) for h in n.handlers)
    return any(n is call for h in handlers for n in own_nodes(h))


def read_again(laboratory: Laboratory, scope: Scope) -> Iterator[Retry]:
    """Handlers that make the very call that failed once more."""
    if not isinstance(scope.node, FunctionNode):
        return
    inside: set[int] = set()
    for node in own_body(scope.node):
        if isinstance(node, ast.Try) and node.handlers and id(node) not in inside:
            again = _repeated(node)
            if again is not None:
                inside |= {id(n) for h in node.handlers for n in ast.walk(h)}
                yield from _once_more(laboratory, scope, *again)


def _repeated(node: ast.Try) -> tuple[ast.Call, ast.Call] | None:
    """The one call of the body, and the same one as a statement of a handler."""
    first = _made(node.body[0]) if len(node.body) == 1 else None
    if first is None or not shape.is_call(first) or last_name(first.func)[:1].isupper():
        return None
    text, names = ast.dump(first), asked(first)
    for handler in node.handlers:
        if not takes_failures(handler) or names & _stored(handler):
            continue
        for statement in _statements(handler.body):
            call = _made(statement)
            if call is not None and ast.dump(call) == text:
                return first, call
    return None


def _made(statement: ast.stmt) -> ast.Call | None:
    """The call that a statement is."""
    value = statement.value if isinstance(statement, ast.Expr | ast.Return | ast.Assign) else None
    value = value.value if isinstance(value, ast.Await) else value
    return value if isinstance(value, ast.Call) else None


def _statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Statements of a handler, those of its branches and inner tries too."""
    for statement in body:
        yield statement
        if isinstance(statement, ast.If | ast.Try | ast.With):
            yield from _statements(statement.body)
            yield from _statements(getattr(statement, "orelse", []))


def _stored(handler: ast.ExceptHandler) -> set[str]:
    return {n.id for n in ast.walk(handler) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}


def _once_more(laboratory: Laboratory, scope: Scope, first: ast.Call, again: ast.Call) -> Iterator[Retry]:
    counted = search.count(laboratory.function(scope, first), Way.RAISES)
    if counted is not None and counted.attempts is not None and counted.attempts >= TWICE:
        yield _fact("except", again, scope, counted)
