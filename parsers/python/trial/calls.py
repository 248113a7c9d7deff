"""Executes code on paper: calls."""

from __future__ import annotations

import ast
from collections.abc import Callable

from parsers.python.module import FunctionNode, Scope
from parsers.python.sites import first_parameter
from parsers.python.trial import arithmetic, generators, layers, natives
from parsers.python.trial.focus import LEAVING
from parsers.python.trial.machine import MAX_CALLS, Machine
from parsers.python.trial.names import bound, written
from parsers.python.trial.run import Broke, Continued, Exhausted, Raised, Returned, Way
from parsers.python.trial.worth import (
    NONE,
    UNKNOWN,
    Closure,
    Const,
    Frame,
    Instance,
    Layered,
    Native,
    Opaque,
    Partial,
    Repeater,
    Subject,
    Worth,
    blend,
    number,
)

#: Statements of a function that is followed only to see what it answers.
MAX_FOLLOWED = 25
#: Such functions, one inside the other.
MAX_HELPERS = 3
#: Lines of a function that may be a wrapper or what it is made of.
MAX_WRAPPER = 120


def call(machine: Machine, node: ast.Call, frame: Frame) -> Worth:
    """Make a call: count it if it is on trial, follow it if that can matter."""
    if id(node) in machine.focus.calls:
        return hit(machine, node)
    name = _written(node.func)
    if name in LEAVING:
        _leave(machine, node, frame)
    retry = machine.library(node, frame.scope, bound(frame)) if machine.focus.scope is None else None
    if retry is not None:
        return Repeater(retry)
    target = machine.worth(node.func, frame)
    args, keywords, complete = _arguments(machine, node, frame)
    if isinstance(target, Native):
        return natives.call(machine, target.name, node, args)
    followed = follow(machine, target, args, keywords, complete=complete)
    if followed is not None:
        return UNKNOWN if _overridable(target) else followed
    if isinstance(node.func, ast.Attribute):
        _mutate(node.func, args, frame)
    counted = any(number(a) is not None for a in args) and machine.in_handler > 0
    text = written(node)
    return blend(target, *args, *keywords.values(), source=text, judged=counted)


def _overridable(target: Worth) -> bool:
    """A method that answers a constant: a hook, which subclasses answer otherwise."""
    if not isinstance(target, Closure) or target.receiver is None:
        return False
    results = target.scope.results() if target.scope.is_function else []
    return len(results) == 1 and isinstance(results[0], ast.Constant) and isinstance(results[0].value, bool)


def hit(machine: Machine, node: ast.AST) -> Worth:
    """The call on trial. Off the loop it may as well succeed."""
    run, focus = machine.run, machine.focus
    off = focus.loop is not None and (not run.entered or bool(run.left))
    if off and run.choose(id(node), 2, outcome=True) == 1:
        return Opaque(outcome=True)
    run.hit(node)
    if run.way is Way.RAISES:
        raise Raised(None)
    return Opaque(outcome=True)


def _written(func: ast.expr) -> str:
    return func.attr if isinstance(func, ast.Attribute) else func.id if isinstance(func, ast.Name) else ""


def _leave(machine: Machine, node: ast.Call, frame: Frame) -> None:
    found = machine.program.resolve(node.func, frame.scope)
    name = found.qualified if found is not None else ""
    if name in ("sys.exit", "os._exit", "os.abort", "builtins.exit", "builtins.quit") or _written(node.func) in (
        "fail_json",
        "exit_json",
    ):
        raise Raised("builtins.SystemExit")


def _arguments(machine: Machine, node: ast.Call, frame: Frame) -> tuple[list[Worth], dict[str, Worth], bool]:
    args: list[Worth] = []
    complete = True
    for arg in node.args:
        worth = machine.worth(arg, frame)
        if isinstance(arg, ast.Starred):
            several = worth.value if isinstance(worth, Const) and isinstance(worth.value, tuple) else None
            complete = complete and several is not None
            args.extend(several or ())
        else:
            args.append(worth)
    keywords: dict[str, Worth] = {}
    for keyword in node.keywords:
        worth = machine.worth(keyword.value, frame)
        if keyword.arg is None:
            complete = False
        else:
            keywords[keyword.arg] = worth
    return args, keywords, complete


def _mutate(func: ast.Attribute, args: list[Worth], frame: Frame) -> None:
    """``delays.append(x)``."""
    if func.attr != "append" or not isinstance(func.value, ast.Name) or not args:
        return
    home = frame.home(func.value.id)
    before = home.names[func.value.id] if home is not None else None
    if home is None or not isinstance(before, Const) or not isinstance(before.value, tuple):
        return
    if len(before.value) < arithmetic.MAX_ITEMS:
        home.names[func.value.id] = Const((*before.value, args[0]), before.inputs)


