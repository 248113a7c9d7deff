"""Executes code on paper: calls."""

from __future__ import annotations

import ast

from parsers.facts.python import Retry
from parsers.python import instances
from parsers.python.module import FunctionNode, Scope
from parsers.python.trial import arithmetic
from parsers.python.trial.focus import LEAVING
from parsers.python.trial.machine import MAX_CALLS, Machine, dotted, written
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
    Stream,
    Subject,
    Worth,
    blend,
    inputs,
    number,
)
from parsers.python.value import Known, Value
from parsers.quantities import ONCE

CLOCKS = ("time.time", "time.monotonic", "time.perf_counter", "time.process_time", "datetime.", "timeit.")
SLEEPS = frozenset({"time.sleep", "asyncio.sleep", "gevent.sleep", "eventlet.sleep", "trio.sleep", "anyio.sleep"})
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
    retry = machine.library(node, frame.scope, _bound(frame)) if machine.focus.scope is None else None
    if retry is not None:
        return Repeater(retry)
    target = machine.worth(node.func, frame)
    args, keywords, complete = _arguments(machine, node, frame)
    if isinstance(target, Native):
        return _native(machine, target.name, node, args)
    followed = _follow(machine, target, args, keywords, complete=complete)
    if followed is not None:
        return UNKNOWN if _overridable(target) else followed
    if isinstance(node.func, ast.Attribute):
        _mutate(machine, node.func, args, frame)
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


def _bound(frame: Frame) -> dict[str, Value]:
    """Constants of the running functions, as ``Values`` takes them."""
    bound: dict[str, Value] = {}
    current: Frame | None = frame
    while current is not None:
        for name, worth in current.names.items():
            if isinstance(worth, Const) and isinstance(worth.value, str | int | float | bytes | None):
                bound.setdefault(name, Known(worth.value))
        current = current.parent
    return bound


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


def _native(machine: Machine, name: str, node: ast.Call, args: list[Worth]) -> Worth:
    """Something of the standard library or of another package."""
    run = machine.run
    if name in SLEEPS or name.endswith(".sleep"):
        seconds = number(args[0]) if args else None
        run.sleep_s += float(seconds) if seconds is not None and not inputs(args[0]) else 0.0
        return NONE
    if name.startswith(CLOCKS):
        return Opaque(clock=True)
    if name.startswith("builtins.") or name.startswith("math."):
        known = arithmetic.builtin(name.rpartition(".")[2], args, run)
        if known is not None:
            return known
    if name == "itertools.count":
        return arithmetic.counting(args)
    if name == "itertools.chain" and all(isinstance(a, Const) and isinstance(a.value, tuple) for a in args):
        return Const(tuple(i for a in args if isinstance(a, Const) and isinstance(a.value, tuple) for i in a.value))
    if name == "itertools.repeat" and len(args) == 2 and number(args[1]) is not None:
        return Const((args[0],) * min(int(number(args[1]) or 0), arithmetic.MAX_ITEMS), inputs(args[1]))
    if name in ("itertools.repeat", "itertools.cycle"):
        return Stream((), endless=True)
    if name == "itertools.tee" and args:
        return Const((args[0], args[0]))
    if name in ("copy.copy", "copy.deepcopy") and args:
        return args[0]
    if name == "builtins.next" and args and isinstance(args[0], Stream) and args[0].items:
        return args[0].items[0]
    if name == "functools.partial" and args:
        return Partial(args[0], tuple(args[1:]))
    if name in ("functools.wraps", "functools.update_wrapper", "six.wraps"):
        return Native("identity") if name != "functools.update_wrapper" else args[0]
    if name in ("identity", "builtins.staticmethod", "builtins.classmethod") and args:
        return args[0]
    if name.startswith("asyncio.") and name.endswith(("wait_for", "shield")) and args:
        return args[0]
    return blend(*args, source=written(node), judged=False)


def _mutate(machine: Machine, func: ast.Attribute, args: list[Worth], frame: Frame) -> None:
    """``delays.append(x)``."""
    if func.attr == "append" and isinstance(func.value, ast.Name) and args:
        home = frame.home(func.value.id)
        before = home.names[func.value.id] if home is not None else None
        if home is not None and isinstance(before, Const) and isinstance(before.value, tuple):
            if len(before.value) < arithmetic.MAX_ITEMS:
                home.names[func.value.id] = Const((*before.value, args[0]), before.inputs)
    del machine


