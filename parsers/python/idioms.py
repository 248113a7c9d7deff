"""What a retry library's construct is, and how one that is written is read.

Shape: an idiom is a value with its constructs; a construct names what it is called in code and reads one use of it.
Units: a reader converts to attempts at once, since each library counts differently; seconds everywhere.
Errors: a count that only run time decides is an ``Amount`` of ``None``, with the code's default where it has one.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property

from parsers.facts.python import Retry, RetryCondition
from parsers.python.module import Assigned, Scope
from parsers.python.program import Name
from parsers.python.value import NONE, Bound, Default, Either, Items, Known, Made, Table, Thing, Unknown, Value, settled
from parsers.python.values import Values
from parsers.quantities import ONCE, UNBOUNDED, Count


class Role(Enum):
    """Where a construct stands."""

    DECORATOR = "decorator"  # @x or @x(...)
    ITERATOR = "iterator"  # for attempt in x(...): with attempt: ...
    CALLER = "caller"  # x(...)(function), or x(function, ...)
    CLIENT = "client"  # repeats inside a client object
    TASK = "task"  # a worker runs the function again
    SITE = "site"  # worth listing where it is written, also when it is only an argument


@dataclass(frozen=True, slots=True)
class Amount:
    """Attempts: exact, unbounded, or ``None`` for run time's to say, then perhaps with a default."""

    attempts: Count | None
    default: Count | None = None

    @property
    def worst(self) -> Count | None:
        return self.attempts if self.attempts is not None else self.default


ONE = Amount(ONCE)
FOREVER = Amount(UNBOUNDED)
DYNAMIC = Amount(None)


@dataclass(frozen=True, slots=True)
class Construct:
    """One thing of a library.

    ``names`` are qualified; ``*.name`` is a method of anything; ``azure.*Client`` is anything of ``azure`` so ended.
    """

    names: frozenset[str]
    roles: frozenset[Role]
    read: Callable[[Written], Retry | None]


@dataclass(frozen=True, slots=True)
class RetryIdiom:
    """All constructs of one library."""

    name: str
    constructs: tuple[Construct, ...]


@dataclass(frozen=True)
class Written:
    """One use of a construct: a call, or a bare name used as a decorator."""

    expr: ast.expr
    qualified: str
    scope: Scope
    values: Values
    bound: Bound = field(default_factory=dict)
    role: Role = Role.SITE
    function: Scope | None = None  # the function that a decorator is on

    @property
    def call(self) -> ast.Call | None:
        return self.expr if isinstance(self.expr, ast.Call) else None

    @cached_property
    def splat(self) -> dict[str, Value] | None:
        """What ``**kwargs`` give: ``None`` where that is not wholly known."""
        found: dict[str, Value] = {}
        for keyword in self.call.keywords if self.call else ():
            if keyword.arg is None:
                table = settled(self.values.evaluate(keyword.value, self.scope, self.bound))
                if not isinstance(table, Table) or not table.complete:
                    return None
                found.update((k.value, v) for k, v in table.pairs if isinstance(k, Known) and isinstance(k.value, str))
        return found

    def expression(self, *names: str, at: int | None = None) -> ast.expr | None:
        """The argument as written, by any of its names or its position."""
        if self.call is None:
            return None
        for keyword in self.call.keywords:
            if keyword.arg in names:
                return keyword.value
        if at is not None and at < len(self.call.args):
            before = self.call.args[: at + 1]
            return None if any(isinstance(a, ast.Starred) for a in before) else self.call.args[at]
        return None

    def value(self, *names: str, at: int | None = None) -> Value | None:
        """The argument's value; ``None`` where it is not given."""
        expr = self.expression(*names, at=at)
        if expr is not None:
            return self.values.evaluate(expr, self.scope, self.bound)
        if self.splat is None:
            return Unknown("**")
        return next((self.splat[n] for n in names if n in self.splat), None)

    def given(self, *names: str, at: int | None = None) -> bool:
        """Whether the argument is written, or may be."""
        return self.expression(*names, at=at) is not None or self.value(*names, at=at) is not None

    def seconds(self, *names: str, at: int | None = None) -> float | None:
        """A known time in seconds; ``timedelta`` too."""
        value = self.value(*names, at=at)
        return None if value is None else seconds(value, self.values)

    def amount(self, value: Value | None, absent: Amount, count: Callable[[float], Count]) -> Amount:
        """The attempts that a number means here; ``absent`` where it is not given or ``None``."""
        return amount(value, absent, count)

    def exceptions(self, *names: str, at: int | None = None) -> tuple[str, ...] | None:
        """Qualified exception names of an argument; ``None`` where it is not given or not read."""
        expr = self.expression(*names, at=at)
        return None if expr is None else exception_names(expr, self.scope, self.values)

    def retry(  # noqa: PLR0913 -- the fields of a Retry
        self,
        idiom: str,
        amount: Amount,
        condition: RetryCondition,
        *,
        exhausted: str = "same",
        min_wait_s: float = 0.0,
        deadline_s: float | None = None,
        note: str | None = None,
    ) -> Retry:
        """The fact."""
        module = self.scope.module
        return Retry(
            idiom=idiom,
            attempts=amount.attempts,
            default=amount.default,
            condition=condition,
            declared=module.source(self.expr)[:240] or self.qualified,
            symbol=self.scope.symbol,
            span=module.span(self.expr),
            exhausted=exhausted,
            min_wait_s=max(0.0, min_wait_s),
            deadline_s=deadline_s,
            note=note,
        )