def follow(
    machine: Machine, target: Worth, args: list[Worth], keywords: dict[str, Worth], *, complete: bool
) -> Worth | None:
    """Follow a call of something that is in the tree; ``None`` where that is not worth it."""
    match target:
        case Subject():
            return hit(machine, machine.focus.loop or ast.Pass())
        case Closure(scope=scope) if _worth_following(machine, scope):
            return enter(machine, target, args, keywords, complete=complete)
        case Partial(target=inner, args=first, keywords=more):
            merged = {**dict(more), **keywords}
            return follow(machine, inner, [*first, *args], merged, complete=complete)
        case Layered(retry=retry, target=inner):
            return layers.layered(machine, retry, inner, args, keywords)
        case Repeater(retry=retry):
            return layers.repeat(machine, retry, args, keywords)
        case Instance(scope=scope):
            method = machine.program.class_member(scope, "__call__")
            owner = getattr(method[1], "scope", None) if method is not None else None
            if isinstance(owner, Scope):
                return follow(machine, Closure(owner, None, target), args, keywords, complete=complete)
            return None
        case _:
            return None


def _worth_following(machine: Machine, scope: Scope) -> bool:
    """In a trial of one function: itself, and short helpers of its tests, headers and handlers; else what is short."""
    if scope is machine.focus.scope:
        return True
    size = getattr(scope.node, "end_lineno", 0) - getattr(scope.node, "lineno", 0)
    if machine.focus.scope is None:
        return machine.depth < MAX_CALLS and (size <= MAX_WRAPPER)
    deciding = machine.asking > 0 or machine.in_handler > 0 or machine.depth > 0
    return deciding and size <= MAX_FOLLOWED and machine.depth < MAX_HELPERS


def enter(
    machine: Machine, closure: Closure, args: list[Worth], keywords: dict[str, Worth], *, complete: bool = True
) -> Worth:
    """Run a function of the tree."""
    scope = closure.scope
    frame = Frame(scope, closure.frame)
    given = [closure.receiver, *args] if closure.receiver is not None else list(args)
    _bind(machine, scope, frame, given, keywords, complete=complete)
    if isinstance(closure.receiver, Opaque):  # what is known of it is what the program says
        frame.names.pop(first_parameter(scope) or "", None)
    node = scope.node
    if isinstance(node, ast.Lambda):
        return _deeper(machine, lambda: machine.worth(node.body, frame))
    if not isinstance(node, FunctionNode):
        return construct(machine, closure, args, keywords, complete=complete)
    if scope.yields():
        return generators.collect(machine, scope, frame)

    def body() -> Worth:
        try:
            machine.parts_of.block(machine, node.body, frame)
        except Returned as result:
            return result.worth if isinstance(result.worth, Worth) else UNKNOWN
        except (Broke, Continued):
            return UNKNOWN
        return NONE

    return _deeper(machine, body)


def _deeper(machine: Machine, body: Callable[[], Worth]) -> Worth:
    machine.depth += 1
    handled, machine.in_handler = machine.in_handler, 0
    asking, machine.asking = machine.asking, 0
    try:
        if machine.depth > MAX_CALLS:
            machine.run.endless = True
            raise Exhausted
        return body()
    finally:
        machine.depth -= 1
        machine.in_handler = handled
        machine.asking = asking


def _bind(
    machine: Machine, scope: Scope, frame: Frame, given: list[Worth], keywords: dict[str, Worth], *, complete: bool
) -> None:
    arguments = getattr(scope.node, "args", None)
    if not isinstance(arguments, ast.arguments):
        return
    positional = [*arguments.posonlyargs, *arguments.args]
    for arg, worth in zip(positional, given, strict=False):
        frame.names[arg.arg] = worth
    if arguments.vararg is not None:
        frame.names[arguments.vararg.arg] = Const(tuple(given[len(positional) :])) if complete else UNKNOWN
    if arguments.kwarg is not None:
        frame.names[arguments.kwarg.arg] = UNKNOWN
    known = {a.arg for a in (*positional, *arguments.kwonlyargs)}
    frame.names.update((n, w) for n, w in keywords.items() if n in known)
    outer = Frame(scope.parent or scope, frame.parent)
    defaults = [*([None] * (len(positional) - len(arguments.defaults))), *arguments.defaults]
    for arg, default in (
        *zip(positional, defaults, strict=True),
        *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True),
    ):
        if arg.arg in frame.names:
            continue
        if default is not None and complete:
            frame.names[arg.arg] = machine.worth(default, outer)
        else:
            frame.names[arg.arg] = Opaque(source=arg.arg)


def construct(
    machine: Machine, closure: Closure, args: list[Worth], keywords: dict[str, Worth], *, complete: bool
) -> Worth:
    """Make an object of a class of the tree: its ``__init__`` runs."""
    made = Instance(closure.scope)
    found = machine.program.class_member(closure.scope, "__init__")
    init = getattr(found[1], "scope", None) if found is not None else None
    if isinstance(init, Scope) and init.is_function:
        enter(machine, Closure(init, None, made), args, keywords, complete=complete)
    return made


def invoke(machine: Machine, wrapped: Worth) -> None:
    """Call what a decorator or a factory gave, as a caller would."""
    found = follow(machine, wrapped, [UNKNOWN], {}, complete=False)
    if isinstance(found, Closure | Partial | Layered) and not machine.run.places:
        follow(machine, found, [UNKNOWN], {}, complete=False)


def apply(machine: Machine, worth: Worth, args: list[Worth]) -> Worth | None:
    """Call a worth with arguments; ``None`` where it is not followed."""
    return follow(machine, worth, args, {}, complete=True)