def _follow(
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
            return _follow(machine, inner, [*first, *args], merged, complete=complete)
        case Layered(retry=retry, target=inner):
            return layered(machine, retry, inner, args, keywords)
        case Repeater(retry=retry):
            return _repeat(machine, retry, args, keywords)
        case Instance(scope=scope):
            method = machine.program.class_member(scope, "__call__")
            owner = getattr(method[1], "scope", None) if method is not None else None
            if isinstance(owner, Scope):
                return _follow(machine, Closure(owner, None, target), args, keywords, complete=complete)
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
    from parsers.python.trial import statements

    scope = closure.scope
    frame = Frame(scope, closure.frame)
    given = [closure.receiver, *args] if closure.receiver is not None else list(args)
    _bind(machine, scope, frame, given, keywords, complete=complete)
    if isinstance(closure.receiver, Opaque):  # what is known of it is what the program says
        frame.names.pop(instances.first_parameter(scope) or "", None)
    node = scope.node
    if isinstance(node, ast.Lambda):
        return _deeper(machine, lambda: machine.worth(node.body, frame))
    if not isinstance(node, FunctionNode):
        return construct(machine, closure, args, keywords, complete=complete)
    if scope.yields():
        return generated(machine, scope, frame)

    def body() -> Worth:
        try:
            statements.block(machine, node.body, frame)
        except Returned as result:
            return result.worth if isinstance(result.worth, Worth.__args__) else UNKNOWN  # type: ignore[attr-defined]
        except (Broke, Continued):
            return UNKNOWN
        return NONE

    return _deeper(machine, body)


def _deeper(machine: Machine, body: object) -> Worth:
    assert callable(body)
    machine.depth += 1
    handled, machine.in_handler = machine.in_handler, 0
    asking, machine.asking = machine.asking, 0
    try:
        if machine.depth > MAX_CALLS:
            machine.run.endless = True
            raise Exhausted
        result: Worth = body()
        return result
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


def generated(machine: Machine, scope: Scope, frame: Frame) -> Worth:
    """What a generator of the tree yields: it runs at once, as far as its yields go."""
    from parsers.python.trial import generators

    return generators.collect(machine, scope, frame)


# ------------------------------------------------------------------------------------------------ library retries


def decorate(machine: Machine, decorator: ast.expr, worth: Worth, frame: Frame) -> Worth:
    """``@decorator`` on a function that is being defined."""
    retry = machine.library(decorator, frame.scope, _bound(frame))
    if retry is not None:
        return Layered(retry, worth)
    text = dotted(decorator.func if isinstance(decorator, ast.Call) else decorator) or ""
    if text.rpartition(".")[2] in ("wraps", "staticmethod", "classmethod", "asynccontextmanager", "contextmanager"):
        return worth
    applied = _follow(machine, machine.worth(decorator, frame), [worth], {}, complete=True)
    return applied if applied is not None and not isinstance(applied, Opaque) else worth


def _repeat(machine: Machine, retry: Retry, args: list[Worth], keywords: dict[str, Worth]) -> Worth | None:
    """A retry object called: with a function to repeat it, or as a decorator; which one shows when it is called."""
    if not args:
        return None
    if len(args) == 1 and not keywords and retry.idiom.partition(":")[0] not in CALLERS:
        return Layered(retry, args[0])
    return layered(machine, retry, args[0], args[1:], keywords)


#: Objects that repeat at once what they are called with.
CALLERS = frozenset({"tenacity.Retrying", "tenacity.AsyncRetrying", "retry.api.retry_call"})


def layered(machine: Machine, retry: Retry, inner: Worth, args: list[Worth], keywords: dict[str, Worth]) -> Worth:
    """Call something that a library repeats: what happens inside counts as often."""
    run = machine.run
    before = run.weight
    times = retry.attempts if retry.attempts is not None else retry.default
    run.dynamic = run.dynamic or retry.attempts is None
    run.layers.append(retry)
    if run.way is not Way.SUCCEEDS:
        run.weight = run.weight * (times if times is not None else ONCE)
    try:
        found = _follow(machine, inner, args, keywords, complete=True)
        return found if found is not None else UNKNOWN
    finally:
        run.weight = before


def iterate(machine: Machine, source: Repeater, node: ast.For | ast.AsyncFor, frame: Frame) -> None:
    """``for attempt in Retrying(...)``: what stands in ``with attempt:`` is repeated."""
    from parsers.python.trial import statements

    machine.assign(node.target, UNKNOWN, frame)
    run = machine.run
    before = run.weight
    times = source.retry.attempts if source.retry.attempts is not None else source.retry.default
    run.dynamic = run.dynamic or source.retry.attempts is None
    run.layers.append(source.retry)
    if run.way is not Way.SUCCEEDS and any(isinstance(s, ast.With | ast.AsyncWith) for s in node.body):
        run.weight = run.weight * (times if times is not None else ONCE)
    try:
        statements.block(machine, node.body, frame)
    finally:
        run.weight = before


def invoke(machine: Machine, wrapped: Worth) -> None:
    """Call what a decorator or a factory gave, as a caller would."""
    found = _follow(machine, wrapped, [UNKNOWN], {}, complete=False)
    if isinstance(found, Closure | Partial | Layered) and not machine.run.places:
        _follow(machine, found, [UNKNOWN], {}, complete=False)


def apply(machine: Machine, worth: Worth, args: list[Worth]) -> Worth | None:
    """Call a worth with arguments; ``None`` where it is not followed."""
    return _follow(machine, worth, args, {}, complete=True)
