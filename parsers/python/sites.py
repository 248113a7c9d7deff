"""Where things of a program are used: instantiations of classes, subclasses, configuration that is set somewhere.

Shape: one pass over every module asked for, made when the first question comes; afterwards look-ups by name.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field

from parsers.python.module import Imported, Module, Scope
from parsers.python.program import Program

#: How many instantiations of one class are looked at.
MAX_SITES = 12


@dataclass(slots=True)
class _Index:
    calls: dict[str, list[tuple[ast.Call, Scope]]] = field(default_factory=dict)
    aliases: dict[str, set[str]] = field(default_factory=dict)
    config: dict[str, list[tuple[ast.expr, Scope]]] = field(default_factory=dict)
    config_objects: list[tuple[ast.expr, Scope]] = field(default_factory=list)
    environment: dict[str, list[tuple[ast.expr, Scope]]] = field(default_factory=dict)
    attached: dict[str, list[tuple[ast.expr, Scope]]] = field(default_factory=dict)
    filled: dict[str, list[tuple[ast.expr, Scope]]] = field(default_factory=dict)
    classes: list[Scope] = field(default_factory=list)


class Sites:
    """Answers where a class is made and what a configuration key is set to."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._index: _Index | None = None
        self._subclasses: dict[int, list[Scope]] | None = None
        self._made: dict[int, list[tuple[ast.Call, Scope]]] = {}
        self._stores: dict[int, dict[str, list[tuple[Scope, ast.AST, ast.expr]]]] = {}

    @property
    def index(self) -> _Index:
        if self._index is None:
            self._index = _Index()
            for module in self._program.modules():
                for scope in module.scope.walk():
                    _read(scope, self._index)
        return self._index

    def instantiations(self, cls: Scope) -> list[tuple[ast.Call, Scope]]:
        """Calls that make an instance of the class, in the order of files and lines."""
        if id(cls) not in self._made:
            names = sorted({cls.name, *self.index.aliases.get(cls.name, ())})
            found = [
                (call, scope)
                for name in names
                for call, scope in self.index.calls.get(name, ())
                if (target := self._program.resolve(call.func, scope)) is not None
                and target.scope is cls
                and not target.rest
            ]
            self._made[id(cls)] = found[:MAX_SITES]
        return self._made[id(cls)]

    def calls_of(self, function: Scope) -> list[tuple[ast.Call, Scope]]:
        """Calls of a function of the tree by its name."""
        return self.instantiations(function)

    def config(self, key: str) -> list[tuple[ast.expr, Scope]]:
        """What ``app.config[key]`` is set to, anywhere."""
        return self.index.config.get(key, [])

    def attached(self, name: str) -> list[tuple[ast.expr, Scope]]:
        """What an application object is given under a name: ``app.state.http = ...``, ``app["session"] = ...``."""
        return self.index.attached.get(name, [])

    def filled(self, name: str) -> list[tuple[ast.expr, Scope]]:
        """What is put into a mapping of that name: ``clients[key] = Client(...)``."""
        return self.index.filled.get(name, [])

    def options(self, module: Module) -> list[tuple[ast.Call, Scope]]:
        """Command-line options that a file declares: ``parser.add_argument("--url", default=...)``."""
        return [(c, s) for c, s in self.index.calls.get("add_argument", ()) if s.module is module]

    def config_objects(self) -> list[tuple[ast.expr, Scope]]:
        """Classes and modules that a configuration is loaded from."""
        return self.index.config_objects

    def subclasses(self, cls: Scope) -> list[Scope]:
        """Classes of the tree that inherit from the class, directly or not."""
        if self._subclasses is None:
            self._subclasses = {}
            for sub in self.index.classes:
                for base in list(self._program.ancestry(sub))[1:]:
                    self._subclasses.setdefault(id(base), []).append(sub)
        return self._subclasses.get(id(cls), [])

    def classes(self) -> list[Scope]:
        """Every class of the program."""
        return self.index.classes

    def stores(self, cls: Scope) -> dict[str, list[tuple[Scope, ast.AST, ast.expr]]]:
        """What the methods of the class assign to attributes of their first parameter."""
        if id(cls) not in self._stores:
            found: dict[str, list[tuple[Scope, ast.AST, ast.expr]]] = {}
            for method in cls.children:
                if method.is_function and not method.name.startswith("<"):
                    for attr, node, value in _attribute_stores(method):
                        found.setdefault(attr, []).append((method, node, value))
            self._stores[id(cls)] = found
        return self._stores[id(cls)]


