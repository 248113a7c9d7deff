"""Every retry of a program: of libraries (one plugin each), and written by hand.

Source: spec/python_retries.md; each plugin names its own.
Shape: ``Retries`` answers for a function, a loop, a call or a client which layers repeat it, outermost first; ``sites``
lists each place once, for ``meshgain facts``.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator

from parsers.facts.python import Retry, RetryCondition
from parsers.plugins import collect
from parsers.python.handmade import loops, recursion, shape
from parsers.python.handmade.decorators import Applied
from parsers.python.idioms import Construct, RetryIdiom, Role, Written
from parsers.python.module import Assigned, FunctionNode, Scope
from parsers.python.program import Name, Program
from parsers.python.trial.focus import LOOPS, LoopNode, own_body
from parsers.python.trial.question import Laboratory
from parsers.python.value import Bound, Either, Made, Thing, Value, settled
from parsers.python.values import Frame, Values

EMPTY: Bound = {}
#: What a decorator of another package is called when it repeats.
_RETRY_NAME = re.compile(
    r"^(a?retry|retryable|retries|retrier|with_retry|with_retries|retry_on_\w+|auto_?retry)$", re.I
)


class Retries:
    """The retries of one program."""

    def __init__(self, program: Program, values: Values) -> None:
        self.program = program
        self.values = values
        self._constructs: dict[str, list[Construct]] = {}
        for idiom in collect(sys.modules[__name__], RetryIdiom):
            for construct in idiom.constructs:
                for name in construct.names:
                    self._constructs.setdefault(name, []).append(construct)
        self._methods = {n.removeprefix("*.") for n in self._constructs if n.startswith("*.")}
        self._families = _families(self._constructs)
        self._laboratory = Laboratory(program, values, self._for_trial)
        self._applied = Applied(self._laboratory, self._is_library)
        self._loops: dict[ast.AST, Retry | None] = {}

    # ---------------------------------------------------------------------------------------------------- questions

    def around_function(self, scope: Scope) -> tuple[Retry, ...]:
        """Retries that decorate a function, outermost first."""
        node = scope.node
        if not isinstance(node, FunctionNode | ast.ClassDef):
            return ()
        where = scope.parent or scope
        found = (self._decorator(d, where, scope) for d in node.decorator_list)
        return tuple(r for r in found if r is not None)

    def around_loop(self, node: LoopNode, scope: Scope) -> Retry | None:
        """The retry that a loop is: written by hand, or over a library's attempts."""
        if node not in self._loops:
            self._loops[node] = self._iterated(node, scope) or loops.read(self._laboratory, node, scope)
        return self._loops[node]

    def around_call(self, call: ast.Call, scope: Scope) -> tuple[tuple[Retry, ...], ast.expr] | None:
        """Retries that a call puts around a callable it is given, and that callable."""
        return self._called(call, scope) or self._helped(call, scope)

    def recursion(self, scope: Scope) -> Retry | None:
        """The function as a retry of itself."""
        return recursion.read(self._laboratory, scope)

    def of_client(self, client: ast.expr | Value, scope: Scope) -> tuple[Retry, ...]:
        """Retries inside a client object, outermost first."""
        value = self.values.evaluate(client, scope) if isinstance(client, ast.expr) else client
        found: list[Retry] = []
        for option in value.options if isinstance(value, Either) else (settled(value),):
            if isinstance(option, Made):
                found += self._read(option.call, option.name, option.scope, dict(option.bound), Role.CLIENT)
        return tuple(dict.fromkeys(found))

    def sites(self) -> Iterator[Retry]:
        """Every place that repeats something, each once, in the order of paths and lines."""
        for path in self.program.paths:
            module = self.program.module(path)
            if module is not None:
                found = {(r.span, r.idiom): r for r in self._of_scopes(module.scope)}
                yield from sorted(found.values(), key=lambda r: (r.span, r.idiom))

    # -------------------------------------------------------------------------------------------------------- sites

    def _of_scopes(self, root: Scope) -> Iterator[Retry]:
        for scope in root.walk():
            yield from self.around_function(scope)
            if scope.is_class:
                continue
            found = self.recursion(scope)
            if found is not None:
                yield found
            yield from recursion.read_again(self._laboratory, scope)
            heads: set[int] = set()
            for node in own_body(scope.node):
                if isinstance(node, LOOPS):
                    heads.add(id(getattr(node, "iter", None)))
                    retry = self.around_loop(node, scope)
                    if retry is not None:
                        yield retry
                elif isinstance(node, ast.Call) and id(node) not in heads:
                    yield from self._of_call(node, scope)

    def _of_call(self, node: ast.Call, scope: Scope) -> Iterator[Retry]:
        found = self.around_call(node, scope)
        if found is not None:
            yield from found[0]
        yield from self._written(node, scope, Role.SITE)

    # ---------------------------------------------------------------------------------------------------- libraries

    def _written(
        self, expr: ast.expr, scope: Scope, role: Role, bound: Bound = EMPTY, function: Scope | None = None
    ) -> list[Retry]:
        """The construct that stands right here."""
        func = expr.func if isinstance(expr, ast.Call) else expr
        name = self.program.resolve(func, scope)
        method = func.attr if isinstance(func, ast.Attribute) else ""
        if (name is None or not name.external) and method not in self._methods:
            return []
        return self._read(expr, name, scope, bound, role, function)

    def _read(
        self,
        expr: ast.expr,
        name: Name | None,
        scope: Scope,
        bound: Bound,
        role: Role,
        function: Scope | None = None,
    ) -> list[Retry]:
        constructs: list[Construct] = []
        qualified = name.qualified if name is not None else ""
        if name is not None and name.external:
            constructs += self._constructs.get(qualified, ())
            for first, last, more in self._families.get(qualified.partition(".")[0], ()):
                if qualified.startswith(first) and qualified.endswith(last):
                    constructs += more
        func = expr.func if isinstance(expr, ast.Call) else expr
        if isinstance(func, ast.Attribute) and func.attr in self._methods:
            constructs += self._constructs.get(f"*.{func.attr}", ())
        for construct in constructs:
            if role in construct.roles:
                retry = construct.read(Written(expr, qualified, scope, self.values, bound, role, function))
                if retry is not None:
                    return [retry]
        return []

    def _followed(self, expr: ast.expr, scope: Scope, role: Role, function: Scope | None = None) -> Retry | None:
        """The construct that an expression comes from: written here, bound to a name, or returned by a function."""
        found = self._written(expr, scope, role, EMPTY, function)
        if found:
            return found[0]
        if isinstance(expr, ast.Call):
            returned = self._returned(expr, scope, role)
            if returned is not None:
                return returned
        name = self.program.resolve(expr, scope) if isinstance(expr, ast.Name | ast.Attribute) else None
        if name is not None and (name.external or name.scope is not None):
            return None
        value = settled(self.values.evaluate(expr, scope))
        for option in value.options if isinstance(value, Either) else (value,):
            if isinstance(option, Made) and option.name.external and option.call is not expr:
                found = self._read(option.call, option.name, option.scope, dict(option.bound), role)
                if found:
                    return found[0]
        return None

    def _returned(self, call: ast.Call, scope: Scope, role: Role) -> Retry | None:
        """The construct that a function of the tree returns, written in its ``return``."""
        name = self.program.resolve(call.func, scope)
        if name is not None and name.external:
            return None
        callee = settled(self.values.evaluate(call.func, scope))
        inner = callee.name.scope if isinstance(callee, Thing) and not callee.name.rest else None
        if inner is None or not inner.is_function or not isinstance(callee, Thing):
            return None
        for result in inner.results():
            if isinstance(result, ast.Call):
                bound = self.values.arguments(callee, call, Frame(scope))
                found = self._written(result, inner, role, bound)
                if found:
                    return found[0]
        return None

    def _decorator(self, decorator: ast.expr, where: Scope, function: Scope) -> Retry | None:
        retry = self._followed(decorator, where, Role.DECORATOR)
        if retry is None:
            retry = self._followed(decorator, where, Role.TASK, function)
        if retry is None:
            return self._applied.decorator(decorator, where, function) or self._elsewhere(decorator, where, function)
        return _placed(retry, decorator, where, function.symbol)

    def _elsewhere(self, decorator: ast.expr, where: Scope, function: Scope) -> Retry | None:
        """A decorator of another package that calls itself a retry: that it repeats is clear, how often is not."""
        name = self.program.resolve(decorator.func if isinstance(decorator, ast.Call) else decorator, where)
        if name is None or not name.external or not _RETRY_NAME.search(name.qualified.rpartition(".")[2]):
            return None
        if name.qualified in self._constructs or name.qualified.startswith("builtins."):
            return None
        module = where.module
        return Retry(
            idiom=f"decorator:{name.qualified}",
            attempts=None,
            default=None,
            condition=RetryCondition(unknown=True),
            declared=module.source(decorator)[:240],
            symbol=function.symbol,
            span=module.span(decorator),
            note="a decorator of another package, not in this tree",
        )

    def _iterated(self, node: LoopNode, scope: Scope) -> Retry | None:
        if isinstance(node, ast.While) or not _enters(node):
            return None
        retry = self._followed(node.iter, scope, Role.ITERATOR)
        if retry is None:
            return None
        return _placed(retry, node, scope, scope.symbol)

    def _called(self, call: ast.Call, scope: Scope) -> tuple[tuple[Retry, ...], ast.expr] | None:
        """``retry_call(f)``, ``Retrying(...)(f)``, ``on_exception(...)(f)``, ``retrying.call(f)``, ``r.wraps(f)``."""
        if not call.args:
            return None
        direct = self._written(call, scope, Role.CALLER)
        if direct and isinstance(call.func, ast.Name | ast.Attribute):
            target = call.args[0]
            if _callable(target):
                return (direct[0],), target
        func = call.func
        if isinstance(func, ast.Attribute) and func.attr in ("call", "wraps", "__call__", "aretry"):
            func = func.value
        if isinstance(func, ast.Call | ast.Name | ast.Attribute) and call.args and _callable(call.args[0]):
            made = isinstance(func, ast.Call) or self._is_local(func, scope)
            retry = self._followed(func, scope, Role.CALLER) if made else None
            if retry is not None:
                return (_placed(retry, call, scope, scope.symbol),), call.args[0]
        return None

    def _is_local(self, func: ast.expr, scope: Scope) -> bool:
        """Whether what is called was made here by a call: a retry object, perhaps."""
        name = self.program.resolve(func, scope)
        if name is None or name.binding is None:
            return False
        if name.rest:
            return len(name.rest) == 1 and shape.spelled(name.rest[0])
        binding = name.binding[1]
        return isinstance(binding, Assigned) and isinstance(binding.value, ast.Call)

    def _helped(self, call: ast.Call, scope: Scope) -> tuple[tuple[Retry, ...], ast.expr] | None:
        found = self._applied.helper(call, scope)
        return None if found is None else ((found[0],), found[1])

    def _for_trial(self, expr: ast.expr, scope: Scope, bound: Bound) -> Retry | None:
        if not self._is_library(expr, scope):
            return None
        for role in (Role.DECORATOR, Role.CALLER, Role.ITERATOR):
            found = self._written(expr, scope, role, bound)
            if found:
                return found[0]
        return None

    def _is_library(self, expr: ast.expr, scope: Scope) -> bool:
        func = expr.func if isinstance(expr, ast.Call) else expr
        name = self.program.resolve(func, scope) if isinstance(func, ast.Name | ast.Attribute) else None
        constructs = self._constructs.get(name.qualified, ()) if name is not None and name.external else ()
        wanted = {Role.DECORATOR, Role.CALLER, Role.ITERATOR}
        return any(c.roles & wanted for c in constructs)


