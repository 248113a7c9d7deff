"""Look-alikes: waiting for a state, serving a queue, keeping a connection: the same call, but nothing failed."""

from __future__ import annotations

import ast
import re

from parsers.python.handmade import shape
from parsers.python.module import Scope
from parsers.python.trial.exceptions import last_name
from parsers.python.trial.focus import LoopNode

_WAITS = re.compile(r"(^|_)(wait|poll|await|watch|monitor|listen|serve|consume|until|ready|heartbeat|ping|drain)", re.I)
_WAITED = re.compile(
    r"(^|_)(wait|poll|waiter|get_waiter|recv|receive|consume|accept|getch|input|readline|select)", re.I
)


def polls(call: ast.Call, loop: LoopNode, scope: Scope, *, answer: bool = False) -> bool:
    """Whether the loop waits for something to come about rather than repeats what failed."""
    function = _function_name(scope)
    if _WAITS.search(function) and not shape.spelled(function):
        return True
    if _WAITED.search(last_name(call.func)):
        return True
    return answer and not (_counts(loop) or asks_status(loop))


def _function_name(scope: Scope) -> str:
    return getattr(scope.node, "name", "")


def _counts(loop: LoopNode) -> bool:
    """Whether the loop's header speaks of attempts."""
    head = [loop.test] if isinstance(loop, ast.While) else [loop.target, loop.iter]
    return any(shape.spelled(_word(n)) for part in head for n in ast.walk(part))


def _word(node: ast.AST) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def asks_status(loop: LoopNode) -> bool:
    """Whether the answer is looked at as an HTTP answer is: a status code compared with numbers."""
    return any(status_test(n) for n in ast.walk(loop) if isinstance(n, ast.Compare))


def status_test(node: ast.Compare) -> bool:
    """``x.status_code == 200``, ``status in (429, 503)``, ``r == 200``."""
    numbers = [c for c in ast.walk(node) if isinstance(c, ast.Constant) and isinstance(c.value, int)]
    return any(100 <= int(c.value) <= 599 and not isinstance(c.value, bool) for c in numbers)
