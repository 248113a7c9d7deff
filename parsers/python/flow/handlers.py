"""Every way into a program followed to its end: ``Handler`` facts, and the calls that no way in reaches."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import parsers.python.clients
import parsers.python.servers
from parsers.diagnostics import Code, Diagnostic
from parsers.facts.python import NOTHING, Call, Catch, Guard, Handler, Hole, Listener, Raise, Send, Step
from parsers.facts.python import Scope as Placed
from parsers.plugins import collect
from parsers.python.clients import Client
from parsers.python.flow import calling, concurrency, statements
from parsers.python.flow.context import Activation, Context, Layers, block
from parsers.python.flow.functions import enter
from parsers.python.flow.heat import Heat
from parsers.python.flow.tidy import fails, sends, tidy, walk
from parsers.python.module import Module, Scope
from parsers.python.routing import Found, Routing
from parsers.python.sending import Site
from parsers.python.servers import Server
from parsers.python.value import Known, Pending, Thing, Unknown, Value, constant_number, options, settled
from parsers.python.values import Values
from parsers.source import Span

_PORT_CALLS = (
    "run",
    "run_app",
    "listen",
    "serve",
    "add_insecure_port",
    "add_secure_port",
    "HTTPServer",
    "start_server",
)

#: Statements and calls followed for what a file does when it is loaded.
_STARTUP_WORK = 2000
#: The same for all functions that nobody is seen to call.
_LOOSE_WORK = 120_000


class Following:
    """Follows the handlers of one program."""

    def __init__(self, values: Values, retries: Layers) -> None:
        self.values = values
        self.retries = retries
        self.routing = Routing(values)
        self._visited: set[int] = set()
        self._clients = _clients()
        self.heat = Heat(values.program, (r for r in self._clients if not r.startswith(".")))

    def handlers(self) -> Iterator[Handler | Diagnostic]:
        """Every way in, in the order of frameworks and lines; then what modules do when they are loaded."""
        seen: set[tuple[str, str, str, str]] = set()
        for server in collect(parsers.python.servers, Server):
            for found in self._found(server):
                mark = (found.kind, found.method, found.route, found.target.name.qualified)
                if mark not in seen:
                    seen.add(mark)
                    yield from self._handler(found)
        for module in self.values.program.modules():
            yield from self._module(module)

    def _found(self, server: Server) -> Iterator[Found]:
        used = any(any(w in m.text for w in server.mentions) for m in self.values.program.modules())
        if not used:
            return
        try:
            yield from server.find(self.routing)
        except RecursionError:
            return

    def _context(self, found: Found | None) -> Context:
        kind = found.kind if found is not None else "startup"
        context = Context(self.values, self.retries, self._clients, enter, self.heat, kind=kind)
        context.visited = self._visited
        context.route = found.route if found is not None and found.kind == "http" else ""
        context.method = found.method if found is not None else "*"
        context.tuples = found.tuples if found is not None else False
        return context

    def _handler(self, found: Found) -> Iterator[Handler | Diagnostic]:
        context = self._context(found)
        try:
            body = _followed(context, found)
        except RecursionError:
            yield Diagnostic.at(found.span, Code.TOO_DEEP)
            body = NOTHING
        if context.truncated:
            yield Diagnostic.at(found.span, Code.TRUNCATED, detail=found.target.name.qualified)
        yield Handler(
            framework=found.framework,
            kind=found.kind,
            method=found.method,
            route=found.route,
            symbol=found.target.name.qualified,
            span=found.span,
            body=body,
            uncaught=found.uncaught,
        )

    def _module(self, module: Module) -> Iterator[Handler | Diagnostic]:
        """What runs when a file is loaded or started, where it sends anything."""
        if not self.heat.may_send(module.scope):
            return
        context = self._context(None)
        context.work = _STARTUP_WORK
        act = Activation(context, module.scope, {"__name__": Known("__main__")}, top=True)
        try:
            statements.body(act, module.tree.body)
            concurrency.flush(act)
            body = tidy(block(act.steps)) if act.steps else NOTHING
        except RecursionError:
            yield Diagnostic.at(module.span(module.tree), Code.TOO_DEEP)
            return
        if sends(body):
            span = next(s.call.span for s in walk(body) if isinstance(s, Send))
            script = "__name__" in module.text and not self._serves(module)
            kind = "cli" if script else "startup"
            yield Handler("python", kind, "*", module.name, module.name, span, body, None)

    def _serves(self, module: Module) -> bool:
        return any(d.function.module is module for d in self.routing.decorated())

    # ------------------------------------------------------------------------------------------------------- loose ends

    def loose_calls(self, reached: frozenset[Span]) -> Iterator[Call]:
        """Calls that no handler reaches: from the functions that nobody is seen to call, then as they stand."""
        found: dict[Call, None] = {}
        left = _LOOSE_WORK
        for scope in self.heat.roots():
            if id(scope) not in self._visited and left > 0:
                context = self._context(None)
                context.work = min(left, _STARTUP_WORK)
                left -= context.work
                calls = self._from_root(context, scope)
                found.update(dict.fromkeys(c for c in calls if c.span not in reached or _tells_more(c)))
                left += max(context.work, 0)
        yield from found
        reached |= {c.span for c in found}
        for module in self.values.program.modules():
            for scope in module.scope.walk():
                try:
                    yield from self._loose(scope, reached)
                except RecursionError:
                    continue

    def _from_root(self, context: Context, scope: Scope) -> list[Call]:
        try:
            body = _function(context, self.routing.thing(scope), {})
        except RecursionError:
            return []
        return [s.call for s in walk(body) if isinstance(s, Send)]

    def _loose(self, scope: Scope, reached: frozenset[Span]) -> Iterator[Call]:
        if not self.heat.may_send(scope):
            return
        context = self._context(None)
        act = Activation(context, scope, {})
        for node in scope.own_nodes():
            if not isinstance(node, ast.Call) or scope.module.span(node) in reached:
                continue
            for callee in self._callees(act, node):
                site = Site(self.values, act.frame(), node, callee, self.retries)
                known = calling.clients_of(act, callee, site)
                sent = next((s for c in known if (s := c.recognise(site)) is not None), None)
                if sent is not None:
                    yield sent.call
                    break

    def _callees(self, act: Activation, node: ast.Call) -> tuple[Value, ...]:
        if isinstance(node.func, ast.Attribute):
            base = act.value(node.func.value)
            return options(settled(calling.attribute(act, base, node.func)))
        return options(settled(act.value(node.func)))

    def listeners(self) -> Iterator[Listener]:
        """Ports that code listens on."""
        for call, scope in self.routing.calls(*_PORT_CALLS):
            port = self._port(call, scope)
            if port is not None:
                yield Listener(port, scope.symbol, scope.module.span(call))

    def _port(self, call: ast.Call, scope: Scope) -> int | None:
        for keyword in call.keywords:
            if keyword.arg == "port":
                number = constant_number(settled(self.values.evaluate(keyword.value, scope)))
                return int(number) if number is not None else None
        name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
        if name in ("add_insecure_port", "add_secure_port", "listen") and call.args:
            return _port_of(self.values.evaluate(call.args[0], scope))
        return None


def _tells_more(call: Call) -> bool:
    """Whether the address is known, so that the same place reached from elsewhere is a call of its own."""
    starts = all(t and not isinstance(t[0], Hole) for t in call.url)
    return bool(call.url) and starts and not any(calling.is_own(p) for t in call.url for p in t)


def _port_of(value: Value) -> int | None:
    from parsers.python.sending import start_of
    from parsers.python.value import templates

    number = constant_number(settled(value))
    if number is not None:
        return int(number)
    texts = templates(value)
    tail = start_of(texts[0]).rpartition(":")[2] if texts else ""
    return int(tail) if tail.isdecimal() and len(tail) < 6 else None


def _followed(context: Context, found: Found) -> Step:
    bound: dict[str, Value] = {}
    outer = Activation(context, _scope(found.target), {}, top=True)
    for name, thing in found.before:
        value = enter(outer, thing, None, None)
        if isinstance(value, Pending):
            value = concurrency.awaited(outer, value, thing.name.scope.node if thing.name.scope else ast.Pass())
        if name is not None and not isinstance(value, Unknown):
            bound[name] = value
    body = _function(context, found.target, bound)
    for middleware in found.wraps:
        outer.steps += _beside(context, middleware)
    whole = block([*outer.steps, body])
    return tidy(_answered(context, found, whole))


def _beside(context: Context, middleware: Thing) -> list[Step]:
    """What a middleware sends for each request, whatever the handler does."""
    body = tidy(_function(context, middleware, {}))
    scope = _scope(middleware)
    return [Placed(scope.symbol, body, scope.module.span(scope.node))] if sends(body) else []


def _answered(context: Context, found: Found, body: Step) -> Step:
    """The application's own exception handlers around the body: the most specific first."""
    if not found.errors or not fails(body):
        return body
    general = ("Exception", "BaseException")
    catches: list[Catch] = []
    for name, thing in sorted(found.errors, key=lambda e: e[0] in general):
        scope = _scope(thing)
        outer = Activation(context, scope, {}, top=True)
        keys = tuple(s.key for s in walk(body) if isinstance(s, Send))
        failure = statements.failed(outer, body, (name,), keys)
        names = [n for n in scope.bindings if n != "self"]
        given: dict[str, Value] = {n: failure for n in names[:2] if n not in ("request", "req", "_request", "_")}
        if name in general and found.framework in ("fastapi", "starlette"):
            web = ("fastapi.exceptions.HTTPException", "fastapi.HTTPException", "starlette.exceptions.HTTPException")
            catches.append(Catch(web, Raise((), None, scope.module.span(scope.node))))
        catches.append(Catch((name,), _function(context, thing, given)))
    return Guard(body, tuple(catches), NOTHING, NOTHING)


def _scope(thing: Thing) -> Scope:
    assert thing.name.scope is not None
    return thing.name.scope


def _function(context: Context, thing: Thing, bound: dict[str, Value]) -> Step:
    """The body of a way in, with the decorators of the tree and the retries around it."""
    from parsers.python.flow.functions import top

    return top(context, thing, bound)


def _clients() -> dict[str, tuple[Client, ...]]:
    """Plugins by the first part of the names they know."""
    found: dict[str, tuple[Client, ...]] = {}
    for client in collect(parsers.python.clients, Client):
        for root in sorted(client.roots):
            found[root] = (*found.get(root, ()), client)
        for attr in sorted(client.attrs):
            found[f".{attr}"] = (*found.get(f".{attr}", ()), client)
    return found
