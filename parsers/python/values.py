"""What an expression evaluates to, followed through names, functions, classes, settings and files of the tree.

Shape: ``Values.evaluate`` never raises and never runs anything of the tree; its work and depth are bounded.
Errors: what is not known is ``Unknown`` with the reason; what only a default says is ``Default``.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from parsers.facts.python import Hole
from parsers.python import builtin_calls, instances, operators, replies, settings
from parsers.python.module import Assigned, Binding, Defined, Imported, Parameter, Scope
from parsers.python.program import Name, Program
from parsers.python.protos import Protos
from parsers.python.sites import Sites
from parsers.python.value import (
    MAX_ITEMS,
    NONE,
    Bound,
    Default,
    Either,
    Failure,
    Items,
    Known,
    Made,
    Member,
    Outcome,
    Reply,
    Table,
    Text,
    Thing,
    Unknown,
    Value,
    closed_over,
    concatenate,
    each,
    either,
    options,
    seen_by,
    settled,
    templates,
    truth,
)

__all__ = [
    "NONE", "Bound", "Default", "Either", "Frame", "Items", "Known", "Made", "Member", "Table", "Text", "Thing",
    "Unknown", "Value", "Values", "either", "options", "settled", "templates", "truth",
]  # fmt: skip

#: Expressions, one inside the other or one following from the other, before a value counts as unknown.
MAX_DEPTH = 48
#: Expressions evaluated for one question.
MAX_WORK = 1500
#: Characters of an expression that are kept to name what is not known.
MAX_SOURCE = 60

EMPTY: Bound = {}


@dataclass(slots=True)
class Work:
    """What may still be spent on one question."""

    left: int = MAX_WORK


@dataclass(frozen=True, slots=True)
class Frame:
    """Where an expression stands: its scope, the names whose values are given, and what may still be spent."""

    scope: Scope
    bound: Bound = field(default_factory=dict)
    depth: int = 0
    work: Work = field(default_factory=Work)
    results: Mapping[int, Value] = field(default_factory=dict)  # of expressions already run, by ``id``

    def deeper(self, scope: Scope | None = None, bound: Bound | None = None) -> Frame:
        inner = scope or self.scope
        results = self.results if inner is self.scope else {}
        return Frame(inner, self.bound if bound is None else bound, self.depth + 1, self.work, results)


class Values:
    """Evaluates expressions of one program."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self._cache: dict[tuple[int, int], tuple[ast.expr, Value]] = {}
        self.sites = Sites(program)
        self.protos = Protos(program)
        self.attributes: dict[tuple[int, int, str], tuple[Made, Value]] = {}
        self.exhausted: dict[tuple[int, int, str], int] = {}
        self.files: dict[str, Value] = {}

    def evaluate(self, expr: ast.expr, scope: Scope, bound: Bound | None = None) -> Value:
        """What ``expr`` evaluates to where it stands; ``bound`` are values of names of the functions around it."""
        return self.at(expr, Frame(scope, bound or EMPTY))

    def at(self, expr: ast.expr, frame: Frame) -> Value:
        """Evaluate inside a question that is already being asked."""
        frame.work.left -= 1
        if id(expr) in frame.results:
            return frame.results[id(expr)]
        if frame.depth > MAX_DEPTH or frame.work.left < 0:
            return Unknown("too much to follow")
        key = (id(expr), id(frame.scope))
        if not frame.bound and not frame.results and key in self._cache:
            return self._cache[key][1]
        value = self._dispatch(expr, frame)
        if not frame.bound and not frame.results and frame.work.left > 0 and frame.depth < MAX_DEPTH // 2:
            self._cache[key] = (expr, value)
        return value

    # ------------------------------------------------------------------------------------------------ expressions

    def _dispatch(self, expr: ast.expr, frame: Frame) -> Value:  # noqa: C901, PLR0912 -- one case an expression
        inner = frame.deeper()
        match expr:
            case ast.Constant(value=value):
                return (
                    Known(value) if isinstance(value, str | int | float | bytes | None) else self.unknown(expr, frame)
                )
            case ast.Name():
                return self._name(expr, frame)
            case ast.Attribute():
                return self._attribute(expr, inner)
            case ast.JoinedStr(values=parts):
                return concatenate(self._piece(p, inner) for p in parts)
            case ast.Call():
                return self._call(expr, inner)
            case ast.BinOp():
                left, right = self.at(expr.left, inner), self.at(expr.right, inner)
                return operators.binary(expr.op, left, right) or self.unknown(expr, frame)
            case ast.UnaryOp(op=op, operand=operand):
                return operators.unary(op, self.at(operand, inner)) or self.unknown(expr, frame)
            case ast.BoolOp(op=op, values=parts):
                return operators.boolean(op, [self.at(p, inner) for p in parts])
            case ast.Compare():
                return operators.compare(expr, [self.at(e, inner) for e in (expr.left, *expr.comparators)])
            case ast.IfExp():
                return self._conditional(expr, inner)
            case ast.Tuple(elts=elements) | ast.List(elts=elements) | ast.Set(elts=elements):
                return self._items(type(expr).__name__.lower(), elements, inner)
            case ast.Dict():
                return self._table(expr, inner)
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp():
                return self._comprehension(expr, inner)
            case ast.DictComp():
                pair = self._comprehended(expr.generators, (expr.key, expr.value), inner)
                return Table(tuple((k, v) for k, v in pair), complete=False)
            case ast.Subscript(value=base, slice=index):
                return self._subscript(self.at(base, inner), index, expr, inner)
            case ast.Await(value=value) | ast.NamedExpr(value=value) | ast.Starred(value=value):
                return self.at(value, inner)
            case ast.Lambda():
                scope = frame.scope.module.scopes.get(expr)
                found = (
                    Thing(Name(scope.symbol, scope=scope), closure=closed_over(scope, frame.bound)) if scope else None
                )
                return found or self.unknown(expr, frame)
            case _:
                return self.unknown(expr, frame)

    def unknown(self, expr: ast.expr, frame: Frame) -> Unknown:
        """Not known; named by what is written."""
        return Unknown(frame.scope.module.source(expr)[:MAX_SOURCE] or type(expr).__name__)

    def _piece(self, part: ast.expr, frame: Frame) -> Value:
        if not isinstance(part, ast.FormattedValue):
            return self.at(part, frame)
        value = self.at(part.value, frame)
        if part.format_spec is not None and isinstance(settled(value), Known):
            spec = self.at(part.format_spec, frame)
            return operators.formatted(settled(value), spec)
        return self.named(value, part.value, frame)

    def named(self, value: Value, expr: ast.expr, frame: Frame) -> Value:
        """The value; where it has no text, a hole named after the expression."""
        if isinstance(value, Items | Table | Thing | Made | Member):
            return Text((Hole(frame.scope.module.source(expr)[:MAX_SOURCE]),))
        return value

    def _conditional(self, expr: ast.IfExp, frame: Frame) -> Value:
        decided = truth(self.at(expr.test, frame))
        if decided is not None:
            return self.at(expr.body if decided else expr.orelse, frame)
        body, orelse = self.at(expr.body, frame), self.at(expr.orelse, frame)
        return settings.presence(self, expr, (body, orelse), frame) or either((body, orelse))

    def _items(self, kind: str, elements: list[ast.expr], frame: Frame) -> Value:
        items: list[Value] = []
        complete = len(elements) <= MAX_ITEMS
        for element in elements[:MAX_ITEMS]:
            if isinstance(element, ast.Starred):
                spread = settled(self.at(element.value, frame))
                items += spread.items if isinstance(spread, Items) else (self.unknown(element.value, frame),)
                complete = complete and isinstance(spread, Items) and spread.complete
            else:
                items.append(self.at(element, frame))
        return Items(kind, tuple(items), complete)

    def _table(self, expr: ast.Dict, frame: Frame) -> Value:
        pairs: list[tuple[Value, Value]] = []
        complete = len(expr.keys) <= MAX_ITEMS
        for key, value in list(zip(expr.keys, expr.values, strict=True))[:MAX_ITEMS]:
            if key is not None:
                pairs.append((self.at(key, frame), self.at(value, frame)))
                continue
            spread = settled(self.at(value, frame))
            complete = complete and isinstance(spread, Table) and spread.complete
            pairs += spread.pairs if isinstance(spread, Table) else ()
        return Table(tuple(pairs), complete)

    def _comprehension(self, expr: ast.ListComp | ast.SetComp | ast.GeneratorExp, frame: Frame) -> Value:
        kind = {ast.ListComp: "list", ast.SetComp: "set", ast.GeneratorExp: "generator"}[type(expr)]
        rows = list(self._comprehended(expr.generators, (expr.elt,), frame))
        conditional = any(g.ifs for g in expr.generators)
        return Items(kind, tuple(row[0] for row in rows), bool(rows) and not conditional and self._closed(expr, frame))

    def _closed(self, expr: ast.ListComp | ast.SetComp | ast.GeneratorExp, frame: Frame) -> bool:
        source = settled(self.at(expr.generators[0].iter, frame))
        return len(expr.generators) == 1 and isinstance(source, Items) and source.complete

    def _comprehended(
        self, generators: list[ast.comprehension], wanted: tuple[ast.expr, ...], frame: Frame
    ) -> Iterator[tuple[Value, ...]]:
        """One row for each item that is known of the first generator's source."""
        first = generators[0]
        for item in self.elements(self.at(first.iter, frame))[:MAX_ITEMS]:
            bound = {**frame.bound, **operators.unpacked(first.target, item)}
            row = frame.deeper(bound=bound)
            if any(truth(self.at(test, row)) is False for test in first.ifs):
                continue
            yield tuple(self.at(e, row) for e in wanted)

    def elements(self, value: Value) -> tuple[Value, ...]:
        """What a loop over the value gives, as far as it is known."""
        match settled(value):
            case Items(items=items):
                return items
            case Table(pairs=pairs):
                return tuple(k for k, _ in pairs)
            case Either(options=several):
                return tuple(e for o in several for e in self.elements(o))
            case _:
                return ()

    # ------------------------------------------------------------------------------------------------------ names

    def _name(self, expr: ast.Name, frame: Frame) -> Value:
        found = frame.scope.lookup(expr.id)
        if expr.id in frame.bound and (found is None or not found[0].bindings_are_global or found[0] is frame.scope):
            return frame.bound[expr.id]
        if found is None:
            return Thing(Name(f"builtins.{expr.id}"))
        home, bindings = found
        line = expr.lineno if home is frame.scope else None
        return self.variable(home, expr.id, bindings, frame, line)

    def variable(self, home: Scope, name: str, bindings: list[Binding], frame: Frame, line: int | None = None) -> Value:
        """What a name is bound to: the last certain binding before ``line``, or one of the uncertain ones after it."""
        candidates = [b for b in bindings if line is None or not isinstance(b, Assigned) or _line(b) <= line]
        chosen: list[Binding] = []
        for binding in reversed(candidates or bindings):
            chosen.append(binding)
            if home.certain(binding) or len(chosen) > MAX_ITEMS // 16:
                break
        imported = [b for b in chosen if isinstance(b, Imported | Defined)]
        inner = frame.deeper()
        values = [self.bound_value(home, name, b, inner) for b in imported or reversed(chosen)]
        useful = [v for v in values if v != NONE]
        if not home.is_function or home is not frame.scope:
            useful = [instances.filled(v, home.module.text, name) for v in useful]
        return either(useful or values)

    def bound_value(self, home: Scope, name: str, binding: Binding, frame: Frame) -> Value:
        """The value of one binding of a name."""
        if frame.depth > MAX_DEPTH or frame.work.left < 0:
            return Unknown(name)
        frame.work.left -= 1
        match binding:
            case Defined(scope=scope):
                closure = closed_over(scope, frame.bound) if home.is_function else ()
                return Thing(Name(scope.symbol, scope=scope), closure=closure)
            case Imported():
                return self.of_name(self.program.follow(home, binding, name), frame)
            case Parameter(default=default):
                return self._parameter(home, name, binding, default, frame)
            case Assigned():
                return self._assigned(home, name, binding, frame)

    def of_name(self, name: Name, frame: Frame) -> Value:
        """The value behind a resolved name, with the attributes that were not followed."""
        rest = name.rest
        if name.binding is not None:
            home, binding = name.binding
            symbol = name.qualified.rpartition(".")[2]
            bindings = home.bindings.get(symbol) or [binding]
            value = self.variable(home, symbol, bindings, frame.deeper(home, EMPTY))
        else:
            value = Thing(Name(name.qualified, name.scope, name.module))
            special = builtin_calls.constant(name.qualified) if name.external else None
            if name.qualified.startswith("django.conf.settings."):
                special = settings.django(self, name.qualified.rpartition(".")[2], frame)
            value = special or value
        for attribute in rest:
            value = self.attribute(value, attribute, frame.deeper())
        return value

    def _parameter(self, home: Scope, name: str, binding: Parameter, default: ast.expr | None, frame: Frame) -> Value:
        receiver = instances.receiver(self, home, binding)
        if receiver is not None:
            return receiver
        injected = instances.injected(self, home, binding, frame)
        if injected is not None:
            return injected
        if default is None:
            return Unknown(name)
        value = self.at(default, frame.deeper(home.parent or home, EMPTY))
        return value if isinstance(value, Made | Thing) else Default(value, f"parameter {name}")

    def _assigned(self, home: Scope, name: str, binding: Assigned, frame: Frame) -> Value:
        where = binding.where or home
        inner = frame.deeper(where, frame.bound if where is frame.scope or where.is_function else EMPTY)
        node = binding.node
        if isinstance(node, ast.AugAssign):
            before = [b for b in home.bindings.get(name, []) if _line(b) < node.lineno]
            left = self.variable(home, name, before, inner.deeper(), node.lineno) if before else Unknown(name)
            return operators.binary(node.op, left, self.at(node.value, inner)) or Unknown(name)
        if isinstance(node, ast.For | ast.AsyncFor | ast.comprehension):
            found = [operators.unpacked(node.target, e).get(name) for e in self.elements(self.at(node.iter, inner))]
            return either(v for v in found if v is not None) if any(found) else Unknown(name)
        if binding.value is None:
            return Unknown(name)
        value = self.at(binding.value, inner)
        if isinstance(node, ast.With | ast.AsyncWith):
            value = instances.entered(self, value, inner)
        return operators.item(value, binding.index) if binding.index is not None else value

    # ------------------------------------------------------------------------------------- attributes and items

    def _attribute(self, expr: ast.Attribute, frame: Frame) -> Value:
        base = self.at(expr.value, frame)
        value = self.attribute(base, expr.attr, frame)
        if isinstance(value, Unknown | Member) or (isinstance(value, Thing) and value.name.external):
            held = settings.attached(self, expr.value, expr.attr, frame)
            if held is not None:
                return held
        return self.unknown(expr, frame) if isinstance(value, Unknown) else value

    def attribute(self, base: Value, attr: str, frame: Frame) -> Value:  # noqa: C901 -- one case a kind of value
        """``base.attr``."""
        frame.work.left -= 1
        if frame.depth > MAX_DEPTH or frame.work.left < 0:
            return Unknown(attr)
        match base:
            case Thing():
                return self._member(base, attr, frame)
            case Made(name=Name(scope=Scope())):
                return instances.attribute(self, base, attr, frame.deeper())
            case Made(name=Name(qualified="builtins.super")):
                return instances.above(self, base, attr)
            case Made():
                return settings.option(self, base, attr, frame.deeper()) or Member(base, (attr,))
            case Member(of=of, names=names):
                return Member(of, (*names, attr))
            case Default(value=value):
                return self.attribute(value, attr, frame)
            case Either(options=several):
                found = [self.attribute(o, attr, frame.deeper()) for o in several if o != NONE]
                known = [v for v in found if not isinstance(v, Unknown)]
                return either(known) if known else Unknown(attr)
            case Outcome():
                return each(base, lambda v: self.attribute(v, attr, frame.deeper()))
            case Reply():
                return replies.attribute(base, attr)
            case Failure(raised=raised) if raised:
                return self._of_raised(base, attr, frame.deeper())
            case Failure():
                return replies.of_failure(base, attr)
            case Known() | Text() if attr == "value":  # a member of an enumeration stands for its value
                return base
            case _:
                return Unknown(attr)

    def _of_raised(self, failure: Failure, attr: str, frame: Frame) -> Value:
        """An attribute of an exception that code of the tree raised, by which one it was."""
        found: list[tuple[str, Value]] = []
        for mark, value in failure.raised:
            held = self.attribute(value, attr, frame)
            if isinstance(held, Member) and isinstance(value, Made):
                held = instances.given(self, value, attr, frame)
            found.append((mark, held))
        return found[0][1] if len(found) == 1 else Outcome(failure.key, tuple(found))

    def _member(self, base: Thing, attr: str, frame: Frame) -> Value:
        name = base.name
        if name.module is not None:
            found = name.module.scope.bindings.get(attr)
            if found:
                return self.variable(name.module.scope, attr, found, frame.deeper(name.module.scope, EMPTY))
            return self.of_name(self.program.member(name.module, attr), frame)
        if name.scope is not None:
            return instances.class_attribute(self, base, attr, frame.deeper())
        qualified = f"{name.qualified}.{attr}"
        if name.qualified == "django.conf.settings":
            return settings.django(self, attr, frame) or Thing(Name(qualified))
        return builtin_calls.constant(qualified) or Thing(Name(qualified))

    def _subscript(self, base: Value, index: ast.expr, expr: ast.Subscript, frame: Frame) -> Value:
        read = settings.subscript(self, base, index, expr, frame)
        if read is not None:
            return read
        if isinstance(index, ast.Constant) and isinstance(index.value, str):
            held = settings.attached(self, expr.value, index.value, frame)
            if held is not None:
                return held
        if isinstance(index, ast.Slice):
            return self.unknown(expr, frame)
        if isinstance(base, Outcome):
            return operators.lookup(base, self.at(index, frame)) or self.unknown(expr, frame)
        if isinstance(base, Made) and base.name.scope is None:
            return Member(base, ("[]",))
        if isinstance(base, Member):
            return Member(base.of, (*base.names, "[]"))
        found = either(operators.lookup(o, self.at(index, frame)) or Unknown("") for o in options(settled(base)))
        if found != Unknown(""):
            return found
        return settings.filled(self, expr.value, frame.deeper()) or self.unknown(expr, frame)

    # ------------------------------------------------------------------------------------------------------ calls

    def _call(self, expr: ast.Call, frame: Frame) -> Value:
        special = settings.read(self, expr, frame)
        if special is not None:
            return special
        callee = self.at(expr.func, frame) if not _is_method(expr.func) else None
        if callee is None and isinstance(expr.func, ast.Attribute):
            base = self.at(expr.func.value, frame)
            done = builtin_calls.method(self, base, expr, frame)
            if done is not None:
                return done
            callee = self.attribute(base, expr.func.attr, frame)
        assert callee is not None
        return either(self._called(o, expr, frame) for o in options(settled(callee)))

    def _called(self, callee: Value, expr: ast.Call, frame: Frame) -> Value:
        match callee:
            case Thing(name=Name(scope=Scope() as scope, rest=())) if scope.is_class:
                return Made(callee.name, expr, frame.scope, seen_by(expr, frame.bound))
            case Thing(name=Name(scope=Scope() as scope, rest=())):
                return self.returned(scope, self.arguments(callee, expr, frame), frame)
            case Thing(name=Name(module=None) as name) if name.external:
                done = builtin_calls.function(self, name.qualified, expr, frame)
                return done or Made(name, expr, frame.scope, seen_by(expr, frame.bound))
            case Member(of=Made(name=Name() as maker), names=names):
                name = Name(".".join((maker.qualified, *names)))
                return Made(name, expr, frame.scope, seen_by(expr, frame.bound))
            case Made(name=Name(scope=Scope() as cls)):
                method = self.attribute(callee, "__call__", frame)
                known = isinstance(method, Thing) and method.name.scope not in (None, cls)
                return self._called(method, expr, frame.deeper()) if known else self.unknown(expr, frame)
            case _:
                return self.unknown(expr, frame)

    def arguments(self, callee: Thing, call: ast.Call, frame: Frame) -> dict[str, Value]:
        """Values of the callee's parameters for this call: given, from the closure, or by default."""
        positional: list[Value] = list(callee.args)
        for arg in call.args:
            if isinstance(arg, ast.Starred):
                spread = settled(self.at(arg.value, frame))
                positional += spread.items if isinstance(spread, Items) else ()
            else:
                positional.append(self.at(arg, frame))
        keywords = dict(callee.keywords)
        for keyword in call.keywords:
            value = self.at(keyword.value, frame)
            if keyword.arg is not None:
                keywords[keyword.arg] = value
            elif isinstance(settled(value), Table):
                keywords.update(_text_keys(settled(value)))
        return self.bind(callee, positional, keywords, frame)

    def bind(
        self, callee: Thing, positional: list[Value], keywords: Mapping[str, Value], frame: Frame | None = None
    ) -> dict[str, Value]:
        """Parameters of a function of the tree, from the values given."""
        scope = callee.name.scope
        bound = dict(callee.closure)
        if scope is None or not isinstance(scope.node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            return bound
        for name in scope.bindings:
            bound.pop(name, None)
        args = scope.node.args
        names = [a.arg for a in (*args.posonlyargs, *args.args)]
        given = [callee.receiver, *positional] if callee.receiver is not None else list(positional)
        bound.update(zip(names, given, strict=False))
        taken = set(names) | {a.arg for a in args.kwonlyargs}
        bound.update((n, v) for n, v in keywords.items() if n in taken)
        if args.vararg is not None:
            bound[args.vararg.arg] = Items("tuple", tuple(given[len(names) :]))
        if args.kwarg is not None:
            rest = tuple((Known(n), v) for n, v in keywords.items() if n not in taken)
            bound[args.kwarg.arg] = Table(rest)
        outer = frame.deeper(scope.parent or scope, dict(callee.closure)) if frame else Frame(scope.parent or scope)
        for name, bindings in scope.bindings.items():
            parameter = bindings[0]
            if isinstance(parameter, Parameter) and name not in bound and parameter.default is not None:
                bound[name] = self.at(parameter.default, outer)
        return bound

    def returned(self, scope: Scope, bound: Bound, frame: Frame) -> Value:
        """What a function of the tree returns; a generator-made context manager gives what it yields."""
        inner = frame.deeper(scope, bound)
        if isinstance(scope.node, ast.Lambda):
            return self.at(scope.node.body, inner)
        results = scope.results()
        if not results:
            return NONE if not scope.yields() else Unknown(scope.name)
        return either(self.at(e, inner) for e in results[:8])


def _line(binding: Binding) -> int:
    return getattr(binding.node, "lineno", 0) if isinstance(binding, Assigned | Imported) else 0


def _is_method(func: ast.expr) -> bool:
    return isinstance(func, ast.Attribute)


def _text_keys(table: Value) -> dict[str, Value]:
    assert isinstance(table, Table)
    return {k.value: v for k, v in table.pairs if isinstance(k, Known) and isinstance(k.value, str)}
