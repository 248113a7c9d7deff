"""What an expression is worth, as far as the code tells: the kinds of value, and texts made of them.

Shape: frozen values; a text that is known in part is a ``Template`` (``parsers.facts.python``).
Errors: none; what is not known is ``Unknown`` with the reason, never a guess.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import product

from parsers.facts.python import EnvVar, Hole, Step, Template
from parsers.python.module import Scope
from parsers.python.program import Name

#: How many alternatives one value may have; more are cut, so that products of branches stay small.
MAX_OPTIONS = 12
#: How many items of a literal are looked at.
MAX_ITEMS = 256

Constant = str | int | float | bool | bytes | None


@dataclass(frozen=True, slots=True)
class Known:
    """A constant."""

    value: Constant


@dataclass(frozen=True, slots=True)
class Text:
    """A text known in part."""

    parts: Template


@dataclass(frozen=True, slots=True)
class Items:
    """Several values in order. ``kind`` is ``tuple``, ``list``, ``set``, ``range`` or ``generator``.

    ``complete`` is false where there may be more items than are listed.
    """

    kind: str
    items: tuple[Value, ...]
    complete: bool = True


@dataclass(frozen=True, slots=True)
class Table:
    """A mapping, in the order written. ``complete`` is false where other keys may be there."""

    pairs: tuple[tuple[Value, Value], ...]
    complete: bool = True

    def get(self, key: str) -> Value | None:
        """The value under a constant text key; the last one written counts."""
        return next((v for k, v in reversed(self.pairs) if k == Known(key)), None)


@dataclass(frozen=True, slots=True)
class Either:
    """One of several values."""

    options: tuple[Value, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Thing:
    """A function, class or module of the tree, or an external name.

    ``receiver`` is what a method is bound to; ``args`` and ``keywords`` are already given (``functools.partial``);
    ``closure`` holds what a nested function sees of the call that made it. ``layer``: the outermost decorator that is
    still to be applied when it is called.
    """

    name: Name
    receiver: Value | None = None
    args: tuple[Value, ...] = ()
    keywords: tuple[tuple[str, Value], ...] = ()
    closure: tuple[tuple[str, Value], ...] = ()
    layer: int = 0  # decorators before this one are already around it

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Thing) and self._identity() == other._identity()

    def __hash__(self) -> int:
        return hash(self._identity()[:2])

    def _identity(self) -> tuple[object, ...]:
        return (
            self.name.qualified,
            self.name.rest,
            id(self.name.scope),
            self.receiver,
            self.args,
            self.keywords,
            self.layer,
        )


@dataclass(frozen=True, slots=True, eq=False)
class Made:
    """What calling a class of the tree, or anything external, gives: ``requests.Session()``, ``MyClient(url)``.

    ``bound`` are the names known where ``call`` stands in ``scope``, so that its arguments can be evaluated there.
    """

    name: Name
    call: ast.Call
    scope: Scope
    bound: tuple[tuple[str, Value], ...] = ()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Made) and (self.call is other.call) and self.bound == other.bound

    def __hash__(self) -> int:
        return hash((self.name.qualified, id(self.call)))


@dataclass(frozen=True, slots=True)
class Member:
    """Attributes of something external that was made: ``client.chat.completions``."""

    of: Value
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back for the request ``key``: the ``response``, its ``status`` or its ``body``."""

    key: int
    part: str
    client: str


@dataclass(frozen=True, slots=True)
class Test:
    """Whether the status of the request ``key`` matches one of the patterns; ``holds`` false: matches none."""

    key: int
    statuses: tuple[str, ...]
    holds: bool = True


