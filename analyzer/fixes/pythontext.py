"""Edits in Python sources by libcst: a retry taken off or made smaller; every other byte stays. The one door of libcst.

Errors: ``None`` where the place is not found or the edit is not certain. ``ast.parse`` and a limit on size and depth
stand before libcst, whose parser deep nesting can kill (docs/decisions/0002).
"""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from typing import TypeVar

import libcst as cst
from libcst.metadata import CodeRange, MetadataWrapper, PositionProvider

from parsers.source import Span

#: Larger files are generated, and libcst's tree takes a hundred times their size.
MAX_CHARACTERS = 500_000
#: Nested deeper than a hand writes. libcst's parser ends the process far above it; its visitors need seven of Python's
#: thousand frames for each level of a list (measured on libcst 1.9).
MAX_DEPTH = 80

#: Arguments that say how often: of clients, whose value is retries, and of decorators, whose value is attempts.
_RETRIES = {
    "HTTPAdapter": "max_retries",
    "HTTPTransport": "retries",
    "AsyncHTTPTransport": "retries",
    "OpenAI": "max_retries",
    "AsyncOpenAI": "max_retries",
    "Anthropic": "max_retries",
    "AsyncAnthropic": "max_retries",
}
_ATTEMPTS = frozenset({"max_tries", "attempts", "tries", "stop_max_attempt_number", "max_attempts"})
_STOPS = frozenset({"stop_after_attempt"})

T = TypeVar("T", bound=cst.CSTNode)


def switched_off(text: str, span: Span) -> str | None:
    """The source with the retry at ``span`` gone: its decorator removed, or its count made one."""
    return _changed(text, span, 1)


def lowered(text: str, span: Span, attempts: int) -> str | None:
    """The source with so many attempts there, where the place itself says how many."""
    return _changed(text, span, attempts) if attempts > 1 else None


def _changed(text: str, span: Span, attempts: int) -> str | None:
    if not _safe(text):
        return None
    change = _Change((span.line, span.column - 1), attempts)
    try:
        found = MetadataWrapper(cst.parse_module(text), unsafe_skip_copy=True).visit(change).code
    except (cst.ParserSyntaxError, RecursionError):  # what ast takes and libcst does not: no certain edit
        return None
    return found if change.done and found != text and _parses(found) else None


def _safe(text: str) -> bool:
    return len(text) <= MAX_CHARACTERS and "\0" not in text and _parses(text)


def _parses(text: str) -> bool:
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    level: list[ast.AST] = [tree]
    for _ in range(MAX_DEPTH):
        level = [child for node in level for child in ast.iter_child_nodes(node)]
        if not level:
            return True
    return False


class _Change(cst.CSTTransformer):
    """Change the one decorator or call that begins at a place."""

    METADATA_DEPENDENCIES = (PositionProvider,)

    def __init__(self, place: tuple[int, int], attempts: int) -> None:
        super().__init__()
        self._place = place
        self._attempts = attempts
        self.done = False

    def _here(self, node: cst.CSTNode) -> bool:
        found = self.get_metadata(PositionProvider, node, None)
        return isinstance(found, CodeRange) and (found.start.line, found.start.column) == self._place

    def leave_FunctionDef(self, original_node: cst.FunctionDef, updated_node: cst.FunctionDef) -> cst.FunctionDef:  # noqa: N802 -- libcst's name
        index = next((i for i, d in enumerate(original_node.decorators) if self._here(d.decorator)), None)
        if index is None or self.done:
            return updated_node
        if self._attempts > 1:
            return self._decorated(updated_node, index)
        self.done = True
        return _undecorated(updated_node, index)

    def _decorated(self, node: cst.FunctionDef, index: int) -> cst.FunctionDef:
        counted = _counted(node.decorators[index].decorator, self._attempts)
        if counted is None:
            return node
        self.done = True
        changed = node.decorators[index].with_changes(decorator=counted)
        return node.with_changes(decorators=[*node.decorators[:index], changed, *node.decorators[index + 1 :]])

    def leave_Call(self, original_node: cst.Call, updated_node: cst.Call) -> cst.BaseExpression:  # noqa: N802 -- libcst's name
        if self.done or not self._here(original_node) or self._is_decorator:
            return updated_node
        found = _client(updated_node, self._attempts - 1) or _counted(updated_node, self._attempts)
        self.done = found is not None
        return found or updated_node

    _is_decorator = False

    def visit_Decorator(self, node: cst.Decorator) -> None:  # noqa: N802 -- libcst's name
        self._is_decorator = self._here(node.decorator)

    def leave_Decorator(self, original_node: cst.Decorator, updated_node: cst.Decorator) -> cst.Decorator:  # noqa: ARG002, N802 -- libcst's signature
        self._is_decorator = False
        return updated_node


