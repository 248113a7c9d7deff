"""Facts of Python sources: who receives, who sends, what repeats, and in which order.

Shape: a ``Handler`` carries its ``body``, a small tree of steps in execution order; every ``Send`` in it is one place
that sends a request. Functions of the same repository are followed and put in place, so that a tree is whole.
Units: durations in seconds; attempts count requests, the first included.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from parsers.quantities import UNBOUNDED, Count
from parsers.source import Span

# ---------------------------------------------------------------------------------------------- text known in part


@dataclass(frozen=True, slots=True)
class EnvVar:
    """A part of a text that the environment decides, with the default that the code gives.

    ``before`` and ``after`` stand around the value only where the environment sets it, not around the default.
    """

    name: str
    default: Template | None
    span: Span | None = None
    before: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class Hole:
    """A part of a text that is not known: a path parameter, a function's argument, anything at run time."""

    what: str


#: A text in parts. ``"http://", EnvVar("USERS_ADDR"), "/users/", Hole("user_id")``.
Template = tuple[str | EnvVar | Hole, ...]

# -------------------------------------------------------------------------------------------------------- retrying


@dataclass(frozen=True, slots=True)
class RetryCondition:
    """What makes one layer repeat.

    ``exceptions`` are qualified names as the code resolves them (``requests.exceptions.Timeout``); ``Exception`` and
    ``BaseException`` take every exception. ``not_exceptions`` are excepted from them.
    ``statuses`` are patterns a status is held against: ``503``, ``5xx``, ``>=400``, ``!=200``, ``!2xx``.
    ``causes`` are wire causes that a layer *below* the code's exceptions repeats on (an adapter, a channel):
    ``connect-failure``, ``reset``, ``timeout``, ``grpc-unavailable``, and statuses as in ``statuses``.
    ``methods`` restricts them to these HTTP methods (``None``: any). ``result``: repeats on what is returned, by a
    predicate that is not understood beyond ``statuses``. ``unknown``: the condition could not be read at all.
    """

    exceptions: tuple[str, ...] = ()
    not_exceptions: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    causes: tuple[str, ...] = ()
    methods: frozenset[str] | None = None
    result: bool = False
    unknown: bool = False

    def words(self) -> tuple[str, ...]:
        """For people and for JSON: exceptions, statuses and causes."""
        return (*self.exceptions, *self.statuses, *self.causes, *(("result",) if self.result else ()))


@dataclass(frozen=True, slots=True)
class Retry:
    """One place that repeats what it encloses.

    ``idiom`` is ``tenacity.retry``, ``backoff.on_exception``, ``urllib3.Retry``, ``loop``, ``recursion``,
    ``decorator:<qualified name>``, ... ``attempts`` is ``None`` where only run time decides (dynamic); then
    ``default`` is what the code gives where nothing else is said, if it does.
    ``exhausted`` is what comes out when all attempts are used: ``same`` (the last failure), ``return`` (nothing is
    raised), or a qualified exception name (``tenacity.RetryError``).
    ``min_wait_s`` is the least time that can pass between two attempts; ``deadline_s`` a time after which no
    attempt starts; ``per_try_timeout_s`` a time after which one attempt is given up.
    """

    idiom: str
    attempts: Count | None
    default: Count | None
    condition: RetryCondition
    declared: str
    symbol: str
    span: Span
    exhausted: str = "same"
    min_wait_s: float = 0.0
    deadline_s: float | None = None
    per_try_timeout_s: float | None = None
    evidence: tuple[Span, ...] = ()
    note: str | None = None

    def at_most(self) -> Count | None:
        """The attempts; where only time bounds them, as many as the shortest waits allow before the deadline."""
        if self.attempts != UNBOUNDED or self.deadline_s is None or self.min_wait_s <= 0:
            return self.attempts
        return Count(max(1, math.ceil(self.deadline_s / self.min_wait_s) + 1))


# --------------------------------------------------------------------------------------------------------- sending


