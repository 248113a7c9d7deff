"""tenacity: decorators, iterators, and objects that call.

Source: jd/tenacity 9.2.1 tenacity/{__init__,stop,retry,wait}.py, measured (spec/python_retries.json).
Units: ``stop_after_attempt`` counts attempts; times are seconds. ``|`` of stops is the minimum, ``&`` the maximum.
Shape: a stop by time alone is unbounded with ``deadline_s``; ``Retry.at_most`` says what the shortest waits allow.
"""

from __future__ import annotations

import ast

from parsers.facts.python import Retry, RetryCondition
from parsers.python.idioms import (
    ANY_EXCEPTION,
    DYNAMIC,
    FOREVER,
    ONE,
    Amount,
    Construct,
    RetryIdiom,
    Role,
    Written,
    amount,
    exception_names,
    followed,
    from_tries,
    largest,
    seconds,
    smallest,
)
from parsers.python.module import Scope
from parsers.python.value import Known, Made, Unknown, settled

MODULES = ("tenacity", "tenacity.stop", "tenacity.retry", "tenacity.wait", "tenacity.asyncio", "tenacity._asyncio")
DECORATORS = frozenset({"tenacity.retry"})
OBJECTS = frozenset(
    f"{m}.{c}"
    for m in ("tenacity", "tenacity.asyncio", "tenacity._asyncio", "tenacity.tornadoweb")
    for c in ("Retrying", "AsyncRetrying", "BaseRetrying", "TornadoRetrying")
)


def read(written: Written) -> Retry | None:
    """One ``@retry(...)`` or ``Retrying(...)``."""
    idiom = "tenacity.retry" if written.qualified in DECORATORS else f"tenacity.{written.qualified.rpartition('.')[2]}"
    enabled = written.value("enabled")
    least, deadline = _wait(written), None
    bound = _stop(written)
    deadline = _deadline(written)
    if isinstance(enabled, Known) and enabled.value is False:
        bound = ONE
    condition, never = _condition(written)
    if never:
        bound = ONE
    reraise = written.value("reraise")
    same = isinstance(reraise, Known) and reraise.value is True
    exhausted = "same" if same else "tenacity.RetryError"
    if written.given("retry_error_callback"):
        exhausted = "return"
    return written.retry(idiom, bound, condition, exhausted=exhausted, min_wait_s=least, deadline_s=deadline)


def _local(qualified: str) -> str:
    head, _, last = qualified.rpartition(".")
    return last if head in MODULES else ""


def _stop(written: Written) -> Amount:
    expr = written.expression("stop", at=1)
    if expr is None:
        value = written.value("stop", at=1)
        return FOREVER if value is None or value == Known(None) else _stop_value(value, written)
    return _bound(expr, written.scope, written, 0)


def _stop_value(value: object, written: Written) -> Amount:
    match value:
        case Made(call=call, scope=scope):
            return _bound(call, scope, written, 1)
        case _:
            return DYNAMIC


def _bound(expr: ast.expr, scope: Scope, written: Written, depth: int) -> Amount:
    """Attempts that one stop condition allows."""
    values = written.values
    if depth > 12:
        return DYNAMIC
    if isinstance(expr, ast.BinOp) and isinstance(expr.op, ast.BitOr | ast.BitAnd):
        both = [_bound(e, scope, written, depth + 1) for e in (expr.left, expr.right)]
        return smallest(both) if isinstance(expr.op, ast.BitOr) else largest(both)
    if isinstance(expr, ast.Constant) and expr.value is None:
        return FOREVER
    name = values.program.resolve(expr.func if isinstance(expr, ast.Call) else expr, scope)
    local = _local(name.qualified) if name is not None else ""
    if isinstance(expr, ast.Call) and local:
        return _stop_call(local, expr, scope, written, depth)
    if local == "stop_never":
        return FOREVER
    further, where = followed(expr, scope, values)
    if further is not expr:
        return _bound(further, where, written, depth + 1)
    if isinstance(expr, ast.Lambda):
        return _custom(expr, scope, written)
    bound = written.bound if scope is written.scope else {}
    found = settled(values.evaluate(expr, scope, bound))
    if isinstance(found, Made) and found.call is not expr:
        return _bound(found.call, found.scope, written, depth + 1)
    return FOREVER if found == Known(None) else DYNAMIC


