"""Whether a loop's call is the same one each time.

A retry asks the same again; a loop over items, pages, candidates or endpoints asks something else on each pass.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable

from parsers.python.handmade.shape import own_statements
from parsers.python.trial.focus import LoopNode

#: Arguments and names that may change from one attempt to the next.
HARMLESS = re.compile(
    r"attempt|retr(y|ies)|(^|_)n?tr(y|ies)(_|$|\d)|timeout|delay|wait|sleep|backoff|deadline|interval|elapsed"
    r"|remaining|last_",
    re.I,
)


#: Another name, port or key on each pass.
_RANDOM = re.compile(
    r"rand|uuid|choice\(|token_hex|token_urlsafe|get_free_port|free_port|mkdtemp|next\(|prompt\(|input\(", re.I
)


def varies(call: ast.Call, loop: LoopNode) -> bool:
    """Whether what the call asks depends on which pass of the loop it is."""
    changing = changing_names(loop)
    return bool(changing) and any(name in changing for name in asked(call))


def asked(call: ast.Call) -> set[str]:
    """Names that the call is made with, but for those that may change harmlessly."""
    found: set[str] = set()
    parts: list[ast.expr] = [call.func, *call.args]
    parts += [k.value for k in call.keywords if not (k.arg and HARMLESS.search(k.arg))]
    for part in parts:
        found |= {n.id for n in ast.walk(part) if isinstance(n, ast.Name) and not HARMLESS.search(n.id)}
    return found


def derived(changing: set[str], nodes: Iterable[ast.AST]) -> set[str]:
    """The names, and all that the nodes make of them."""
    made = [pair for node in nodes for pair in _made(node)]
    for _ in range(8):
        before = len(changing)
        for targets, sources in made:
            if any(s in changing and not HARMLESS.search(s) for s in sources):
                changing = changing | targets
        if len(changing) == before:
            break
    return changing


def changing_names(loop: LoopNode) -> set[str]:
    """The loop's own variable, what is counted up or moved on, and what is made of those."""
    changing: set[str] = set()
    if not isinstance(loop, ast.While):
        changing |= {n.id for n in ast.walk(loop.target) if isinstance(n, ast.Name)}
    nodes = list(own_statements(loop))
    for node in nodes:
        changing |= _moved(node)
    return derived(changing, nodes)


def _moved(node: ast.AST) -> set[str]:
    """Names that a statement moves on: counted up, taken from, or made anew each time."""
    match node:
        case ast.AugAssign(target=ast.Name(id=name)):
            return {name}
        case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="pop" | "remove" | "discard" | "popleft")):
            return {name}
        case ast.Assign(targets=targets, value=value) if _RANDOM.search(ast.unparse(value)):
            return {n for t in targets for n in _stored(t)}
        case _:
            return set()


def _made(node: ast.AST) -> list[tuple[set[str], set[str]]]:
    """Names that a statement binds, and those that they are made of."""
    match node:
        case ast.Assign(targets=targets, value=value):
            return [({n for t in targets for n in _stored(t)}, _loaded(value))]
        case ast.AnnAssign(target=target, value=ast.expr() as value) | ast.NamedExpr(target=target, value=value):
            return [(_stored(target), _loaded(value))]
        case ast.With(items=items) | ast.AsyncWith(items=items):
            return [(_stored(i.optional_vars), _loaded(i.context_expr)) for i in items if i.optional_vars is not None]
        case ast.For(target=target, iter=source) | ast.AsyncFor(target=target, iter=source):
            return [(_stored(target), _loaded(source))]
        case _:
            return []


def _stored(target: ast.expr) -> set[str]:
    return {n.id for n in ast.walk(target) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}


def _loaded(value: ast.AST) -> set[str]:
    return {n.id for n in ast.walk(value) if isinstance(n, ast.Name)}