def _families(constructs: dict[str, list[Construct]]) -> dict[str, list[tuple[str, str, list[Construct]]]]:
    """Names with a ``*`` inside, by their root package."""
    found: dict[str, list[tuple[str, str, list[Construct]]]] = {}
    for name, several in constructs.items():
        first, star, last = name.partition("*")
        if star and first:
            found.setdefault(name.partition(".")[0], []).append((first, last, several))
    return found


def _callable(expr: ast.expr) -> bool:
    return isinstance(expr, ast.Name | ast.Attribute | ast.Lambda | ast.Call)


def _enters(node: ast.For | ast.AsyncFor) -> bool:
    """``with attempt:`` in the loop's body; without it the first failure escapes."""
    names = {n.id for n in ast.walk(node.target) if isinstance(n, ast.Name)}
    return any(
        isinstance(inner, ast.With | ast.AsyncWith)
        and any(isinstance(n, ast.Name) and n.id in names for i in inner.items for n in ast.walk(i.context_expr))
        for inner in ast.walk(node)
    )


def _placed(retry: Retry, node: ast.AST, scope: Scope, symbol: str) -> Retry:
    """The retry at the place that uses it; where it was written is evidence."""
    from dataclasses import replace

    span = scope.module.span(node)
    evidence = retry.evidence if retry.span == span else (*retry.evidence, retry.span)
    return replace(retry, span=span, symbol=symbol, evidence=evidence)
