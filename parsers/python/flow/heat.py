"""Which functions may lead to a request, judged by names alone: only these are worth following.

Sound as far as names go: a function is left out where neither its own code can send nor any name that it mentions is
the name of a function or class that may. What is handed in (a response, a future, a function) is judged by the caller.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator

from parsers.python.module import Imported, Module, Scope
from parsers.python.program import Program
from parsers.python.sending import VERBS

_SENDING = VERBS | frozenset(
    {
        "request", "send", "stream", "urlopen", "fetch", "ws_connect", "publish", "basic_publish", "produce",
        "send_and_wait", "delay", "apply_async", "send_task", "enqueue", "enqueue_job", "send_with_options",
        "unary_unary", "unary_stream", "stream_unary", "stream_stream", "getresponse", "raise_for_status",
    }
)  # fmt: skip
#: Names that a client goes by, and names of what is asked for.
_CLIENT = re.compile(r"client|session|http|api|request|conn|pool|gateway|proxy|service|remote|upstream", re.I)
_ADDRESS = re.compile(
    r"url|uri|path|endpoint|href|link|addr|target|route|host|api|base|site|page|location|resource|service", re.I
)
#: Names that methods of builtin types and of files have, too.
_COMMON = (
    VERBS
    | {n for kind in (dict, list, str, set, bytes) for n in dir(kind)}
    | {
        *(
            "open",
            "read",
            "write",
            "send",
            "request",
            "close",
            "run",
            "start",
            "stop",
            "execute",
            "call",
            "handle",
            "process",
        ),
        *("load", "save", "create", "list", "flush", "seek", "connect", "stream", "fetch", "publish", "render", "main"),
    }
)
_STOPS = frozenset({"abort", "exit", "abort_with_status"})
#: Words of client libraries whose methods have any name; in files with one of them every method call may send.
_SDK_WORDS = (
    *("boto3", "redis", "google.cloud", "elasticsearch", "opensearch", "openai", "anthropic", "stripe", "minio"),
    *("slack_sdk", "twilio", "qdrant", "hvac", "influxdb", "mongo", "motor", "_pb2", "Stub", "websocket", "locust"),
)


class Heat:
    """The functions of one program that may send, directly or not."""

    def __init__(self, program: Program, roots: Iterable[str]) -> None:
        self._roots = frozenset(roots)
        self._judged: set[int] = set()
        self._hot: set[int] = set()
        self._stops: set[int] = set()
        self._named: set[str] = set()
        self._in_order: list[Scope] = []
        self._spread(program)

    def may_send(self, scope: Scope) -> bool:
        """Whether following the function may come to a request; unknown code may."""
        return id(scope) in self._hot or id(scope) not in self._judged

    def stops(self, scope: Scope) -> bool:
        """Whether the function itself raises or aborts."""
        return id(scope) in self._stops or id(scope) not in self._judged

    def roots(self) -> Iterator[Scope]:
        """Functions that may send and that no code is seen to call: something outside calls them."""
        for scope in self._in_order:
            node = scope.node
            function = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and id(scope) in self._hot
            if function and (scope.name not in self._named or node.decorator_list):  # type: ignore[union-attr]  # a function
                yield scope

    def _spread(self, program: Program) -> None:
        mentioned: dict[str, list[tuple[Scope, Module]]] = {}
        work: list[Scope] = []
        for module in program.modules():
            sdk = any(w in module.text for w in _SDK_WORDS)
            for scope in module.scope.walk():
                self._judged.add(id(scope))
                sends, names = self._look(scope, module, sdk=sdk)
                self._in_order.append(scope)
                self._named |= names
                for name in names:
                    mentioned.setdefault(name, []).append((scope, module))
                if sends:
                    self._hot.add(id(scope))
                    work.append(scope)
        while work:
            hot = work.pop()
            for name in _known_as(hot):
                common = name in _COMMON
                for scope, module in mentioned.get(name, ()) if common else mentioned.pop(name, ()):
                    if id(scope) not in self._hot and (not common or _knows(module, hot)):
                        self._hot.add(id(scope))
                        work.append(scope)

    def _look(self, scope: Scope, module: Module, *, sdk: bool) -> tuple[bool, set[str]]:
        names: set[str] = set()
        sends = False
        for node in _nodes(scope):
            match node:
                case ast.Call():
                    sends = sends or self._may(node, scope, sdk=sdk)
                    if _last(node.func) in _STOPS:
                        self._stops.add(id(scope))
                case ast.Raise():
                    self._stops.add(id(scope))
                case ast.Attribute(attr=attr, value=value):
                    names.add(attr)
                    sends = sends or (isinstance(value, ast.Name) and self._is_client(value.id, scope))
                case ast.Name(id=name):
                    names.add(name)
                    sends = sends or (scope.is_function and self._is_client(name, scope, whole=True))
        del module
        return sends, names

    def _may(self, node: ast.Call, scope: Scope, *, sdk: bool) -> bool:
        func = node.func
        if isinstance(func, ast.Name):
            return self._is_client(func.id, scope)
        if not isinstance(func, ast.Attribute):
            return False
        if sdk:
            return True
        if func.attr not in _SENDING:
            return False
        return not (func.attr in VERBS and _looks_up(node))

    def _is_client(self, name: str, scope: Scope, *, whole: bool = False) -> bool:
        """Whether the name was imported from a client library; ``whole``: a function of it, not the library."""
        found = scope.lookup(name)
        binding = found[1][-1] if found is not None else None
        if not isinstance(binding, Imported) or (whole and binding.name is None):
            return False
        return binding.level == 0 and binding.module.partition(".")[0] in self._roots


def _knows(module: Module, hot: Scope) -> bool:
    """Whether a file may mean this function by a name that many things have: it names its class or its file."""
    owner = hot.parent.name if hot.parent is not None and hot.parent.is_class else hot.module.name.rpartition(".")[2]
    return module is hot.module or owner in module.text


def _nodes(scope: Scope) -> Iterator[ast.AST]:
    yield from scope.own_nodes()
    if isinstance(scope.node, ast.FunctionDef | ast.AsyncFunctionDef):
        for decorator in scope.node.decorator_list:
            yield from ast.walk(decorator)
        for default in (*scope.node.args.defaults, *(d for d in scope.node.args.kw_defaults if d is not None)):
            yield from ast.walk(default)


def _last(func: ast.expr) -> str:
    return func.attr if isinstance(func, ast.Attribute) else func.id if isinstance(func, ast.Name) else ""


def _looks_up(node: ast.Call) -> bool:
    """``table.get("key")``, ``table.get(key, default)``, ``store.delete(row)`` rather than a request."""
    if not node.args:
        return not any(k.arg in ("url", None) for k in node.keywords)
    first = node.args[0]
    if isinstance(first, ast.Constant):
        return not (isinstance(first.value, str) and ("/" in first.value or ":" in first.value))
    if len(node.args) == 2 and isinstance(node.args[1], ast.Constant):
        return True
    if node.keywords or _CLIENT.search(_last(node.func.value) if isinstance(node.func, ast.Attribute) else ""):
        return False
    if isinstance(first, ast.Name | ast.Attribute | ast.Subscript):
        return not _ADDRESS.search(_last(first.value if isinstance(first, ast.Subscript) else first))
    return False


def _known_as(scope: Scope) -> Iterator[str]:
    """Names whose mention may lead into the function."""
    name = scope.name
    parent = scope.parent
    if isinstance(scope.node, ast.Module):
        return
    if name.startswith("<"):
        return
    yield name
    if parent is not None and parent.is_class and name.startswith("__"):
        yield parent.name
