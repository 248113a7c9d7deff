"""The shape of a loop: cheap tests that most loops fail, before any trial.

Source: what 69 packages' loops look like (spec/python_retries.md sections 3 and 5).
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from parsers.python.trial.exceptions import last_name, takes_failures
from parsers.python.trial.focus import NESTED, LoopNode

#: Methods and functions that do not ask anyone for anything.
PLAIN = frozenset(
    {
        "sleep", "print", "len", "str", "int", "float", "bool", "repr", "isinstance", "issubclass", "range", "min",
        "max", "list", "dict", "set", "tuple", "format", "join", "split", "strip",
        "debug", "info", "warning", "warn", "error", "exception", "critical", "log", "time",
        "monotonic", "perf_counter", "now", "utcnow", "timedelta", "total_seconds", "enumerate", "zip", "map",
        "filter", "sorted", "reversed", "iter", "super", "getattr", "setattr", "hasattr", "type", "id", "hash",
        "randint", "uniform", "random", "choice", "shuffle", "startswith", "endswith", "lower", "upper",
        "encode", "decode", "deepcopy", "sum", "any", "all",
        "abs", "round", "pow", "sqrt", "getLogger", "dumps", "loads", "fromkeys", "is_set", "is_alive",
        "empty", "full", "qsize", "get_nowait", "put_nowait", "task_done", "heartbeat", "partial",
        "perf_counter_ns", "time_ns", "get_event_loop", "get_running_loop", "fromtimestamp", "isoformat", "strftime",
        "strptime", "vars", "dir", "ord", "chr", "bytes", "bytearray",
        "memoryview", "frozenset", "object", "slice", "callable", "next", "rstrip", "lstrip",
        "splitlines", "isdigit", "title", "capitalize", "zfill", "ljust", "rjust", "echo", "secho", "fail_json",
        "exit", "_exit", "abort", "cast", "getpid", "get_ident", "current_thread", "current_task", "exc_info",
        "format_exc", "print_exc", "format_exception", "print_exception", "urlencode", "quote", "unquote", "urlparse",
        "dirname", "basename", "abspath", "_", "gettext", "ngettext", "_LW", "_LE", "_LI", "set_trace", "to_native",
        "to_text", "to_bytes", "is_cancelled", "cancelled", "done", "bit_length", "StopWatch", "acquire", "release",
        "wait", "gauge", "incr", "increment", "observe", "inc", "dec", "record_exception", "set_attribute",
        "add_event", "labels", "notice", "fatal", "trace", "display", "vvv", "vvvv", "v", "vv", "verbose",
    }
)  # fmt: skip

#: Methods of plain containers that a client may have too: tried last.
DOUBTFUL = frozenset({"update", "copy", "add", "remove", "discard", "clear", "replace", "match", "search", "index",
                      "count", "find", "pop", "append", "extend", "items", "keys", "values", "get_nowait", "setdefault",
                      "group", "sub", "findall", "error", "info", "warning", "exception"})  # fmt: skip


def own_statements(loop: ast.AST) -> Iterator[ast.AST]:
    """Every node of the loop's body but those of functions and classes in it."""
    stack: list[ast.AST] = list(reversed([*getattr(loop, "body", []), *getattr(loop, "orelse", [])]))
    while stack:
        node = stack.pop()
        yield node
        if not isinstance(node, NESTED):
            stack.extend(reversed(list(ast.iter_child_nodes(node))))


def leaves(body: list[ast.stmt]) -> bool:
    """Whether a statement list never goes on with the next pass of the loop."""
    for statement in body:
        if isinstance(statement, ast.Raise | ast.Return | ast.Break):
            return True
        if isinstance(statement, ast.Continue):
            return False
        if isinstance(statement, ast.If) and statement.orelse and leaves(statement.body) and leaves(statement.orelse):
            return True
        if isinstance(statement, ast.With | ast.AsyncWith) and leaves(statement.body):
            return True
    return False


def guarded(loop: LoopNode) -> Iterator[ast.Try | ast.TryStar]:
    """The loop's ``try`` statements that can go on after a failed call."""
    for node in own_statements(loop):
        if isinstance(node, ast.Try | ast.TryStar):
            goes_on = any(takes_failures(h) and not leaves(h.body) for h in node.handlers)
            yield from (node,) if goes_on else ()


def exits(loop: LoopNode) -> bool:
    """Whether the loop can end before it is used up."""
    if isinstance(loop, ast.While) and not (isinstance(loop.test, ast.Constant) and loop.test.value):
        return True
    return any(isinstance(n, ast.Return | ast.Break) for n in own_statements(loop))


def is_call(node: ast.AST) -> bool:
    """A call that may ask something of someone."""
    if not isinstance(node, ast.Call):
        return False
    name = last_name(node.func)
    if name in PLAIN:
        return False
    root: ast.expr = node.func
    while isinstance(root, ast.Attribute | ast.Call | ast.Subscript):
        root = root.func if isinstance(root, ast.Call) else root.value
    where = last_name(root).lower()
    return where not in ("log", "logger", "logging", "_logger", "random", "time", "math", "re", "json", "warnings")


def candidates(tries: list[ast.Try | ast.TryStar]) -> list[ast.Call]:
    """Calls that may be what is repeated: first of the ``try`` bodies, in order, each written once."""
    found: dict[str, ast.Call] = {}
    for node in tries:
        for statement in node.body:
            for inner in _own(statement):
                if isinstance(inner, ast.Call) and is_call(inner) and not _is_raised(inner, statement):
                    found.setdefault(ast.dump(inner), inner)
    return sorted(found.values(), key=_weight)


def _own(statement: ast.AST) -> Iterator[ast.AST]:
    stack = [statement]
    while stack:
        node = stack.pop()
        yield node
        if isinstance(node, (ast.Raise, *NESTED)):
            continue
        children = [c for c in ast.iter_child_nodes(node) if not isinstance(c, ast.ExceptHandler)]
        stack.extend(reversed(children))


def _is_raised(call: ast.Call, statement: ast.AST) -> bool:
    return isinstance(statement, ast.Raise) and statement.exc is call


def _weight(call: ast.Call) -> tuple[int, int, int]:
    """Earlier calls first; classes that are only made last."""
    name = last_name(call.func)
    return (2 if name in DOUBTFUL else 1 if name[:1].isupper() else 0, call.lineno, call.col_offset)


def answered(loop: LoopNode) -> list[ast.Call]:
    """Calls whose answer decides whether the loop goes on, where no exception is looked at."""
    found: dict[str, ast.Call] = {}
    for node in own_statements(loop):
        if isinstance(node, ast.Assign | ast.AnnAssign | ast.NamedExpr) and node.value is not None:
            value = node.value.value if isinstance(node.value, ast.Await) else node.value
            if is_call(value) and isinstance(value, ast.Call):
                found.setdefault(ast.dump(value), value)
        elif isinstance(node, ast.If):
            test = node.test.operand if isinstance(node.test, ast.UnaryOp) else node.test
            test = test.value if isinstance(test, ast.Await) else test
            if isinstance(test, ast.Call) and is_call(test):
                found.setdefault(ast.dump(test), test)
    return list(found.values())


_SPELLED = re.compile(
    r"retr(y|ies|ied|ying|iable|ier)|attempt|back_?off|(^|_)[nm]?(um)?_?(tr(y|ies|ys))(_|$|num)", re.I
)


def spelled(text: str) -> bool:
    """Whether a name or a text speaks of retrying; not ``retrieve``, ``entry``, ``countries``."""
    return _SPELLED.search(text) is not None