@dataclass(frozen=True, slots=True)
class Call:
    """One place that sends a request.

    ``url`` holds every address that may be meant (several where a dictionary or a branch decides); empty: unknown.
    For gRPC the address is the channel's target and ``method`` the full method, ``/pkg.Service/Method``. For brokers
    and SDKs ``protocol`` is ``amqp``, ``kafka``, ``sql``, ``redis``, ``aws``, ... and the URL what names the callee.
    ``layers`` repeat inside the client (adapters, transports, channel configuration, SDK defaults), outermost first.
    ``raises`` are status patterns that the client itself turns into an exception (urllib and gRPC do, requests does
    not), with ``raised`` the qualified name of that exception. ``headers`` holds what is set literally, names in lower
    case. ``timeout_s`` is ``None`` for no timeout; ``timeout_known`` is false where it is set but not readable.
    """

    client: str
    protocol: str
    method: str
    url: tuple[Template, ...]
    symbol: str
    span: Span
    layers: tuple[Retry, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    timeout_s: float | None = None
    timeout_known: bool = True
    body_bytes: int | None = None
    idempotency_key: bool = False
    raises: tuple[str, ...] = ()
    raised: str | None = None
    declared: str = ""


# ------------------------------------------------------------------------------------------- what an operation does


@dataclass(frozen=True, slots=True)
class Send:
    """Send one request; what comes back is known under ``key`` to later ``Check`` and ``Answer`` steps."""

    call: Call
    key: int


@dataclass(frozen=True, slots=True)
class Block:
    """Steps one after the other; a raise, return, break or continue leaves it."""

    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """A retry layer around a body: the body runs again while the layer's condition holds of how it ended.

    For a hand-written loop the body's own ``Leave`` and ``Next`` steps say how it ends; the layer's condition is then
    what its handlers catch.
    """

    retry: Retry
    body: Step


@dataclass(frozen=True, slots=True)
class Loop:
    """A loop that is not a retry: ``count`` is constant, or ``None`` where data decides (counted once, marked xN)."""

    count: Count | None
    body: Step
    span: Span


@dataclass(frozen=True, slots=True)
class Parallel:
    """Branches started together; all run, whatever one of them does. ``collects``: failures are returned as values."""

    branches: tuple[Step, ...]
    collects: bool = False


@dataclass(frozen=True, slots=True)
class Branch:
    """One of several ways, chosen by something that is not known."""

    options: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Check:
    """A way chosen by the answer to the request ``key``: ``then`` where its status matches one of ``statuses``.

    ``statuses`` are patterns as in ``RetryCondition``. An answer that never came (an exception) does not get here.
    """

    key: int
    statuses: tuple[str, ...]
    then: Step
    orelse: Step


@dataclass(frozen=True, slots=True)
class Catch:
    """One ``except``: qualified names (``BaseException`` for a bare one) and what is done."""

    exceptions: tuple[str, ...]
    body: Step


@dataclass(frozen=True, slots=True)
class Guard:
    """``try``: catches in order; ``orelse`` after a body that ended well; ``final`` in any case."""

    body: Step
    catches: tuple[Catch, ...]
    orelse: Step
    final: Step


@dataclass(frozen=True, slots=True)
class Scope:
    """A function put in place: a return inside leaves the scope, not more.

    With a ``key``, the status of the ``Answer`` that left it is known under that key to later ``Check`` and ``Answer``
    steps. Such a status may be a mark, ``#0``, ``#1``, ...: which of several returns it was, or which way was taken.
    """

    symbol: str
    body: Step
    span: Span
    key: int | None = None


@dataclass(frozen=True, slots=True)
class Raise:
    """``raise``: the qualified class and its known ancestors, nearest first; empty raises again what was caught.

    ``status`` where it names a status that the framework will answer with (``HTTPException(503)``, ``abort(503)``,
    ``context.abort(UNAVAILABLE)`` is ``grpc-unavailable``). ``about``: the request whose status it is raised for,
    without passing it on (``resp.raise_for_status()``).
    """

    classes: tuple[str, ...]
    status: str | None
    span: Span
    key: int | None = None  # passes on the status of this request (``HTTPException(resp.status_code)``)
    about: int | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """``return``: from a handler, what it answers; from any other function, what its caller gets.

    ``status`` is a cause (``503``, ``grpc-unavailable``) or ``200``; ``None`` with ``key``: the status of that request
    is passed on, or (inside a function) its response is returned; ``None`` without: nothing known, a normal return.
    """

    status: str | None
    key: int | None
    span: Span


@dataclass(frozen=True, slots=True)
class Leave:
    """``break`` out of the nearest loop or retry."""


@dataclass(frozen=True, slots=True)
class Next:
    """``continue`` with the nearest loop or retry: in a retry, one more attempt."""


Step = Send | Block | Repeat | Loop | Parallel | Branch | Check | Guard | Scope | Raise | Answer | Leave | Next

NOTHING = Block(())


def children(step: Step) -> tuple[Step, ...]:
    """The steps directly inside a step, in execution order."""
    match step:
        case Block(steps=steps):
            return steps
        case Repeat(body=body) | Loop(body=body) | Scope(body=body):
            return (body,)
        case Parallel(branches=branches):
            return branches
        case Branch(options=options):
            return options
        case Check(then=then, orelse=orelse):
            return (then, orelse)
        case Guard(body=body, catches=catches, orelse=orelse, final=final):
            return (body, *(c.body for c in catches), orelse, final)
        case _:
            return ()


# ------------------------------------------------------------------------------------------------------- receiving


@dataclass(frozen=True, slots=True)
class Handler:
    """One way into a program: a route, an RPC, a consumer, a task, a schedule, a command or the start itself.

    ``kind`` is ``http``, ``grpc``, ``consumer``, ``task``, ``cron``, ``cli`` or ``startup``. ``method`` and ``route``
    are ``*`` where unknown; a gRPC handler has the full method as route. ``uncaught`` is what the framework answers
    when an exception leaves the handler (``500``; ``None`` where handlers or middlewares not understood decide).
    ``errors`` are the application's own answers to exceptions: (qualified name, status).
    """

    framework: str
    kind: str
    method: str
    route: str
    symbol: str
    span: Span
    body: Step
    uncaught: str | None = None
    errors: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Listener:
    """A port that code listens on, where it is written: helps to link code to a workload."""

    port: int
    symbol: str
    span: Span
