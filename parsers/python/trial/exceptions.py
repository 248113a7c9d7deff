"""Which handler takes which exception, in a trial run."""

from __future__ import annotations

import ast

from parsers.python.module import Scope
from parsers.python.trial.machine import Machine
from parsers.python.trial.run import Raised
from parsers.python.trial.worth import Closure, Const, Frame, Native, Worth

EVERYTHING = frozenset({"Exception", "BaseException"})

#: Exceptions that say something about data, code or the end of something, not that a call failed.
DATA = frozenset(
    {
        "KeyError", "IndexError", "LookupError", "AttributeError", "TypeError", "NameError", "UnboundLocalError",
        "StopIteration", "StopAsyncIteration", "NotImplementedError", "UnicodeError", "UnicodeDecodeError",
        "UnicodeEncodeError", "ImportError", "ModuleNotFoundError", "SyntaxError", "ZeroDivisionError", "ValueError",
        "KeyboardInterrupt", "SystemExit", "GeneratorExit", "AssertionError", "Empty", "Full", "QueueEmpty",
        "QueueFull", "JSONDecodeError", "InterruptedError", "CancelledError", "ParseError",
        "OverflowError", "InvalidOperation", "RecursionError", "MemoryError",
        "FileExistsError", "NoSuchElementException", "InvalidTag", "DecodeError", "EndOfStream", "WouldBlock",
    }
)  # fmt: skip


def types_of(handler: ast.ExceptHandler) -> tuple[ast.expr, ...]:
    """What an ``except`` names; empty for a bare one."""
    if handler.type is None:
        return ()
    return tuple(handler.type.elts) if isinstance(handler.type, ast.Tuple) else (handler.type,)


def last_name(expr: ast.expr) -> str:
    """``a.b.C`` -> ``C``."""
    if isinstance(expr, ast.Attribute):
        return expr.attr
    return expr.id if isinstance(expr, ast.Name) else ""


def takes_failures(handler: ast.ExceptHandler) -> bool:
    """Whether the handler may catch that a call failed."""
    named = types_of(handler)
    return not named or any(last_name(t) not in DATA for t in named)


def qualified(machine: Machine, expr: ast.expr, scope: Scope) -> tuple[str, ...]:
    """The class and the ancestors of it that are known."""
    found = machine.program.resolve(expr, scope)
    if found is None:
        return (ast.unparse(expr)[:80],)
    if found.scope is not None and found.scope.is_class:
        return machine.program.base_names(found.scope)
    return (found.qualified,)


def caught(machine: Machine, handler: ast.ExceptHandler, frame: Frame) -> tuple[str, ...]:
    """Qualified names of what a handler catches, as far as the run knows them."""
    named = types_of(handler)
    if not named:
        return ("BaseException",)
    found: list[str] = []
    for expr in named:
        if last_name(expr) not in DATA:
            found += _classes(machine, expr, frame)
    return tuple(dict.fromkeys(n.removeprefix("builtins.") for n in found))


def _classes(machine: Machine, expr: ast.expr, frame: Frame) -> list[str]:
    if (isinstance(expr, ast.Name) and frame.home(expr.id) is not None) or isinstance(expr, ast.Call):
        names = _class_names(machine.worth(expr, frame))
        return names or [ast.unparse(expr)[:80]]
    found = machine.program.resolve(expr, frame.scope)
    if found is not None and found.binding is not None:
        names = _class_names(machine.static(expr, frame))
        return names or [ast.unparse(expr)[:80]]
    return [found.qualified if found is not None else ast.unparse(expr)[:80]]


def _class_names(worth: Worth) -> list[str]:
    match worth:
        case Native(name=name):
            return [name]
        case Closure(scope=scope):
            return [scope.symbol]
        case Const(value=tuple() as several):
            return [n for w in several for n in _class_names(w)]
        case _:
            return []


def catching(machine: Machine, node: ast.Try | ast.TryStar, failure: Raised) -> ast.ExceptHandler | None:
    """The handler that takes the failure; the one on trial may be of any kind that a handler names."""
    if failure.name is None:
        fitting = [h for h in node.handlers if takes_failures(h)]
        if not fitting:
            return None
        at = machine.run.choose(id(node), len(fitting), outcome=True) if len(fitting) > 1 else 0
        return fitting[at]
    for handler in node.handlers:
        if not types_of(handler) or matches_any(types_of(handler), failure):
            return handler
    return None


def matches_any(types: tuple[ast.expr, ...], failure: Raised) -> bool:
    """Whether one of the types takes the failure."""
    if failure.name is None:
        return any(last_name(t) not in DATA for t in types)
    for expr in types:
        short = last_name(expr)
        if short == "BaseException" or (short == "Exception" and failure.name != "builtins.SystemExit"):
            return True
        names = {n.rpartition(".")[2] for n in (failure.name, *failure.known)}
        if short in names:
            return True
    return False


def raise_(machine: Machine, node: ast.Raise, frame: Frame) -> None:
    """``raise``: what is caught again, a caught exception kept in a name, or a new one."""
    if node.exc is None:
        current = machine.current[-1] if machine.current else None
        raise current if isinstance(current, Raised) else Raised(None)
    machine.worth(node.exc, frame)
    machine.run.raised = True
    cls = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
    found = machine.program.resolve(cls, frame.scope)
    if found is None or found.binding is not None or found.rest:
        if isinstance(node.exc, ast.Name):
            raise Raised("?kept", ("Exception",))  # an exception kept in a variable
        raise Raised("?", ())
    known = machine.program.base_names(found.scope) if found.scope is not None and found.scope.is_class else ()
    raise Raised(found.qualified, known)


def reraising(manager: ast.expr) -> bool:
    """oslo_utils.excutils.save_and_reraise_exception."""
    return isinstance(manager, ast.Call) and last_name(manager.func) == "save_and_reraise_exception"


def reraise_flag(manager: ast.expr) -> Worth:
    """Its ``reraise=`` argument."""
    keywords = manager.keywords if isinstance(manager, ast.Call) else []
    off = any(k.arg == "reraise" and isinstance(k.value, ast.Constant) and not k.value.value for k in keywords)
    return Const(not off)


def suppressed(machine: Machine, manager: ast.expr, frame: Frame) -> tuple[ast.expr, ...] | None:
    """The types of ``contextlib.suppress(...)``."""
    if not isinstance(manager, ast.Call) or last_name(manager.func) != "suppress":
        return None
    found = machine.program.resolve(manager.func, frame.scope)
    return tuple(manager.args) if found is not None and found.qualified == "contextlib.suppress" else None
