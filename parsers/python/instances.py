"""Classes of the tree and what their instances hold: constructor arguments, attributes, fields, properties, methods.

Shape: an instance is ``Made`` by a call; where the call is not known (``self`` of a method that is looked at alone), it
is made by any of the calls in the program that make the class.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from keyword import iskeyword
from typing import TYPE_CHECKING

from parsers.python import settings
from parsers.python.module import Assigned, Defined, Parameter, Scope
from parsers.python.program import Name
from parsers.python.sites import first_parameter
from parsers.python.value import (
    NONE,
    Default,
    Either,
    Items,
    Known,
    Made,
    Member,
    Table,
    Thing,
    Unknown,
    Value,
    either,
    options,
)

if TYPE_CHECKING:
    from parsers.python.values import Frame, Values

#: The call of an instance whose call is not known.
ANY_CALL = ast.Call(func=ast.Name(id="<any>", ctx=ast.Load()), args=[], keywords=[])

_ENUMS = frozenset({"enum.Enum", "enum.StrEnum", "enum.IntEnum", "enum.Flag", "enum.IntFlag"})
#: An attribute asked for not deeper than this is remembered even where it was too much to find out.
_SHALLOW = 12
#: Attributes that are remembered at a time.
_REMEMBERED = 60_000
_PROPERTIES = frozenset({"property", "cached_property", "reify", "lazy_property", "hybrid_property"})
#: Annotations that say nothing about where a value comes from.
_PLAIN = ("builtins.", "typing.", "typing_extensions.", "collections.", "datetime.", "uuid.", "decimal.")


def any_instance(cls: Scope) -> Made:
    """An instance of the class, made anywhere."""
    return Made(Name(cls.symbol, scope=cls), ANY_CALL, cls)


def decorators(scope: Scope) -> tuple[str, ...]:
    """The last names of a function's or class's decorators."""
    if isinstance(scope.node, ast.Module | ast.Lambda):
        return ()
    found = []
    for decorator in scope.node.decorator_list:
        node = decorator.func if isinstance(decorator, ast.Call) else decorator
        found.append(node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else "")
    return tuple(found)


def receiver(values: Values, home: Scope, binding: Parameter) -> Value | None:  # noqa: ARG001 -- one shape with injected
    """What ``self`` or ``cls`` is where the instance is not known."""
    cls = home.parent
    if cls is None or not cls.is_class or binding.position != 0:
        return None
    marks = decorators(home)
    if "staticmethod" in marks:
        return None
    return Thing(Name(cls.symbol, scope=cls)) if "classmethod" in marks else any_instance(cls)


def injected(values: Values, home: Scope, binding: Parameter, frame: Frame) -> Value | None:
    """What a framework or an annotation says that a parameter is: ``Depends(f)``, ``client: PaymentsClient``."""
    where = home.parent or home
    annotation = binding.arg.annotation
    marks = [binding.default] if binding.default is not None else []
    if isinstance(annotation, ast.Subscript) and isinstance(annotation.slice, ast.Tuple):
        marks += annotation.slice.elts[1:]
        annotation = annotation.slice.elts[0]
    for mark in marks:
        provider = dependency(values, mark, where)
        if provider is not None:
            return called(values, provider, frame) if provider is not NONE else annotated(values, annotation, where)
    if binding.position == 0 and binding.default is None and annotation is None and "locust" in home.module.text:
        return Made(Name("locust.HttpUser"), ANY_CALL, where)  # a task of a load generator gets its user
    return annotated(values, annotation, where) if binding.default is None or _is_none(binding.default) else None


def dependency(values: Values, mark: ast.expr, scope: Scope) -> Value | None:
    """The function or class that ``Depends(...)`` names; ``NONE`` for ``Depends()``; ``None`` for anything else."""
    if not isinstance(mark, ast.Call):
        return None
    name = values.program.resolve(mark.func, scope)
    if name is None or name.qualified.rpartition(".")[2] not in ("Depends", "Security", "Provide"):
        return None
    given = mark.args[:1] or [k.value for k in mark.keywords if k.arg == "dependency"]
    return values.evaluate(given[0], scope) if given else NONE


def called(values: Values, callee: Value, frame: Frame) -> Value | None:
    """What calling a function or class of the tree without arguments gives."""
    if not isinstance(callee, Thing) or callee.name.scope is None:
        return None
    if callee.name.scope.is_class:
        return any_instance(callee.name.scope)
    return values.returned(callee.name.scope, values.bind(callee, [], {}, frame), frame.deeper())


def annotated(values: Values, annotation: ast.expr | None, scope: Scope) -> Value | None:
    """An instance of the class that an annotation names; ``None`` where it names a plain type."""
    node = annotation
    if isinstance(node, ast.BinOp):
        node = node.left if not _is_none(node.left) else node.right
    if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) and node.value.id == "Optional":
        node = node.slice
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and _dotted(node.value):
        node = ast.parse(node.value, mode="eval").body
    name = values.program.resolve(node, scope) if isinstance(node, ast.Name | ast.Attribute) else None
    if name is None or name.rest or name.qualified.startswith(_PLAIN) or name.module or name.binding:
        return None
    if name.scope is not None:
        return any_instance(name.scope) if name.scope.is_class else None
    made = name.qualified.rpartition(".")[2]
    return Made(name, ANY_CALL, scope) if made[:1].isupper() else None


def _dotted(text: str) -> bool:
    return all(part.isidentifier() and not iskeyword(part) for part in text.split("."))


def _is_none(expr: ast.expr) -> bool:
    return isinstance(expr, ast.Constant) and expr.value is None


# ---------------------------------------------------------------------------------------------------------- reading


def attribute(values: Values, made: Made, attr: str, frame: Frame) -> Value:
    """``instance.attr``; what does not depend on names around is found once."""
    key = (id(made) if made.bound else id(made.call), id(made.name.scope), attr)
    known = values.attributes.get(key)
    if known is None:
        if len(values.attributes) > _REMEMBERED:
            values.attributes.clear()
        values.attributes[key] = (made, Unknown(attr))  # what asks for itself on the way is not known
        known = (made, _attribute(values, made, attr, frame))
        failed = values.exhausted.get(key, 0) + (frame.work.left <= 0)
        values.exhausted[key] = failed
        if frame.work.left > 0 or frame.depth < _SHALLOW or failed > 1:
            values.attributes[key] = known
        else:
            values.attributes.pop(key, None)
    return known[1]


#: What changes what a container holds.
_FILLS = r"append|appendleft|extend|insert|add|update|setdefault|pop|popitem|remove|discard|clear"


def filled(value: Value, text: str, name: str) -> Value:
    """A container that other code fills or empties: what is written is not all that it holds at run time."""
    if isinstance(value, Table):
        empty = not value.pairs
    elif isinstance(value, Items) and value.kind in ("list", "set"):
        empty = not value.items
    else:
        return value
    return replace(value, complete=False) if value.complete and (empty or _refilled(text, name)) else value


@lru_cache(maxsize=4096)
def _refilled(text: str, name: str) -> bool:
    found = rf"\b{re.escape(name)}\s*(\[[^\]\n]*\]\s*=(?!=)|\.({_FILLS})\()"
    return re.search(found, text) is not None


def _attribute(values: Values, made: Made, attr: str, frame: Frame) -> Value:
    cls = made.name.scope
    assert cls is not None
    for home in values.program.ancestry(cls):
        stores = values.sites.stores(home).get(attr)
        if stores:
            found = [_stored(values, made, home, method, value, frame) for method, _, value in stores[:6]]
            useful = [v for v in found if v != NONE]
            return either(filled(v, home.module.text, attr) for v in useful or found)
        if attr in home.bindings:
            return _declared(values, made, home, attr, frame)
    if attr == "args":
        inner = frame.deeper(made.scope, dict(made.bound))
        return Items("tuple", tuple(values.at(a, inner) for a in made.call.args))
    below = [s for s in values.sites.subclasses(cls) if attr in s.bindings or attr in values.sites.stores(s)]
    if below and made.call is ANY_CALL:
        return either(attribute(values, any_instance(s), attr, frame.deeper()) for s in below[:4])
    external = external_base(values, cls)
    return Member(Made(external, made.call, made.scope, made.bound), (attr,)) if external else Unknown(attr)


def above(values: Values, made: Made, attr: str) -> Value:
    """``super().attr``."""
    scope: Scope | None = made.scope
    while scope is not None and not (scope.parent is not None and scope.parent.is_class):
        scope = scope.parent
    cls = scope.parent if scope is not None else None
    if scope is None or cls is None:
        return Unknown(attr)
    name = first_parameter(scope)
    own = dict(made.bound).get(name or "") or any_instance(cls)
    for home in list(values.program.ancestry(cls))[1:]:
        binding = home.bindings[attr][-1] if attr in home.bindings else None
        if isinstance(binding, Defined):
            return Thing(Name(binding.scope.symbol, scope=binding.scope), receiver=own)
    external = external_base(values, cls)
    if external is None:
        return Unknown(attr)
    given = own if isinstance(own, Made) else made
    return Member(Made(external, given.call, given.scope, given.bound), (attr,))


def given(values: Values, made: Made, attr: str, frame: Frame) -> Value:
    """What an external object was given under a name: ``HTTPException(status_code=503).status_code``."""
    inner = frame.deeper(made.scope, dict(made.bound))
    for keyword in made.call.keywords:
        if keyword.arg == attr:
            return values.at(keyword.value, inner)
    first = made.call.args[:1] if attr in ("status_code", "status", "code") else []
    return values.at(first[0], inner) if first else Unknown(attr)


def external_base(values: Values, cls: Scope) -> Name | None:
    """The nearest base class outside of the tree, if there is one that is more than ``object`` or an ABC."""
    names = values.program.base_names(cls)
    inside = {c.symbol for c in values.program.ancestry(cls)}
    plain = ("builtins.object", "abc.ABC", "typing.", "enum.")
    return next((Name(n) for n in names if n not in inside and not n.startswith(plain)), None)


def _stored(values: Values, made: Made, home: Scope, method: Scope, value: ast.expr, frame: Frame) -> Value:
    if made.call is ANY_CALL and method.name == "__init__":
        given = [Made(made.name, c, s) for c, s in makers(values, made)]
        if given:
            return either(_stored(values, g, home, method, value, frame.deeper()) for g in given[:5])
    bound = constructed(values, made, home, frame) if method.name == "__init__" else {}
    self_name = first_parameter(method)
    return values.at(value, frame.deeper(method, {**bound, **({self_name: made} if self_name else {})}))


def makers(values: Values, made: Made) -> list[tuple[ast.Call, Scope]]:
    """The calls that may have made an instance of which nothing is known."""
    cls = made.name.scope
    assert cls is not None
    return [*values.sites.instantiations(cls), *(s for c in values.sites.subclasses(cls) for s in _of(values, c))]


def _of(values: Values, cls: Scope) -> list[tuple[ast.Call, Scope]]:
    return values.sites.instantiations(cls)


def constructed(values: Values, made: Made, home: Scope, frame: Frame) -> Mapping[str, Value]:
    """Parameters of ``home``'s ``__init__`` when the instance is made; through ``super().__init__(...)`` too."""
    cls = made.name.scope
    bound: Mapping[str, Value] = {}
    if made.call is ANY_CALL:
        return bound  # who makes it is not known: parameters are what their defaults say, as defaults
    outer = frame.deeper(made.scope, dict(made.bound))
    call: ast.Call = made.call
    for current in values.program.ancestry(cls) if cls is not None else ():
        init = current.bindings.get("__init__")
        scope = init[-1].scope if init and isinstance(init[-1], Defined) else None
        if scope is None:
            if current is home:
                return bound
            continue
        bound = values.arguments(Thing(Name(scope.symbol, scope=scope), receiver=made), call, outer)
        if current is home:
            return bound
        above = _super_call(scope)
        if above is None:
            return {}
        call, outer = above, frame.deeper(scope, bound)
    return bound