@dataclass(frozen=True, slots=True)
class Failure:
    """A caught exception, after one of the requests ``keys`` failed, or one of the ``raised`` was raised.

    Under ``key`` the marks of ``raised`` tell which.
    """

    keys: tuple[int, ...]
    classes: tuple[str, ...]
    client: str = ""
    raised: tuple[tuple[str, Value], ...] = ()
    key: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """A value that depends on the way that was taken: under ``key`` the way is known by its mark."""

    key: int
    ways: tuple[tuple[str, Value], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Pending:
    """Work that is described but not done, or started and not waited for: a coroutine, a task, a future."""

    step: Step
    value: Value
    started: bool = False


@dataclass(frozen=True, slots=True)
class Default:
    """Known only as a default: run time may give another value. ``text`` where the environment gives it as text."""

    value: Value
    why: str
    text: Template | None = None


@dataclass(frozen=True, slots=True)
class Unknown:
    """Not known; ``why`` is the expression or the reason."""

    why: str


Value = (
    Known
    | Text
    | Items
    | Table
    | Either
    | Thing
    | Made
    | Member
    | Reply
    | Test
    | Failure
    | Outcome
    | Pending
    | Default
    | Unknown
)

NONE = Known(None)
Bound = Mapping[str, Value]


def either(several: Iterable[Value]) -> Value:
    """One value of several: flattened, without repetitions, at most ``MAX_OPTIONS``."""
    flat: list[Value] = []
    for option in several:
        for value in option.options if isinstance(option, Either) else (option,):
            if value not in flat:
                flat.append(value)
    if not flat:
        return Unknown("nothing")
    known = [v for v in flat if not isinstance(v, Unknown)]
    kept = (known or flat[:1])[:MAX_OPTIONS] if len(flat) > MAX_OPTIONS else flat
    return kept[0] if len(kept) == 1 else Either(tuple(kept))


def seen_by(call: ast.Call, bound: Bound) -> tuple[tuple[str, Value], ...]:
    """Those of the names that a call's expressions use."""
    if not bound:
        return ()
    names = getattr(call, "meshgain_names", None)
    if names is None:
        names = frozenset(n.id for n in ast.walk(call) if isinstance(n, ast.Name))
        call.meshgain_names = names  # type: ignore[attr-defined]  # kept on the node: asked for at every evaluation
    return tuple((n, v) for n, v in bound.items() if n in names)


def closed_over(scope: Scope, bound: Bound) -> tuple[tuple[str, Value], ...]:
    """Those of the names that a function uses."""
    names = scope.mentioned() if bound else frozenset()
    return tuple((n, v) for n, v in bound.items() if n in names)


def each(value: Value, change: Callable[[Value], Value]) -> Value:
    """The value changed; where it depends on the way taken or is one of several, each of them."""
    if isinstance(value, Outcome):
        changed = tuple((mark, each(v, change)) for mark, v in value.ways)
        same = all(v == changed[0][1] for _, v in changed)
        return changed[0][1] if same else Outcome(value.key, changed)
    if isinstance(value, Either):
        return either(each(o, change) for o in value.options)
    return change(value)


def options(value: Value) -> tuple[Value, ...]:
    """The alternatives of a value; itself where there is one."""
    if isinstance(value, Outcome):
        return tuple(o for _, v in value.ways for o in options(v))
    if isinstance(value, Either):
        return tuple(i for o in value.options for i in options(o))
    return (value,)


def settled(value: Value) -> Value:
    """The value, or the default where only a default is known."""
    while isinstance(value, Default):
        value = value.value
    return value


def text(parts: Iterable[str | EnvVar | Hole]) -> Known | Text:
    """A text of parts; neighbouring constants are joined, and a wholly constant text is a constant."""
    joined: list[str | EnvVar | Hole] = []
    for part in parts:
        if isinstance(part, str) and joined and isinstance(joined[-1], str):
            joined[-1] += part
        elif part != "":
            joined.append(part)
    if all(isinstance(p, str) for p in joined):
        return Known("".join(p for p in joined if isinstance(p, str)))
    return Text(tuple(joined))


def templates(value: Value) -> tuple[Template, ...]:  # noqa: C901 -- one case a kind of value
    """Every text that a value may be when it is put into a text."""
    match value:
        case Known(value=bytes() as raw):
            return ((raw.decode("utf-8", "replace"),),)
        case Known(value=constant):
            return ((str(constant),),) if constant != "" else ((),)
        case Text(parts=parts):
            return (parts,)
        case Either(options=several):
            return tuple(dict.fromkeys(t for o in several for t in templates(o)))[:MAX_OPTIONS]
        case Default(text=tuple() as parts):
            return (parts,)
        case Default(value=inner):
            return templates(inner)
        case Unknown(why=why):
            return ((Hole(why),),)
        case Thing(name=name) | Made(name=name):
            return ((Hole(name.qualified),),)
        case Member(names=names):
            return ((Hole(".".join(names)),),)
        case Outcome():
            return tuple(dict.fromkeys(t for o in options(value) for t in templates(o)))[:MAX_OPTIONS]
        case Reply(part=part):
            return ((Hole(part),),)
        case Pending(value=inner):
            return templates(inner)
        case Items() | Table() | Test() | Failure():
            return ((Hole(type(value).__name__.lower()),),)


def concatenate(values: Iterable[Value]) -> Value:
    """The text of several values one after the other."""
    choices = [templates(v) for v in values]
    count = 1
    for i, choice in enumerate(choices):
        count *= len(choice)
        if count > MAX_OPTIONS:
            choices[i] = choice[:1]
            count //= len(choice)
    return either(text(p for part in way for p in part) for way in product(*choices))


def constant_text(value: Value) -> str | None:
    """The text, where it is wholly known."""
    value = settled(value)
    return value.value if isinstance(value, Known) and isinstance(value.value, str) else None


def constant_number(value: Value) -> int | float | None:
    """The number, where it is wholly known; not a truth value."""
    if isinstance(value, Known) and isinstance(value.value, int | float) and not isinstance(value.value, bool):
        return value.value
    return None


def truth(value: Value) -> bool | None:
    """Whether the value counts as true; ``None`` where that is not known."""
    match value:
        case Known(value=constant):
            return bool(constant)
        case Text(parts=parts):
            return True if any(isinstance(p, str) and p for p in parts) else None
        case Items(items=items, complete=complete):
            return True if items else (False if complete else None)
        case Table(pairs=pairs, complete=complete):
            return True if pairs else (False if complete else None)
        case Thing() | Failure() | Reply(part="status" | "class"):
            return True
        case Made(name=name):
            return True if name.scope is not None or name.qualified.rpartition(".")[2][:1].isupper() else None
        case Either(options=several):
            answers = {truth(o) for o in several}
            return answers.pop() if len(answers) == 1 else None
        case _:
            return None