def _stop_call(local: str, call: ast.Call, scope: Scope, written: Written, depth: int) -> Amount:
    inner = Written(call, f"tenacity.{local}", scope, written.values, written.bound)
    match local:
        case "stop_after_attempt":
            return amount(inner.value("max_attempt_number", at=0), DYNAMIC, from_tries)
        case "stop_any":
            return smallest([_bound(a, scope, written, depth + 1) for a in call.args])
        case "stop_all":
            return largest([_bound(a, scope, written, depth + 1) for a in call.args])
        case _:
            return FOREVER


def _custom(expr: ast.Lambda, scope: Scope, written: Written) -> Amount:
    """``lambda state: state.attempt_number >= n``."""
    match expr.body:
        case ast.Compare(left=ast.Attribute(attr="attempt_number"), ops=[op], comparators=[limit]):
            more = 1 if isinstance(op, ast.Gt) else 0
            value = written.values.evaluate(limit, scope, written.bound)
            return amount(value, DYNAMIC, lambda n: from_tries(n + more))
        case _:
            return DYNAMIC


def _deadline(written: Written) -> float | None:
    """The time after which no attempt starts, where the stop is a time or one of several that suffice."""
    expr = written.expression("stop", at=1)
    if expr is None:
        return None
    expr, scope = followed(expr, written.scope, written.values)
    found: list[float] = []
    stack = [expr]
    while stack:
        node = stack.pop()
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
            stack += [node.left, node.right]
        elif isinstance(node, ast.Call):
            name = written.values.program.resolve(node.func, scope)
            local = _local(name.qualified) if name is not None else ""
            if local in ("stop_after_delay", "stop_before_delay") and node.args:
                limit = seconds(written.values.evaluate(node.args[0], scope, written.bound), written.values)
                found += [limit] if limit is not None else []
            elif local == "stop_any":
                stack += node.args
    return min(found, default=None)


# ------------------------------------------------------------------------------------------------------------- waits


def _wait(written: Written) -> float:
    """The least time between two attempts."""
    expr = written.expression("wait", at=2)
    return 0.0 if expr is None else _least(expr, written.scope, written, 0)


def _least(expr: ast.expr, scope: Scope, written: Written, depth: int) -> float:
    if depth > 12:
        return 0.0
    if isinstance(expr, ast.BinOp) and isinstance(expr.op, ast.Add):
        return sum(_least(e, scope, written, depth + 1) for e in (expr.left, expr.right))
    further, where = followed(expr, scope, written.values)
    if further is not expr:
        return _least(further, where, written, depth + 1)
    if not isinstance(expr, ast.Call):
        return 0.0
    name = written.values.program.resolve(expr.func, scope)
    inner = Written(expr, "", scope, written.values, written.bound)
    match _local(name.qualified) if name is not None else "":
        case "wait_fixed":
            return inner.seconds("wait", at=0) or 0.0
        case "wait_incrementing":
            return inner.seconds("start", at=0) or 0.0
        case "wait_exponential":
            return _exponential(inner)
        case "wait_random":
            return inner.seconds("min", at=0) or 0.0
        case "wait_exponential_jitter":
            return inner.seconds("initial", at=0) if inner.given("initial", at=0) else 1.0  # type: ignore[return-value]  # a known time
        case "wait_combine":
            return sum(_least(a, scope, written, depth + 1) for a in expr.args)
        case "wait_chain":
            return min((_least(a, scope, written, depth + 1) for a in expr.args), default=0.0)
        case _:
            return 0.0


def _exponential(inner: Written) -> float:
    """tenacity/wait.py wait_exponential: ``multiplier * exp_base ** (n - 1)``, within ``min`` and ``max``."""
    first = inner.seconds("multiplier", at=0) if inner.given("multiplier", at=0) else 1.0
    low = inner.seconds("min", at=3) if inner.given("min", at=3) else 0.0
    high = inner.seconds("max", at=1)
    least = max(first or 0.0, low or 0.0)
    return min(least, high) if high is not None else least


# -------------------------------------------------------------------------------------------------------- conditions

TRY_AGAIN = "tenacity.TryAgain"