def _super_call(init: Scope) -> ast.Call | None:
    """``super().__init__(...)`` or ``Base.__init__(self, ...)`` in a constructor."""
    for node in init.own_nodes():
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "__init__":
            if isinstance(node.func.value, ast.Call):
                return node
            return ast.Call(func=node.func, args=node.args[1:], keywords=node.keywords)
    return None


def _declared(values: Values, made: Made, home: Scope, attr: str, frame: Frame) -> Value:
    """A name in the class body: a method, a property, a field of a dataclass or of settings, a class attribute."""
    bindings = home.bindings[attr]
    binding = bindings[-1]
    if isinstance(binding, Defined):
        return _method(values, made, binding.scope, frame)
    given = _field_given(values, made, attr, frame) if isinstance(binding, Assigned) else None
    if given is not None:
        return given
    setting = settings.field(values, home, attr, binding, frame)
    if setting is not None:
        return setting
    value = values.variable(home, attr, bindings, frame.deeper(home, {}))
    return _descriptor(values, value, made, frame)


def _descriptor(values: Values, value: Value, made: Made, frame: Frame) -> Value:
    """A function stored in a class body is a method; ``field(default=...)`` is its default."""
    if isinstance(value, Thing) and value.name.scope is not None and value.name.scope.is_function:
        return Thing(value.name, made, value.args, value.keywords, value.closure)
    if isinstance(value, Made) and value.name.qualified.rpartition(".")[2] in ("field", "Field", "ib", "attrib"):
        return settings.field_default(values, value, frame) or Unknown("field")
    return value