def from_tries(tries: float) -> Count:
    """A number that counts calls; below one it is one call."""
    return Count(max(1, int(tries)))


def from_retries(retries: float) -> Count:
    """A number that counts calls after the first; negative means none."""
    return Count.from_retries(max(0, int(retries)))


def endless_below(limit: int, count: Callable[[float], Count]) -> Callable[[float], Count]:
    """Numbers below ``limit`` mean forever."""
    return lambda number: UNBOUNDED if number < limit else count(number)


def amount(value: Value | None, absent: Amount, count: Callable[[float], Count]) -> Amount:
    """The attempts that a number means; the largest of several."""
    match value:
        case None | Known(value=None):
            return absent
        case Known(value=bool() as flag):
            return Amount(count(int(flag)))
        case Known(value=int() | float() as number) if number == number:  # noqa: PLR0124 -- not a NaN
            return Amount(count(min(number, 1e15)))
        case Known(value=str() as text) if text.strip().lstrip("-").isdigit():
            return Amount(count(int(text)))
        case Default(value=inner):
            return Amount(None, amount(inner, absent, count).worst)
        case Either(options=options):
            return _largest([amount(o, absent, count) for o in options if o != NONE] or [absent])
        case _:
            return DYNAMIC


def _largest(amounts: list[Amount]) -> Amount:
    if any(a.attempts is None for a in amounts):
        worst = [a.worst for a in amounts]
        return Amount(None, None if any(w is None for w in worst) else max(w for w in worst if w is not None))
    return Amount(max(a.attempts for a in amounts if a.attempts is not None))


def smallest(amounts: list[Amount]) -> Amount:
    """The tightest of several bounds: any of them stops."""
    known = [a for a in amounts if a.attempts is not None]
    open_ = [a for a in amounts if a.attempts is None]
    best = min((a.attempts for a in known if a.attempts is not None), default=UNBOUNDED)
    if not open_:
        return Amount(best)
    defaults = [a.default for a in open_ if a.default is not None]
    least = min([*defaults, best]) if len(defaults) == len(open_) or not best.unbounded else None
    return Amount(None, least)


def largest(amounts: list[Amount]) -> Amount:
    """The loosest of several bounds: all of them must stop."""
    if any(a.attempts == UNBOUNDED for a in amounts):
        return FOREVER
    return _largest(amounts)


def seconds(value: Value, values: Values) -> float | None:
    """A time in seconds: a number, or ``datetime.timedelta(...)``."""
    match settled(value):
        case Known(value=int() | float() as number) if not isinstance(number, bool):
            return float(number)
        case Made(name=Name(qualified="datetime.timedelta"), call=call, scope=scope):
            return _timedelta(call, scope, values)
        case _:
            return None


_UNITS = {
    "days": 86400.0,
    "seconds": 1.0,
    "microseconds": 1e-6,
    "milliseconds": 1e-3,
    "minutes": 60.0,
    "hours": 3600.0,
    "weeks": 604800.0,
}


def _timedelta(call: ast.Call, scope: Scope, values: Values) -> float | None:
    total = 0.0
    parts = [*zip(_UNITS, call.args, strict=False), *((k.arg or "", k.value) for k in call.keywords)]
    for unit, expr in parts:
        number = settled(values.evaluate(expr, scope))
        if not isinstance(number, Known) or not isinstance(number.value, int | float) or unit not in _UNITS:
            return None
        total += _UNITS[unit] * number.value
    return total


