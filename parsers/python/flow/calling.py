"""What a call does: it sends, runs work beside, enters a function of the tree, or raises."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import replace

from parsers.facts.python import NOTHING, Branch, Call, Check, Hole, Raise, Repeat, Retry, Send, Step
from parsers.python import raising
from parsers.python.clients import Client
from parsers.python.flow import concurrency
from parsers.python.flow.context import Activation, block
from parsers.python.module import Defined, Scope
from parsers.python.program import Name
from parsers.python.sending import Sent, Site
from parsers.python.value import (
    NONE,
    Either,
    Made,
    Member,
    Outcome,
    Pending,
    Reply,
    Thing,
    Unknown,
    Value,
    either,
    options,
    seen_by,
    settled,
)

#: What a client's ``raise_for_status()`` raises.
_STATUS_ERRORS = {
    "requests": "requests.exceptions.HTTPError",
    "niquests": "requests.exceptions.HTTPError",
    "httpx": "httpx.HTTPStatusError",
    "aiohttp": "aiohttp.ClientResponseError",
}


def call(act: Activation, node: ast.Call) -> Value | None:
    """Follow one call; ``None`` where it does nothing that matters."""
    if not act.context.spend():
        return None
    around = act.context.retries.around_call(node, act.scope)
    if around is not None:
        return _repeated(act, node, *around)
    base: Value | None = None
    if isinstance(node.func, ast.Attribute):
        base = act.value(node.func.value)
        done = _of_reply(act, node, base)
        if done is not None:
            return done
        callee = attribute(act, base, node.func)
    else:
        callee = act.value(node.func)
    several = [o for o in options(settled(callee)) if o != NONE]
    if len(several) == 1:
        return _called(act, node, several[0])
    return _any_of(act, node, several)


def attribute(act: Activation, base: Value, func: ast.Attribute) -> Value:
    """What a method call calls; a gRPC stub's methods need not be written anywhere."""
    if isinstance(base, Made) and base.name.qualified.endswith("Stub"):
        return Member(base, (func.attr,))
    if isinstance(base, Either | Outcome):
        found = [attribute(act, o, func) for o in options(base) if o != NONE]
        known = [f for f in found if not isinstance(f, Unknown)]
        return either(known or found or [Unknown(func.attr)])
    return act.context.values.attribute(settled(base), func.attr, act.frame())


def _any_of(act: Activation, node: ast.Call, several: list[Value]) -> Value | None:
    """One of several callees, chosen by what is not known."""
    ways: list[Step] = []
    results: list[Value] = []
    for option in several:
        with act.captured() as steps:
            found = _called(act, node, option)
        results.append(found if found is not None else Unknown("result"))
        ways.append(block(steps) if steps else NOTHING)
    if any(w != NOTHING for w in ways):
        act.emit(Branch(tuple(ways)))
    return either(results) if results else None


def _of_reply(act: Activation, node: ast.Call, base: Value) -> Value | None:
    """Methods of a response that decide something, and of a future."""
    assert isinstance(node.func, ast.Attribute)
    if node.func.attr == "raise_for_status":
        for option in options(base):
            if isinstance(option, Reply) and option.part == "response":
                act.emit(raised_for_status(act, option, node))
                return base
    return concurrency.on_pending(act, node, base)


def raised_for_status(act: Activation, reply: Reply, node: ast.AST) -> Step:
    """``raise_for_status()``: an exception where the status is 400 or more."""
    error = _STATUS_ERRORS.get(reply.client, "Exception")
    raised = Raise((error,), None, act.span(node), about=reply.key)
    return Check(reply.key, (">=400",), raised, NOTHING)


def _called(act: Activation, node: ast.Call, callee: Value) -> Value | None:
    sent = _sent(act, node, callee)
    if sent is not None:
        return sent
    beside = concurrency.call(act, node, callee)
    if beside is not None:
        return beside
    stopped = raising.aborted(act.context.values, act.frame(), node, callee)
    if stopped is not None:
        act.emit(Raise(stopped.classes, stopped.status, act.span(node), stopped.key))
        act.alive = False
        return Unknown("never")
    match callee:
        case Thing(name=Name(scope=Scope() as scope, rest=())) if scope.is_class:
            return _constructed(act, node, callee, scope)
        case Thing(name=Name(scope=Scope(), rest=())):
            return act.context.enter(act, callee, node, None)
        case Made(name=Name(scope=Scope() as cls)):
            method = act.context.values.attribute(callee, "__call__", act.frame())
            entered = isinstance(method, Thing) and method.name.scope is not None and method.name.scope is not cls
            return act.context.enter(act, method, node, None) if entered and isinstance(method, Thing) else None
        case Member(of=Made() as made, names=("start",)) if made.name.qualified.startswith("threading."):
            concurrency.thread_started(act, made, node)
            return None
        case _:
            return None


