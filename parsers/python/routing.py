"""Ways into a program while they are looked for: decorated functions, routers and the prefixes they are put under.

Shape: a router is known by the call that made it; it may be included several times, then each of its routes is.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from parsers.facts.python import EnvVar, Hole, Template
from parsers.python import instances
from parsers.python.module import Defined, Module, Scope
from parsers.python.program import Name
from parsers.python.value import (
    NONE,
    Items,
    Known,
    Made,
    Outcome,
    Table,
    Thing,
    Value,
    constant_text,
    options,
    settled,
    templates,
)
from parsers.python.values import Frame, Values
from parsers.source import Span

VERBS = frozenset({"get", "post", "put", "patch", "delete", "head", "options", "trace"})
_MAX_NESTED = 6
_MAX_PREFIXES = 8


@dataclass(frozen=True, slots=True)
class Found:
    """One way in. ``before`` run first, each under the parameter's name that gets what it gives (or none).

    ``tuples``: a returned tuple is body and status. ``wraps`` are middlewares, outermost first.
    """

    framework: str
    kind: str
    method: str
    route: str
    target: Thing
    span: Span
    uncaught: str | None = None
    before: tuple[tuple[str | None, Thing], ...] = ()
    wraps: tuple[Thing, ...] = ()
    errors: tuple[tuple[str, Thing], ...] = ()
    tuples: bool = False


@dataclass(frozen=True, slots=True)
class Decorated:
    """A function with one decorator that calls an attribute: ``@app.route("/x")``."""

    function: Scope
    call: ast.Call
    attr: str
    base: Value
    where: Scope


@dataclass(slots=True)
class Routing:
    """The whole program, for server plugins."""

    values: Values
    _decorated: list[Decorated] | None = None
    _bare: list[tuple[Scope, ast.expr, Scope]] | None = None
    _prefixes: dict[tuple[int, tuple[str, ...]], tuple[str, ...]] = field(default_factory=dict)

    def decorated(self) -> list[Decorated]:
        """Every function or class under a decorator of the shape ``@x.y(...)``, in source order."""
        if self._decorated is None:
            self._decorated = [d for scope, node, where in self.decorators() for d in self._read(scope, node, where)]
        return self._decorated

    def decorators(self) -> list[tuple[Scope, ast.expr, Scope]]:
        """Every decorator of the program: what it decorates, as written, where it stands."""
        if self._bare is None:
            self._bare = []
            for module in self.values.program.modules():
                for scope in module.scope.walk():
                    if isinstance(scope.node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                        where = scope.parent or scope
                        self._bare += [(scope, d, where) for d in scope.node.decorator_list]
        return self._bare

    def _read(self, scope: Scope, node: ast.expr, where: Scope) -> Iterator[Decorated]:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            base = self.values.evaluate(node.func.value, where)
            yield Decorated(scope, node, node.func.attr, base, where)

    def calls(self, *names: str) -> Iterator[tuple[ast.Call, Scope]]:
        """Calls whose last name is one of these."""
        for name in names:
            yield from self.values.sites.index.calls.get(name, ())

    def evaluate(self, expr: ast.expr | None, scope: Scope) -> Value:
        """The value of an argument; ``None`` where there is none."""
        return self.values.evaluate(expr, scope) if expr is not None else NONE

    def is_made(self, value: Value, classes: Iterable[str]) -> Made | None:
        """The value as an object of one of the classes or of a class that inherits from one."""
        wanted = frozenset(classes)
        for option in options(settled(value)):
            if isinstance(option, Made) and self.names_of(option.name) & wanted:
                return option
        return None

    def names_of(self, name: Name) -> frozenset[str]:
        """The class and its bases."""
        if name.scope is None:
            return frozenset({name.qualified})
        return frozenset(self.values.program.base_names(name.scope))

    def thing(self, scope: Scope) -> Thing:
        """A function as the way in: a method gets an instance made anywhere."""
        cls = scope.parent
        receiver: Value | None = None
        if cls is not None and cls.is_class and "staticmethod" not in instances.decorators(scope):
            receiver = instances.any_instance(cls)
        return Thing(Name(scope.symbol, scope=scope), receiver=receiver)

    def things(self, value: Value) -> Iterator[Thing]:
        """Functions and classes of the tree among the alternatives of a value."""
        for option in options(settled(value)):
            inner = settled(option)
            if isinstance(inner, Thing) and inner.name.scope is not None and not inner.name.rest:
                yield inner

    def methods_of(self, cls: Scope, names: Iterable[str]) -> Iterator[tuple[str, Scope]]:
        """Methods of a class or of its bases in the tree."""
        for name in names:
            member = self.values.program.class_member(cls, name)
            if member is not None and isinstance(member[1], Defined):
                yield name, member[1].scope

    def module_mentions(self, module: Module, words: Iterable[str]) -> bool:
        """Whether one of the words is in the file."""
        return any(word in module.text for word in words)

    def frame(self, scope: Scope) -> Frame:
        return Frame(scope)


def argument(call: ast.Call, position: int | None, *names: str) -> ast.expr | None:
    """An argument as written, by name or position."""
    for keyword in call.keywords:
        if keyword.arg in names:
            return keyword.value
    if position is not None and position < len(call.args) and not isinstance(call.args[position], ast.Starred):
        return call.args[position]
    return None


def path_text(value: Value) -> list[str]:
    """Routes a value may be: a text with its holes in braces."""
    value = settled(value)
    if value == NONE:
        return [""]
    if isinstance(value, Items):
        return [p for i in value.items for p in path_text(i)]
    return [_braced(t) for t in templates(value)]


def _braced(template: Template) -> str:
    text = ""
    for part in template:
        match part:
            case str():
                text += part
            case EnvVar(default=default):
                text += _braced(default) if default is not None else ""
            case Hole(what=what):
                text += "{" + what + "}" if what.isidentifier() else "{*}"
    return text


def texts(value: Value) -> tuple[str, ...]:
    """Constant texts in a literal list or tuple, or the one text."""
    value = settled(value)
    if isinstance(value, Items):
        return tuple(t for i in value.items if (t := constant_text(i)) is not None)
    if isinstance(value, Outcome):
        return tuple(t for o in options(value) for t in texts(o))
    one = constant_text(value)
    return (one,) if one is not None else ()


def joined(*parts: str) -> str:
    """Prefixes and a route, with one slash between them."""
    path = ""
    for part in parts:
        if not part:
            continue
        path = path.rstrip("/") + "/" + part.lstrip("/") if path else part
    return path if path.startswith("/") or not path else f"/{path}"


@dataclass(frozen=True, slots=True)
class Including:
    """How a framework puts one router under another.

    ``calls``: names of the including methods; ``router`` and ``prefix``: their arguments' position and names;
    ``own``: the keyword of a router's own prefix; ``makers``: what makes a router. ``replaces``: an including prefix
    stands instead of the own one (Flask).
    """

    calls: tuple[str, ...]
    router: tuple[int, tuple[str, ...]]
    prefix: tuple[int | None, tuple[str, ...]]
    own: tuple[str, ...]
    makers: tuple[str, ...]
    replaces: bool = False


def prefixes(routing: Routing, router: Made, including: Including, depth: int = 0) -> tuple[str, ...]:
    """Every prefix that routes of the router are served under."""
    own_expr = argument(router.call, None, *including.own)
    own = path_text(routing.evaluate(own_expr, router.scope))[0] if own_expr is not None else ""
    found: list[str] = []
    for call, scope in routing.calls(*including.calls) if depth < _MAX_NESTED else ():
        if not isinstance(call.func, ast.Attribute):
            continue
        given = routing.evaluate(argument(call, including.router[0], *including.router[1]), scope)
        if not any(isinstance(o, Made) and o.call is router.call for o in options(settled(given))):
            continue
        expr = argument(call, including.prefix[0], *including.prefix[1])
        added = path_text(routing.evaluate(expr, scope)) if expr is not None else [""]
        parent = routing.is_made(routing.evaluate(call.func.value, scope), including.makers)
        above = prefixes(routing, parent, including, depth + 1) if parent is not None else ("",)
        inner = [a or own for a in added] if including.replaces else [joined(a, own) if a or own else "" for a in added]
        found += [joined(a, i) for a in above for i in inner]
    return tuple(dict.fromkeys(found or [own]))[:_MAX_PREFIXES]


__all__ = ["Found", "Including", "Known", "Routing", "Table", "argument", "joined", "path_text", "prefixes", "texts"]