def exception_names(expr: ast.expr, scope: Scope, values: Values) -> tuple[str, ...] | None:
    """Qualified names of a class or a tuple of classes; a name bound to a tuple is followed."""
    if isinstance(expr, ast.Tuple | ast.List | ast.Set):
        found = [exception_names(e, scope, values) for e in expr.elts]
        return None if any(f is None for f in found) else tuple(dict.fromkeys(n for f in found if f for n in f))
    if isinstance(expr, ast.Starred):
        return exception_names(expr.value, scope, values)
    name = values.program.resolve(expr, scope)
    if name is not None and (name.external or name.scope is not None) and not name.rest:
        return (short_builtin(name.qualified),)
    return _named(values.evaluate(expr, scope))


def _named(value: Value) -> tuple[str, ...] | None:
    match settled(value):
        case Thing(name=name):
            return (short_builtin(name.qualified),)
        case Items(items=items):
            found = [_named(i) for i in items]
            return None if any(f is None for f in found) else tuple(n for f in found if f for n in f)
        case _:
            return None


def short_builtin(name: str) -> str:
    """``builtins.OSError`` -> ``OSError``."""
    return name.removeprefix("builtins.")


def followed(expr: ast.expr, scope: Scope, values: Values) -> tuple[ast.expr, Scope]:
    """The expression that a name was bound to, where that is plain; else the expression itself."""
    for _ in range(8):
        name = values.program.resolve(expr, scope) if isinstance(expr, ast.Name | ast.Attribute) else None
        if name is None or name.binding is None or name.rest:
            return expr, scope
        home, binding = name.binding
        if not isinstance(binding, Assigned) or binding.value is None or binding.index is not None:
            return expr, scope
        expr, scope = binding.value, home
    return expr, scope


ANY_EXCEPTION = RetryCondition(exceptions=("Exception",))


def on_exceptions(names: tuple[str, ...] | None, *, absent: tuple[str, ...] = ("Exception",)) -> RetryCondition:
    """A condition on exceptions; not read at all where the names are ``()`` by a value that is not known."""
    return RetryCondition(exceptions=absent if names is None else names)


# ------------------------------------------------------------------------------------- readers of the common kinds

Reader = Callable[[Written], Retry | None]
Conditioner = Callable[[Written], RetryCondition]


def numbered(  # noqa: PLR0913 -- what a one-number construct is
    idiom: str,
    names: tuple[str, ...],
    absent: Amount,
    count: Callable[[float], Count],
    condition: RetryCondition | Conditioner = ANY_EXCEPTION,
    *,
    at: int | None = None,
    exhausted: str = "same",
    only_given: bool = False,
    deadline: tuple[str, ...] = (),
) -> Reader:
    """A construct whose attempts are one argument. ``only_given``: without the argument it is not this construct."""

    def read(written: Written) -> Retry | None:
        value = written.value(*names, at=at)
        if only_given and (value is None or (value == Unknown("**") and written.expression(*names) is None)):
            return None
        bound = amount(value, absent, count)
        met = condition if isinstance(condition, RetryCondition) else condition(written)
        limit = written.seconds(*deadline) if deadline else None
        return written.retry(idiom, bound, met, exhausted=exhausted, deadline_s=limit)

    return read


def construct(names: str | tuple[str, ...], roles: Role | tuple[Role, ...], read: Reader) -> Construct:
    """A construct, by its names and where it may stand."""
    several = (names,) if isinstance(names, str) else names
    return Construct(frozenset(several), frozenset((roles,) if isinstance(roles, Role) else roles), read)


def named(*names: str, at: int | None = None, absent: tuple[str, ...] = ("Exception",)) -> Conditioner:
    """A condition on the exceptions that an argument names."""

    def condition(written: Written) -> RetryCondition:
        found = written.exceptions(*names, at=at)
        if found is not None:
            return RetryCondition(exceptions=found)
        return RetryCondition(exceptions=absent, unknown=written.given(*names, at=at))

    return condition


#: Methods that urllib3, httpx-retries and azure-core take for idempotent.
IDEMPOTENT = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PUT", "TRACE"})
#: What a broken, refused or hanging connection is.
CONNECTION = ("connect-failure", "reset", "timeout")


def is_switched_off(value: Value | None) -> bool:
    """``False`` or ``0`` given."""
    return isinstance(value, Known) and value.value is not None and not value.value
