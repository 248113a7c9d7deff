"""All Python files of a tree as one program: modules loaded when asked for, names followed across them.

Shape: an import is looked for from the importing file's folder upwards (each service folder of a monorepo is a root of
its own), then by the longest unique path suffix anywhere; what is not in the tree is an external qualified name.
Errors: files that cannot be read or parsed are diagnostics, once each.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from parsers.diagnostics import Diagnostic
from parsers.python.module import Assigned, Binding, Defined, Imported, Module, Parameter, Scope, module_name, parse
from parsers.source import SourceFile, Tree

#: How many names may be followed one after the other: aliases of aliases of aliases.
MAX_HOPS = 24


@dataclass(frozen=True, slots=True, eq=False)
class Name:
    """What a dotted expression means.

    ``qualified`` is the external dotted name (``requests.get``) or, for something of this tree, module and symbol.
    ``scope`` is the function or class of this tree, ``module`` the module of this tree, ``binding`` the value bound.
    Exactly one of the three is given for things of this tree; none for external names.
    ``rest`` are attributes that were not followed (``self.client.get`` -> ``client``, ``get``).
    """

    qualified: str
    scope: Scope | None = None
    module: Module | None = None
    binding: tuple[Scope, Binding] | None = None
    rest: tuple[str, ...] = ()

    @property
    def external(self) -> bool:
        return self.scope is None and self.module is None and self.binding is None


class Program:
    """The Python side of a tree."""

    def __init__(self, tree: Tree, paths: Iterable[str] | None = None) -> None:
        self._tree = tree
        names = tree.paths() if paths is None else paths
        self.paths = tuple(sorted(p for p in names if p.endswith(".py")))
        self._all = frozenset(p for p in tree.paths() if p.endswith(".py"))
        self._by_suffix: dict[str, list[str]] = {}
        for path in sorted(self._all):
            self._by_suffix.setdefault(module_name(path).rpartition(".")[2], []).append(path)
        self._modules: dict[str, Module | None] = {}
        self._found: dict[tuple[str, str, int], Module | None] = {}
        self._ancestry: dict[int, tuple[Scope, ...]] = {}
        self._base_names: dict[int, tuple[str, ...]] = {}
        self.diagnostics: list[Diagnostic] = []

    def module(self, path: str) -> Module | None:
        """The parsed file, or ``None`` (with a diagnostic, once) where it cannot be read."""
        if path not in self._modules:
            self._modules[path] = self._load(path)
        return self._modules[path]

    def _load(self, path: str) -> Module | None:
        file = self._tree.read(path) if path in self._all else None
        parsed = parse(file) if isinstance(file, SourceFile) else file
        if isinstance(parsed, Diagnostic):
            self.diagnostics.append(parsed)
            return None
        return parsed

    def find_module(self, dotted: str, origin: Module, level: int = 0) -> Module | None:
        """The module of this tree that ``dotted`` means when imported by ``origin``."""
        key = (dotted, origin.path.rpartition("/")[0], level)
        if key not in self._found:
            self._found[key] = self._find_module(dotted, origin, level)
        return self._found[key]

    def _find_module(self, dotted: str, origin: Module, level: int) -> Module | None:
        relative = dotted.replace(".", "/")
        for folder in _folders(origin, level):
            for candidate in (f"{relative}.py", f"{relative}/__init__.py") if relative else ("__init__.py",):
                path = f"{folder}/{candidate}" if folder else candidate
                if path in self._all:
                    return self.module(path)
        return None if level or not relative else self._by_unique_suffix(relative)

    def _by_unique_suffix(self, relative: str) -> Module | None:
        last = relative.rpartition("/")[2]
        ends = (f"/{relative}.py", f"/{relative}/__init__.py")
        found = [p for p in self._by_suffix.get(last, ()) if p.endswith(ends)]
        return self.module(found[0]) if len(found) == 1 and "/" in relative else None

    def resolve(self, expr: ast.expr, scope: Scope) -> Name | None:
        """What a name or dotted name means where it stands; ``None`` for anything else or a name bound nowhere."""
        parts: list[str] = []
        node = expr
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name):
            return None
        found = scope.lookup(node.id)
        parts.reverse()
        if found is None:
            return Name(".".join((self._starred_from(scope.module, node.id), node.id, *parts)))
        home, bindings = found
        return self._follow(home, bindings[-1], node.id, tuple(parts), MAX_HOPS)

    def _starred_from(self, module: Module, name: str) -> str:
        """Where a name that nothing binds comes from: a package outside the tree by ``*``, or the builtins."""
        for binding in reversed(module.scope.bindings.get("*", ())) if not hasattr(builtins, name) else ():
            if not isinstance(binding, Imported) or binding.level:
                continue
            if self.find_module(binding.module, module) is None:
                return binding.module
        return "builtins"

    def follow(self, home: Scope, binding: Binding, name: str) -> Name:
        """What one binding of a name means, followed through imports and aliases."""
        return self._follow(home, binding, name, (), MAX_HOPS)

    def member(self, module: Module, name: str) -> Name:
        """An attribute of a module of the tree."""
        return self._member(module, (name,), MAX_HOPS)

    def all_paths(self) -> tuple[str, ...]:
        """Every Python file of the tree, sorted."""
        return tuple(sorted(self._all))

    def texts(self, endings: tuple[str, ...], most: int) -> Iterator[str]:
        """Texts of files by the end of their names, in order; at most so many."""
        for path in [p for p in self._tree.paths() if p.endswith(endings)][:most]:
            file = self._tree.read(path)
            if isinstance(file, SourceFile):
                yield file.text

    def modules(self) -> Iterator[Module]:
        """Every module that was asked to be read, parsed."""
        return (m for m in map(self.module, self.paths) if m is not None)

    def _follow(self, home: Scope, binding: Binding, name: str, rest: tuple[str, ...], hops: int) -> Name:
        symbol = f"{home.symbol}.{name}"
        match binding:
            case Defined(scope=scope):
                return self._into(scope, rest, hops)
            case Imported():
                return self._imported(binding, home.module, rest, hops)
            case Assigned(value=value, index=None) if isinstance(value, ast.Name | ast.Attribute) and hops > 0:
                if isinstance(value, ast.Name) and value.id == name:
                    return Name(symbol, binding=(home, binding), rest=rest)
                target = self._resolve_bounded(value, home, hops - 1)
                if target is not None and not target.qualified.startswith("builtins."):
                    return self._extend(target, rest, hops - 1)
                return Name(symbol, binding=(home, binding), rest=rest)
            case Assigned() | Parameter():
                return Name(symbol, binding=(home, binding), rest=rest)

    def _resolve_bounded(self, expr: ast.expr, scope: Scope, hops: int) -> Name | None:
        parts: list[str] = []
        node = expr
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        found = scope.lookup(node.id) if isinstance(node, ast.Name) else None
        if found is None or not isinstance(node, ast.Name):
            return None
        return self._follow(found[0], found[1][-1], node.id, tuple(reversed(parts)), hops)

    def _extend(self, name: Name, rest: tuple[str, ...], hops: int) -> Name:
        if not rest:
            return name
        if name.scope is not None:
            return self._into(name.scope, rest, hops)
        if name.module is not None:
            return self._member(name.module, rest, hops)
        if name.binding is not None:
            return Name(name.qualified, binding=name.binding, rest=(*name.rest, *rest))
        return Name(".".join((name.qualified, *rest)))

    def _into(self, scope: Scope, rest: tuple[str, ...], hops: int) -> Name:
        """An attribute of a class of this tree; anything else keeps its attributes as ``rest``."""
        if not rest:
            return Name(scope.symbol, scope=scope)
        if scope.is_class and hops > 0:
            member = self.class_member(scope, rest[0])
            if member is not None:
                home, binding = member
                return self._follow(home, binding, rest[0], rest[1:], hops - 1)
        return Name(scope.symbol, scope=scope, rest=rest)

    def class_member(self, scope: Scope, name: str) -> tuple[Scope, Binding] | None:
        """An attribute or method by name, in the class or its bases of this tree (depth first, left to right)."""
        for cls in self.ancestry(scope):
            if name in cls.bindings:
                return cls, cls.bindings[name][-1]
        return None

    def ancestry(self, scope: Scope) -> tuple[Scope, ...]:
        """The class and its bases that are in this tree."""
        known = self._ancestry.get(id(scope))
        if known is None:
            known = self._ancestry[id(scope)] = tuple(self._bases(scope))
        return known

    def _bases(self, scope: Scope) -> Iterator[Scope]:
        seen: set[int] = set()
        stack = [scope]
        while stack and len(seen) < MAX_HOPS:
            cls = stack.pop()
            if id(cls) in seen or not isinstance(cls.node, ast.ClassDef):
                continue
            seen.add(id(cls))
            yield cls
            for base in reversed(cls.node.bases):
                target = self.resolve(base, cls.parent or cls)
                if target is not None and target.scope is not None and not target.rest:
                    stack.append(target.scope)

    def base_names(self, scope: Scope) -> tuple[str, ...]:
        """Qualified names of the class and all its bases, external ones too, nearest first."""
        if id(scope) not in self._base_names:
            self._base_names[id(scope)] = self._named_bases(scope)
        return self._base_names[id(scope)]

    def _named_bases(self, scope: Scope) -> tuple[str, ...]:
        names: list[str] = []
        for cls in self.ancestry(scope):
            names.append(cls.symbol)
            if isinstance(cls.node, ast.ClassDef):
                targets = (self.resolve(_unsubscripted(b), cls.parent or cls) for b in cls.node.bases)
                names += [t.qualified for t in targets if t is not None and t.scope is None]
        return tuple(dict.fromkeys(names))

    def _imported(self, binding: Imported, origin: Module, rest: tuple[str, ...], hops: int) -> Name:
        if hops <= 0:
            return Name(".".join(filter(None, (binding.module, binding.name or "", *rest))))
        module = self.find_module(binding.module, origin, binding.level)
        if binding.name is None:
            if module is None:
                return Name(".".join((binding.module, *rest)))
            return self._member(module, rest, hops - 1)
        if module is not None:
            return self._member(module, (binding.name, *rest), hops - 1)
        submodule = self.find_module(".".join(filter(None, (binding.module, binding.name))), origin, binding.level)
        if submodule is not None:
            return self._member(submodule, rest, hops - 1)
        return Name(".".join(filter(None, (binding.module, binding.name, *rest))))

    def _member(self, module: Module, rest: tuple[str, ...], hops: int) -> Name:
        if not rest:
            return Name(module.name, module=module)
        found = module.scope.bindings.get(rest[0])
        if found and hops > 0:
            return self._follow(module.scope, found[-1], rest[0], rest[1:], hops - 1)
        submodule = self.find_module(rest[0], module, 1) if module.is_package else None
        if submodule is not None and hops > 0:
            return self._member(submodule, rest[1:], hops - 1)
        starred = self._starred(module, rest, hops)
        return starred or Name(".".join((module.name, *rest)))

    def _starred(self, module: Module, rest: tuple[str, ...], hops: int) -> Name | None:
        """A name that ``from x import *`` brings in."""
        for binding in module.scope.bindings.get("*", ()):
            if isinstance(binding, Imported) and hops > 0:
                source = self.find_module(binding.module, module, binding.level)
                if source is not None and source is not module and rest[0] in source.scope.bindings:
                    return self._member(source, rest, hops - 1)
        return None


def _unsubscripted(base: ast.expr) -> ast.expr:
    """``Generic[T]`` -> ``Generic``."""
    return base.value if isinstance(base, ast.Subscript) else base


def _folders(origin: Module, level: int) -> Iterator[str]:
    """Where an import of ``origin`` is looked for: one folder for a relative import, else upwards to the root."""
    folder = origin.path.rpartition("/")[0]
    if level:
        for _ in range(level - 1):
            folder = folder.rpartition("/")[0]
        yield folder
        return
    while True:
        yield folder
        yield f"{folder}/src" if folder else "src"
        if not folder:
            return
        folder = folder.rpartition("/")[0]