def _method(values: Values, made: Made, scope: Scope, frame: Frame) -> Value:
    marks = decorators(scope)
    thing = Thing(Name(scope.symbol, scope=scope), receiver=made)
    if any(m in _PROPERTIES for m in marks):
        return values.returned(scope, values.bind(thing, [], {}, frame), frame)
    if "staticmethod" in marks:
        return Thing(thing.name)
    if "classmethod" in marks:
        return Thing(thing.name, receiver=Thing(made.name))
    return thing


def _field_given(values: Values, made: Made, attr: str, frame: Frame) -> Value | None:
    """The value that the constructor call gives to a field of a dataclass or model (no ``__init__`` is written)."""
    cls = made.name.scope
    if cls is None or values.program.class_member(cls, "__init__") is not None:
        return None
    if made.call is ANY_CALL:
        found = [_field_given(values, Made(made.name, c, s), attr, frame.deeper()) for c, s in makers(values, made)[:8]]
        known = [f for f in found if f is not None]
        return either(known) if known else None
    outer = frame.deeper(made.scope, dict(made.bound))
    for keyword in made.call.keywords:
        if keyword.arg == attr:
            return values.at(keyword.value, outer)
    names = fields(values, cls)
    position = names.index(attr) if attr in names else len(names)
    plain = not any(isinstance(a, ast.Starred) for a in made.call.args)
    return values.at(made.call.args[position], outer) if plain and position < len(made.call.args) else None


