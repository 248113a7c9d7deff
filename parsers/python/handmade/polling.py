"""Look-alikes: waiting for a state, serving a queue, keeping a connection: the same call, but nothing failed."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from parsers.python.handmade import shape
from parsers.python.handmade.variance import HARMLESS
from parsers.python.module import Scope
from parsers.python.trial.exceptions import last_name
from parsers.python.trial.focus import LoopNode

_WAITS = re.compile(r"(^|_)(wait|waits|waiting|poll|polls|polling|until|heartbeat|keepalive|keep_alive)(_|$)", re.I)
_WAITED = re.compile(
    r"(^|_)(wait|poll|waiter|get_waiter|recv\w*|receive|consume|accept|getch|input|readline|select)(_|$)"
)
_ASKED = re.compile(r"^_?(is|has|should|can|needs)_|^(alive|ready|exists|locked|running)$|_(alive|ready|running)$")
_STATE = re.compile(r"(status|state|phase)[\'\"\])(]*$", re.I)
_ENDS = re.compile(
    r"(^|_)(closed|closing|shut\w*|stop|stopped|stopping|running|alive|dead|exit\w*|cancel\w*|suspended|terminat\w*)(_|$)",
    re.I,
)
_POLL = re.compile(r"poll|wait", re.I)
_COMING = re.compile(r"not yet|waiting for|wait for|to become|to come up|until .* (ready|available)|not ready", re.I)


def polls(call: ast.Call, loop: LoopNode, scope: Scope, *, answer: bool = False) -> bool:
    """Whether the loop waits for something to come about rather than repeats what failed."""
    if waits_by_name(scope) or _queued(call) or _joins(call):
        return True
    if answer and any(_POLL.search(_word(n)) for part in _head(loop) for n in ast.walk(part)):
        return True
    if answer and _looks_at_state(loop):
        return True
    if _WAITED.search(last_name(call.func)) or _ASKED.search(last_name(call.func)) or _has_waiter(loop):
        return True
    return answer and not (_counts(loop) or asks_status(loop))


def _looks_at_state(loop: LoopNode) -> bool:
    """``volume["status"] == "available"``: a state that is to come about, not a status code."""
    for node in ast.walk(loop):
        if isinstance(node, ast.Compare) and _STATE.search(ast.unparse(node.left)):
            numbers = any(isinstance(c, ast.Constant) and type(c.value) is int for c in ast.walk(node))
            if not numbers and not isinstance(node.ops[0], ast.Is | ast.IsNot):
                return True
    return False


def waits_by_name(scope: Scope) -> bool:
    """``wait_for_server``, ``poll_until_done``: unless it also speaks of retrying."""
    function = _function_name(scope)
    return bool(_WAITS.search(function)) and not shape.spelled(function)


def _queued(call: ast.Call) -> bool:
    """``queue.get(timeout=1)``."""
    func = call.func
    return (
        isinstance(func, ast.Attribute) and func.attr in ("get", "put") and "queue" in ast.unparse(func.value).lower()
    )


def _joins(call: ast.Call) -> bool:
    """``job.result(timeout=1)``: looks again whether something has ended."""
    return last_name(call.func) in ("result", "join", "communicate") and any(k.arg == "timeout" for k in call.keywords)


def _has_waiter(loop: LoopNode) -> bool:
    """boto's waiters: an exception says "not finished yet"."""
    return any(
        isinstance(n, ast.Call) and last_name(n.func) == "wait" and "waiter" in ast.unparse(n.func).lower()
        for n in shape.own_statements(loop)
    )


def serves(loop: LoopNode) -> bool:
    """Whether a loop without bound is a daemon's, or waits for something that has not come about yet."""
    if isinstance(loop, ast.While) and any(_ENDS.search(_word(n)) for n in ast.walk(loop.test)):
        return True
    for node in ast.walk(loop):
        if isinstance(node, ast.Call) and last_name(node.func) in ("is_set", "isSet"):
            return True
        text = node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
        if _COMING.search(text) and not shape.spelled(text):
            return True
    return False


def per_item(loop: LoopNode) -> bool:
    """A ``for`` over data whose item is used for more than waiting, telling and counting."""
    if isinstance(loop, ast.While) or _numbers(loop.iter):
        return False
    names = {n.id for n in ast.walk(loop.target) if isinstance(n, ast.Name)}
    names = {n for n in names if n != "_" and not HARMLESS.search(n)}
    if not names or shape.spelled(ast.unparse(loop.iter)):
        return False
    return any(isinstance(n, ast.Name) and n.id in names for s in loop.body for n in _used(s))


def _numbers(source: ast.expr) -> bool:
    name = last_name(source.func) if isinstance(source, ast.Call) else ""
    if (
        name in ("enumerate", "reversed", "iter", "list", "tuple", "tqdm")
        and isinstance(source, ast.Call)
        and source.args
    ):
        return _numbers(source.args[0])
    return name in ("range", "xrange", "count", "repeat")


def _used(root: ast.AST) -> Iterator[ast.AST]:
    """Nodes but those of calls that wait or tell, and of tests."""
    stack = [root]
    while stack:
        node = stack.pop()
        yield node
        if isinstance(node, ast.Call) and (not shape.is_call(node) or HARMLESS.search(last_name(node.func))):
            continue
        if isinstance(node, ast.Compare | ast.JoinedStr):
            continue
        tests = [node.test] if isinstance(node, ast.If | ast.IfExp) else []
        stack.extend(c for c in ast.iter_child_nodes(node) if c not in tests)


def _function_name(scope: Scope) -> str:
    return getattr(scope.node, "name", "")


def _counts(loop: LoopNode) -> bool:
    """Whether the loop's header speaks of attempts."""
    return any(shape.spelled(_word(n)) for part in _head(loop) for n in ast.walk(part))


def _head(loop: LoopNode) -> list[ast.expr]:
    return [loop.test] if isinstance(loop, ast.While) else [loop.target, loop.iter]


def _word(node: ast.AST) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def asks_status(loop: LoopNode) -> bool:
    """Whether the answer is looked at as an HTTP answer is: a status code compared with numbers."""
    return any(status_test(n) for n in ast.walk(loop) if isinstance(n, ast.Compare))


def status_test(node: ast.Compare) -> bool:
    """``x.status_code == 200``, ``status in (429, 503)``, ``r == 200``."""
    numbers = {c.value for c in ast.walk(node) if isinstance(c, ast.Constant) and type(c.value) is int}
    name = _word(node.left).lower()
    if "status" in name or "code" in name:
        return any(100 <= n <= 599 for n in numbers)
    return isinstance(node.left, ast.Name) and bool(numbers & _STATUSES)


_STATUSES = frozenset({200, 201, 202, 204, 401, 403, 404, 408, 409, 412, 423, 425, 429, 500, 502, 503, 504})