def first_parameter(method: Scope) -> str | None:
    """The name of a method's first parameter."""
    if not isinstance(method.node, ast.FunctionDef | ast.AsyncFunctionDef):
        return None
    args = [*method.node.args.posonlyargs, *method.node.args.args]
    return args[0].arg if args else None


def _attribute_stores(method: Scope) -> Iterator[tuple[str, ast.AST, ast.expr]]:
    receiver = first_parameter(method)
    for node in method.own_nodes():
        pairs: list[tuple[ast.expr, ast.expr]]
        match node:
            case ast.Assign(targets=targets, value=value):
                pairs = [(t, value) for t in targets]
            case ast.AnnAssign(value=ast.expr() as value):
                pairs = [(node.target, value)]
            case ast.With(items=items) | ast.AsyncWith(items=items):
                pairs = [(i.optional_vars, i.context_expr) for i in items if i.optional_vars is not None]
            case _:
                continue
        for target, value in pairs:
            yield from ((a, node, v) for a, v in _stored(target, value, receiver))


def _stored(target: ast.expr, value: ast.expr, receiver: str | None) -> Iterator[tuple[str, ast.expr]]:
    match target:
        case ast.Attribute(value=ast.Name(id=name), attr=attr) if name == receiver:
            yield attr, value
        case ast.Tuple(elts=targets):
            if isinstance(value, ast.Tuple) and len(value.elts) == len(targets):
                for inner, item in zip(targets, value.elts, strict=True):
                    yield from _stored(inner, item, receiver)


def _read(scope: Scope, index: _Index) -> None:
    if scope.is_class:
        index.classes.append(scope)
    for name, bindings in scope.bindings.items():
        for binding in bindings:
            if isinstance(binding, Imported) and binding.name not in (None, name):
                index.aliases.setdefault(str(binding.name), set()).add(name)
    for node in _nodes(scope):
        match node:
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
                index.calls.setdefault(name, []).append((node, scope))
                _config_call(node, name, scope, index)
            case ast.Assign(targets=[ast.Subscript(value=base, slice=ast.Constant(value=str(key)))], value=value):
                if _is_config(base):
                    index.config.setdefault(key, []).append((value, scope))
                elif is_application(base):
                    index.attached.setdefault(key, []).append((value, scope))
            case ast.Assign(targets=[ast.Subscript(value=ast.Name(id=held) | ast.Attribute(attr=held))], value=value):
                index.filled.setdefault(held, []).append((value, scope))
            case ast.Assign(targets=[ast.Attribute(value=base, attr=attr)], value=value) if _is_object(base):
                index.attached.setdefault(attr, []).append((value, scope))


def _nodes(scope: Scope) -> Iterator[ast.AST]:
    yield from scope.own_nodes()
    if isinstance(scope.node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        for decorator in scope.node.decorator_list:
            yield from ast.walk(decorator)


def _is_object(base: ast.expr) -> bool:
    return is_application(base) or (isinstance(base, ast.Name) and base.id not in ("self", "cls"))


def is_application(base: ast.expr) -> bool:
    """Whether an expression is written like the application or what is attached to it."""
    match base:
        case ast.Name(id=name):
            return name in ("app", "application", "g", "current_app")
        case ast.Attribute(attr=attr):
            return attr in ("state", "ctx", "app", "application")
        case _:
            return False


def _is_config(base: ast.expr) -> bool:
    return isinstance(base, ast.Attribute) and base.attr == "config"


def _config_call(node: ast.Call, name: str, scope: Scope, index: _Index) -> None:
    if not isinstance(node.func, ast.Attribute) or not _is_config(node.func.value):
        return
    if name in ("from_object",) and node.args:
        index.config_objects.append((node.args[0], scope))
    if name in ("update", "from_mapping", "setdefault"):
        for keyword in node.keywords:
            if keyword.arg is not None:
                index.config.setdefault(keyword.arg, []).append((keyword.value, scope))
        tables = [a for a in node.args if isinstance(a, ast.Dict)]
        for table in tables:
            for key, value in zip(table.keys, table.values, strict=True):
                if isinstance(key, ast.Constant) and isinstance(key.value, str):
                    index.config.setdefault(key.value, []).append((value, scope))
        if name == "setdefault" and len(node.args) == 2 and isinstance(node.args[0], ast.Constant):
            index.config.setdefault(str(node.args[0].value), []).append((node.args[1], scope))