def _undecorated(node: cst.FunctionDef, index: int) -> cst.FunctionDef:
    """Without one decorator; comments above it stay."""
    gone = node.decorators[index]
    rest = [*node.decorators[:index], *node.decorators[index + 1 :]]
    comments: Sequence[cst.EmptyLine] = gone.leading_lines
    if index < len(rest):
        lines = (*comments, *rest[index].leading_lines)
        rest[index] = rest[index].with_changes(leading_lines=lines)
        return node.with_changes(decorators=rest)
    return node.with_changes(decorators=rest, lines_after_decorators=(*comments, *node.lines_after_decorators))


def _name(node: cst.BaseExpression) -> str:
    match node:
        case cst.Name(value=value) | cst.Attribute(attr=cst.Name(value=value)):
            return value
        case _:
            return ""


def _client(call: cst.Call, retries: int) -> cst.Call | None:
    """A client that counts retries in an argument."""
    wanted = _RETRIES.get(_name(call.func))
    return None if wanted is None else _with_argument(call, frozenset({wanted}), retries)


def _with_argument(call: cst.Call, names: frozenset[str], value: int) -> cst.Call | None:
    changed = False
    arguments: list[cst.Arg] = []
    for argument in call.args:
        if argument.keyword is not None and argument.keyword.value in names:
            arguments.append(argument.with_changes(value=cst.Integer(str(value))))
            changed = True
        else:
            arguments.append(argument)
    return call.with_changes(args=arguments) if changed else None


def _counted(node: cst.BaseExpression, attempts: int) -> cst.BaseExpression | None:
    """``stop_after_attempt(n)`` anywhere in the call, or an argument that says how many attempts."""
    if not isinstance(node, cst.Call):
        return None
    direct = _with_argument(node, _ATTEMPTS, attempts)
    if direct is not None:
        return direct
    stops = _Stops(attempts)
    found = node.visit(stops)
    return found if stops.changed == 1 and isinstance(found, cst.BaseExpression) else None


class _Stops(cst.CSTTransformer):
    def __init__(self, attempts: int) -> None:
        super().__init__()
        self._attempts = attempts
        self.changed = 0

    def leave_Call(self, original_node: cst.Call, updated_node: cst.Call) -> cst.Call:  # noqa: ARG002, N802 -- libcst's signature
        if _name(updated_node.func) not in _STOPS or len(updated_node.args) != 1:
            return updated_node
        self.changed += 1
        only = updated_node.args[0].with_changes(value=cst.Integer(str(self._attempts)))
        return updated_node.with_changes(args=[only])


def without_unused(before: str, after: str) -> str:
    """``after`` without the imported names that only what was removed used.

    A name stays if it is written anywhere else in the file, in a text or a comment too, or if the module says what it
    exports.
    """
    if not _safe(after) or "__all__" in after:
        return after
    gone = _imported(after) - _used(after)
    gone &= _used(before)
    gone = {name for name in gone if len(re.findall(rf"\b{re.escape(name)}\b", after)) == 1}
    if not gone:
        return after
    try:
        found = cst.parse_module(after).visit(_Unimport(frozenset(gone))).code
    except (cst.ParserSyntaxError, RecursionError):
        return after
    return found if _parses(found) and _comments(found) == _comments(after) else after


def _comments(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.lstrip().startswith("#")]


def _imported(text: str) -> set[str]:
    """Names that plain ``from a import b`` lines at the top of the module bring."""
    nodes = (n for n in ast.parse(text).body if isinstance(n, ast.ImportFrom) and n.module != "__future__")
    return {a.name for n in nodes for a in n.names if a.asname is None and a.name != "*"}


def _used(text: str) -> set[str]:
    return {n.id for n in ast.walk(ast.parse(text)) if isinstance(n, ast.Name)}


class _Unimport(cst.CSTTransformer):
    def __init__(self, names: frozenset[str]) -> None:
        super().__init__()
        self._names = names

    def leave_ImportFrom(  # noqa: N802 -- libcst's name
        self,
        original_node: cst.ImportFrom,  # noqa: ARG002 -- libcst's signature
        updated_node: cst.ImportFrom,
    ) -> cst.ImportFrom | cst.RemovalSentinel:
        if isinstance(updated_node.names, cst.ImportStar):
            return updated_node
        names = list(updated_node.names)
        kept = [a for a in names if a.asname is not None or _name(a.name) not in self._names]
        if len(kept) == len(names):
            return updated_node
        if not kept:
            return cst.RemoveFromParent()
        kept[-1] = kept[-1].with_changes(comma=names[-1].comma)
        return updated_node.with_changes(names=kept)