def _condition(written: Written) -> tuple[RetryCondition, bool]:
    """What is retried, and whether nothing is."""
    expr = written.expression("retry", at=3)
    if expr is None:
        value = written.value("retry", at=3)
        return (RetryCondition(unknown=True), False) if isinstance(value, Unknown) else (ANY_EXCEPTION, False)
    return _predicate(expr, written.scope, written, 0)


def _predicate(expr: ast.expr, scope: Scope, written: Written, depth: int) -> tuple[RetryCondition, bool]:
    if depth > 12:
        return RetryCondition(unknown=True), False
    if isinstance(expr, ast.BinOp) and isinstance(expr.op, ast.BitOr):
        return _either([_predicate(e, scope, written, depth + 1) for e in (expr.left, expr.right)])
    if isinstance(expr, ast.BinOp) and isinstance(expr.op, ast.BitAnd):
        return _both([_predicate(e, scope, written, depth + 1) for e in (expr.left, expr.right)])
    further, where = followed(expr, scope, written.values)
    if further is not expr:
        return _predicate(further, where, written, depth + 1)
    name = written.values.program.resolve(expr.func if isinstance(expr, ast.Call) else expr, scope)
    local = _local(name.qualified) if name is not None else ""
    if not isinstance(expr, ast.Call):
        return RetryCondition(unknown=local not in ("retry_always", "retry_never")), local == "retry_never"
    return _call_predicate(local, expr, scope, written, depth)


def _call_predicate(
    local: str, call: ast.Call, scope: Scope, written: Written, depth: int
) -> tuple[RetryCondition, bool]:
    inner = Written(call, "", scope, written.values, written.bound)
    names = inner.exceptions("exception_types", at=0)
    match local:
        case "retry_if_exception_type" | "retry_if_exception_cause_type":
            return RetryCondition(exceptions=names or ("Exception",)), False
        case "retry_if_not_exception_type" | "retry_unless_exception_type":
            return RetryCondition(exceptions=("Exception",), not_exceptions=names or ()), False
        case "retry_if_exception" | "retry_if_exception_message" | "retry_if_not_exception_message":
            return _judged(call, scope, written), False
        case "retry_if_result" | "retry_if_not_result":
            return RetryCondition(exceptions=(TRY_AGAIN,), result=True), False
        case "retry_any":
            return _either([_predicate(a, scope, written, depth + 1) for a in call.args])
        case "retry_all":
            return _both([_predicate(a, scope, written, depth + 1) for a in call.args])
        case _:
            return RetryCondition(unknown=True), False


def _judged(call: ast.Call, scope: Scope, written: Written) -> RetryCondition:
    """A predicate on the exception: the classes it asks for, where it is a plain ``isinstance``."""
    if call.args and isinstance(call.args[0], ast.Lambda):
        match call.args[0].body:
            case ast.Call(func=ast.Name(id="isinstance"), args=[_, types]):
                names = exception_names(types, scope, written.values)
                return RetryCondition(exceptions=names) if names else RetryCondition(unknown=True)
    return RetryCondition(exceptions=("Exception",), unknown=True)


def _either(several: list[tuple[RetryCondition, bool]]) -> tuple[RetryCondition, bool]:
    on = [c for c, never in several if not never]
    merged = RetryCondition(
        exceptions=tuple(dict.fromkeys(e for c in on for e in c.exceptions)),
        not_exceptions=tuple(dict.fromkeys(e for c in on for e in c.not_exceptions)),
        result=any(c.result for c in on),
        unknown=any(c.unknown for c in on),
    )
    return merged, not on


def _both(several: list[tuple[RetryCondition, bool]]) -> tuple[RetryCondition, bool]:
    """The narrowest that is understood; the rest makes it no wider."""
    named = [c for c, _ in several if c.exceptions and not c.unknown and "Exception" not in c.exceptions]
    chosen = named[0] if named else several[0][0]
    excepted = tuple(dict.fromkeys(e for c, _ in several for e in c.not_exceptions))
    return RetryCondition(chosen.exceptions, excepted, result=chosen.result, unknown=chosen.unknown), any(
        never for _, never in several
    )


TENACITY = RetryIdiom(
    "tenacity",
    (
        Construct(DECORATORS, frozenset({Role.DECORATOR, Role.CALLER}), read),
        Construct(OBJECTS, frozenset({Role.ITERATOR, Role.CALLER, Role.DECORATOR, Role.SITE}), read),
    ),
)
