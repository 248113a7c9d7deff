"""One Python file: its tree, its names and its scopes.

Source: CPython's grammar through ``ast`` (docs/decisions/0002: why not libcst here).
Shape: a scope knows every binding of a name in order; a name is looked up as Python does (local, enclosing, global).
Errors: a file that does not parse gives one diagnostic; syntax newer than the running Python is such a file.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field

from parsers.diagnostics import Code, Diagnostic
from parsers.source import SourceFile, Span

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef
ScopeNode = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


@dataclass(frozen=True, slots=True, eq=False)
class Imported:
    """A name bound by an import: ``module`` as written (dots for relative), ``name`` for ``from`` imports."""

    module: str
    name: str | None
    level: int
    node: ast.stmt


@dataclass(frozen=True, slots=True, eq=False)
class Assigned:
    """A name bound to a value. ``value`` ``None``: bound by a loop, a ``with``, an ``except`` or unpacking."""

    value: ast.expr | None
    node: ast.AST
    index: int | None = None  # position in a tuple that is unpacked
    where: Scope | None = None  # the scope whose code binds it, where ``global`` makes it another's name


@dataclass(frozen=True, slots=True, eq=False)
class Parameter:
    """A parameter of a function."""

    arg: ast.arg
    default: ast.expr | None
    position: int | None


@dataclass(frozen=True, slots=True, eq=False)
class Defined:
    """A name bound by ``def`` or ``class``."""

    scope: Scope


Binding = Imported | Assigned | Parameter | Defined


@dataclass(eq=False, slots=True, repr=False)
class Scope:
    """A module, class or function body, with its names. ``symbol`` is the dotted path from the module's name."""

    node: ScopeNode
    module: Module
    parent: Scope | None
    symbol: str
    bindings: dict[str, list[Binding]] = field(default_factory=dict)
    children: list[Scope] = field(default_factory=list)
    global_names: set[str] = field(default_factory=set)
    _certain: set[int] | None = None
    _mentioned: frozenset[str] | None = None
    _results: list[ast.expr] | None = None
    _yields: bool | None = None

    @property
    def is_function(self) -> bool:
        return isinstance(self.node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)

    @property
    def is_class(self) -> bool:
        return isinstance(self.node, ast.ClassDef)

    @property
    def name(self) -> str:
        return self.symbol.rpartition(".")[2]

    def lookup(self, name: str) -> tuple[Scope, list[Binding]] | None:
        """Where a name used in this scope is bound, by Python's rules: class bodies are not seen from methods."""
        scope: Scope | None = self.module.scope if name in self.global_names else self
        first = True
        while scope is not None:
            if (first or not scope.is_class) and name in scope.bindings:
                return scope, scope.bindings[name]
            first = False
            scope = scope.parent
        return None

    @property
    def bindings_are_global(self) -> bool:
        """Names of a module: one value for every function that uses them."""
        return isinstance(self.node, ast.Module)

    def certain(self, binding: Binding) -> bool:
        """Whether the binding is made whenever the scope's code runs, not only on some way through it."""
        if not isinstance(binding, Assigned):
            return not isinstance(binding, Imported) or id(binding.node) in self._certain_nodes()
        return id(binding.node) in self._certain_nodes()

    def _certain_nodes(self) -> set[int]:
        if self._certain is None:
            self._certain = set()
            stack: list[ast.AST] = [] if isinstance(self.node, ast.Lambda) else list(self.node.body)
            while stack:
                node = stack.pop()
                self._certain.add(id(node))
                if isinstance(node, (ast.With | ast.AsyncWith, ast.Try)):
                    stack.extend(node.body)
        return self._certain

    def results(self) -> list[ast.expr]:
        """What the function returns; for a generator, what it yields."""
        if self._results is None:
            returned = [n.value for n in self.own_nodes() if isinstance(n, ast.Return) and n.value is not None]
            yielded = [n.value for n in self.own_nodes() if isinstance(n, ast.Yield) and n.value is not None]
            self._results = returned or yielded
        return self._results

    def yields(self) -> bool:
        """Whether the function is a generator."""
        if self._yields is None:
            self._yields = any(isinstance(n, ast.Yield | ast.YieldFrom) for n in self.own_nodes())
        return self._yields

    def mentioned(self) -> frozenset[str]:
        """Every name that the scope's code or code inside it uses."""
        if self._mentioned is None:
            own = {n.id for n in self.own_nodes() if isinstance(n, ast.Name)}
            decorated = {n.id for d in self._heads() for n in ast.walk(d) if isinstance(n, ast.Name)}
            self._mentioned = frozenset(own | decorated).union(*(c.mentioned() for c in self.children))
        return self._mentioned

    def _heads(self) -> Iterator[ast.expr]:
        """Decorators and defaults, which are evaluated around the function."""
        if isinstance(self.node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield from self.node.decorator_list
        if isinstance(self.node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield from self.node.args.defaults
            yield from (d for d in self.node.args.kw_defaults if d is not None)

    def own_nodes(self) -> Iterator[ast.AST]:
        """Every node of the scope's own code, in source order; not of functions and classes defined in it."""
        stack: list[ast.AST] = [self.node.body] if isinstance(self.node, ast.Lambda) else list(reversed(self.node.body))
        while stack:
            node = stack.pop()
            yield node
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
                continue
            stack.extend(reversed(list(ast.iter_child_nodes(node))))

    def walk(self) -> Iterator[Scope]:
        """This scope and all inside it, in source order."""
        stack: list[Scope] = [self]
        while stack:
            scope = stack.pop()
            yield scope
            stack.extend(reversed(scope.children))


@dataclass(eq=False, slots=True, repr=False)
class Module:
    """A parsed file. ``name`` is its dotted name relative to the tree's root (``services.users.app``)."""

    path: str
    name: str
    tree: ast.Module
    text: str
    scope: Scope = field(init=False)
    scopes: dict[ast.AST, Scope] = field(default_factory=dict)
    _lines: list[bytes] | None = field(default=None, repr=False)

    @property
    def is_package(self) -> bool:
        return self.path.endswith("__init__.py")

    def span(self, node: ast.AST) -> Span:
        """The node's region; ``ast`` columns are UTF-8 bytes from 0."""
        line = getattr(node, "lineno", 1)
        column = getattr(node, "col_offset", 0)
        end_line = getattr(node, "end_lineno", None) or line
        end_column = getattr(node, "end_col_offset", None) or column
        return Span(self.path, line, column + 1, end_line, end_column + 1)

    def source(self, node: ast.AST) -> str:
        """What is written, on one line; ``ast``'s own way splits the whole file for every node."""
        first, last = getattr(node, "lineno", None), getattr(node, "end_lineno", None)
        if first is None or last is None:
            return ""
        if self._lines is None:
            self._lines = [line.encode("utf-8", "surrogatepass") for line in _LINE.findall(self.text)]
        lines = self._lines[first - 1 : last]
        start, end = getattr(node, "col_offset", 0), getattr(node, "end_col_offset", 0)
        if not lines:
            return ""
        lines[-1] = lines[-1][:end]
        lines[0] = lines[0][start:]
        return " ".join(b" ".join(lines).decode("utf-8", "replace").split())


#: Lines as Python's tokenizer counts them: a form feed does not end one.
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")


def module_name(path: str) -> str:
    """``a/b/__init__.py`` -> ``a.b``."""
    parts = path.removesuffix(".py").split("/")
    return ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)


def parse(file: SourceFile) -> Module | Diagnostic:
    """Parse one file; never raises on its content."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(file.text)
        module = Module(file.path, module_name(file.path), tree, file.text)
        module.scope = _scope(tree, module, None, module.name)
    except SyntaxError as error:
        line, column = error.lineno or 1, error.offset or 1
        return Diagnostic.at(Span(file.path, line, column, line, column + 1), Code.SYNTAX, detail=error.msg)
    except ValueError as error:  # a NUL byte
        return Diagnostic.at(file.whole(), Code.SYNTAX, detail=str(error))
    except (RecursionError, MemoryError):
        return Diagnostic.at(file.whole(), Code.TOO_DEEP)
    return module


def _scope(node: ScopeNode, module: Module, parent: Scope | None, symbol: str) -> Scope:
    scope = Scope(node, module, parent, symbol)
    module.scopes[node] = scope
    if parent is None:
        module.scope = scope
    if parent is not None:
        parent.children.append(scope)
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        _bind_parameters(node.args, scope)
    body = [node.body] if isinstance(node, ast.Lambda) else node.body
    stack: list[ast.AST] = list(reversed(body))
    while stack:
        child = stack.pop()
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            inner = _scope(child, module, scope, f"{symbol}.{child.name}")
            _bind(scope, child.name, Defined(inner))
            stack.extend(reversed(child.decorator_list))
            if isinstance(child, ast.ClassDef):
                stack.extend(reversed([*child.bases, *(k.value for k in child.keywords)]))
            else:
                stack.extend(d for d in (*child.args.defaults, *child.args.kw_defaults) if d is not None)
        elif isinstance(child, ast.Lambda):
            _scope(child, module, scope, f"{symbol}.<lambda>")
        else:
            _bind_statement(child, scope)
            stack.extend(reversed(list(ast.iter_child_nodes(child))))
    return scope


def _bind(scope: Scope, name: str, binding: Binding) -> None:
    if name in scope.global_names and scope.parent is not None:
        if isinstance(binding, Assigned):
            binding = Assigned(binding.value, binding.node, binding.index, where=scope)
        scope = scope.module.scope
    scope.bindings.setdefault(name, []).append(binding)


def _bind_parameters(args: ast.arguments, scope: Scope) -> None:
    positional = [*args.posonlyargs, *args.args]
    defaults: list[ast.expr | None] = [None] * (len(positional) - len(args.defaults)) + list(args.defaults)
    for position, (arg, default) in enumerate(zip(positional, defaults, strict=True)):
        _bind(scope, arg.arg, Parameter(arg, default, position))
    for arg, default in zip(args.kwonlyargs, args.kw_defaults, strict=True):
        _bind(scope, arg.arg, Parameter(arg, default, None))
    for rest in (args.vararg, args.kwarg):
        if rest is not None:
            _bind(scope, rest.arg, Assigned(None, rest))


def _bind_import(node: ast.Import | ast.ImportFrom, scope: Scope) -> None:
    for alias in node.names:
        if isinstance(node, ast.ImportFrom):
            _bind(scope, alias.asname or alias.name, Imported(node.module or "", alias.name, node.level, node))
        else:
            name = alias.asname or alias.name.partition(".")[0]
            _bind(scope, name, Imported(alias.name if alias.asname else name, None, 0, node))


def _bind_statement(node: ast.AST, scope: Scope) -> None:  # noqa: C901 -- one case a statement that binds
    match node:
        case ast.Import() | ast.ImportFrom():
            _bind_import(node, scope)
        case ast.Assign():
            for target in node.targets:
                _bind_target(target, node.value, scope, node)
        case ast.AnnAssign(value=value) if value is not None or scope.is_class:  # a field may have no default
            _bind_target(node.target, value, scope, node)
        case ast.NamedExpr():
            _bind_target(node.target, node.value, scope, node)
        case ast.AugAssign(target=ast.Name(id=name)):
            _bind(scope, name, Assigned(None, node))
        case ast.For() | ast.AsyncFor() | ast.comprehension():
            _bind_target(node.target, None, scope, node)
        case ast.With() | ast.AsyncWith():
            for item in node.items:
                if item.optional_vars is not None:
                    _bind_target(item.optional_vars, item.context_expr, scope, node)
        case ast.ExceptHandler(name=str(name)):
            _bind(scope, name, Assigned(None, node))
        case ast.Global() | ast.Nonlocal():
            scope.global_names |= set(node.names) if isinstance(node, ast.Global) else set()
        case _:
            pass


def _bind_target(target: ast.expr, value: ast.expr | None, scope: Scope, node: ast.AST) -> None:
    match target:
        case ast.Name(id=name):
            _bind(scope, name, Assigned(value, node))
        case ast.Tuple(elts=elements) | ast.List(elts=elements):
            literal = value.elts if isinstance(value, ast.Tuple | ast.List) else None
            for i, element in enumerate(elements):
                if literal is not None and len(literal) == len(elements):
                    _bind_target(element, literal[i], scope, node)
                elif isinstance(element, ast.Name):
                    _bind(scope, element.id, Assigned(value, node, index=i))
        case _:
            pass