def fields(values: Values, cls: Scope) -> list[str]:
    """Names of annotated fields in the order a generated constructor takes them."""
    found: list[str] = []
    for home in reversed(list(values.program.ancestry(cls))):
        body = home.node.body if isinstance(home.node, ast.ClassDef) else []
        names = [s.target.id for s in body if isinstance(s, ast.AnnAssign) and isinstance(s.target, ast.Name)]
        found += [n for n in names if n not in found]
    return found


def class_attribute(values: Values, thing: Thing, attr: str, frame: Frame) -> Value:
    """``Class.attr``; attributes of a function are kept by name (``task.delay``)."""
    scope = thing.name.scope
    assert scope is not None
    if not scope.is_class:
        return Thing(Name(scope.symbol, scope=scope, rest=(*thing.name.rest, attr)), thing.receiver, thing.args)
    member = values.program.class_member(scope, attr)
    if member is None:
        external = external_base(values, scope)
        return Thing(Name(f"{external.qualified}.{attr}")) if external else Unknown(attr)
    home, binding = member
    if isinstance(binding, Defined):
        bound = thing if "classmethod" in decorators(binding.scope) else None
        return Thing(Name(binding.scope.symbol, scope=binding.scope), receiver=bound)
    setting = settings.field(values, home, attr, binding, frame)
    if setting is not None:
        return setting
    return values.variable(home, attr, home.bindings[attr], frame.deeper(home, {}))


def entered(values: Values, value: Value, frame: Frame) -> Value:
    """What ``with value as x`` binds: what ``__enter__`` returns, usually the value itself."""
    if isinstance(value, Either | Default):
        return either(entered(values, o, frame) for o in options(value)) if isinstance(value, Either) else value
    if not isinstance(value, Made) or value.name.scope is None:
        return value
    for enter in ("__enter__", "__aenter__"):
        member = values.program.class_member(value.name.scope, enter)
        if member is not None and isinstance(member[1], Defined):
            scope = member[1].scope
            bound = values.bind(Thing(Name(scope.symbol, scope=scope), receiver=value), [], {}, frame)
            result = values.returned(scope, bound, frame)
            return result if not isinstance(result, Unknown | Known) else value
    return value