def _constructed(act: Activation, node: ast.Call, callee: Thing, cls: Scope) -> Value | None:
    """A constructor may send, too; the instance is what ``Values`` says."""
    member = act.context.values.program.class_member(cls, "__init__")
    if member is None or not isinstance(member[1], Defined):
        return None
    made = Made(callee.name, node, act.scope, seen_by(node, act.env))
    init = member[1].scope
    if init not in act.context.plain:
        before = len(act.steps)
        act.context.enter(act, Thing(Name(init.symbol, scope=init), receiver=made), node, None)
        if len(act.steps) == before:
            act.context.plain.add(init)
    return made


def _repeated(act: Activation, node: ast.Call, layers: tuple[Retry, ...], callee: ast.expr) -> Value | None:
    """``Retrying(...)(f, x)``, ``retry_call(f, fargs=[x])``."""
    inner = ast.Call(func=callee, args=[], keywords=[])
    positional = [a for a in node.args if a is not callee]
    named = {k.arg: k.value for k in node.keywords if k.arg is not None}
    given = named.get("fargs")
    if isinstance(given, ast.List | ast.Tuple):
        positional = list(given.elts)
    inner.args = positional
    inner.keywords = [k for k in node.keywords if k.arg not in ("fargs", "fkwargs", "exceptions", "tries", "delay")]
    ast.copy_location(inner, node)
    act.context.kept.append(inner)
    with act.captured() as steps:
        value = call(act, inner)
        value = value if value is not None else act.value(inner)
        if isinstance(value, Pending):
            value = concurrency.awaited(act, value, node)
    if steps:
        step = block(steps)
        for layer in reversed(layers):
            step = Repeat(layer, step)
        act.emit(step)
    return value


# ------------------------------------------------------------------------------------------------------------ sending


def _sent(act: Activation, node: ast.Call, callee: Value) -> Value | None:
    if isinstance(callee, Member) and isinstance(callee.of, Made) and callee.names[-1] == "getresponse":
        key = act.context.last_sent.get(id(callee.of.call))
        return Reply(key, "response", "http.client") if key is not None else None
    site = Site(act.context.values, act.frame(), node, callee, act.context.retries)
    for client in clients_of(act, callee, site):
        sent = client.recognise(site)
        if sent is not None:
            return _emitted(act, sent, callee)
    return None


def clients_of(act: Activation, callee: Value, site: Site) -> tuple[Client, ...]:
    """The plugins that may know a callee."""
    if isinstance(callee, Member) and isinstance(callee.of, Made) and callee.of.name.qualified.endswith("Stub"):
        return act.context.clients.get("grpc", ())
    if isinstance(callee, Thing) and callee.name.scope is not None:
        return act.context.clients.get(f".{site.attr}", ()) if callee.name.rest else ()
    return act.context.clients.get(site.qualified.partition(".")[0], ()) if site.qualified else ()


#: What code reads to pass a request on under the path that it came with.
_OWN_PATH = frozenset(
    {"url.path", "request.url.path", "request.path", "request.full_path", "flask.request.path", "path_info"}
)

_PARAMETER = re.compile(r"[{<]([^{}<>]*)[}>]")
_OWN_METHOD = re.compile(r"\b(?:request|req)\.method\b")


def _forwarded(act: Activation, sent: Sent) -> Call:
    """The handler's own path in the place of ``request.url.path``, its method in that of ``request.method``."""
    call, route = sent.call, act.context.route
    if call.method == "*" and call.protocol == "http" and _OWN_METHOD.search(call.declared):
        call = replace(call, method=act.context.method)
    if not route.startswith("/") or not any(is_own(p) for t in call.url for p in t):
        return call
    own = tuple(_routed(route))
    return replace(call, url=tuple(tuple(q for p in t for q in (own if is_own(p) else (p,))) for t in call.url))


def is_own(part: object) -> bool:
    """Whether a part of an address is the path of the request being handled."""
    return isinstance(part, Hole) and part.what in _OWN_PATH


def _routed(route: str) -> Iterator[str | Hole]:
    """A route as a text: its parameters are holes."""
    for i, piece in enumerate(_PARAMETER.split(route)):
        if piece:
            yield Hole(piece.rpartition(":")[2]) if i % 2 else piece


def _emitted(act: Activation, sent: Sent, callee: Value) -> Value:
    sent = replace(sent, call=_forwarded(act, sent))
    key = act.context.key()
    act.context.clients_of[key] = sent.call.client
    if isinstance(callee, Member) and isinstance(callee.of, Made):
        act.context.last_sent[id(callee.of.call)] = key
    value = sent.value if sent.value is not None else Reply(key, sent.part, sent.call.client)
    if not sent.pending:
        act.emit(Send(sent.call, key))
        return value
    pending = Pending(Send(sent.call, key), value, sent.started)
    if sent.started:
        act.started.append(pending)
    return pending
