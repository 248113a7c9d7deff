"""requests and what has its interface: niquests, requests-futures, requests-toolbelt, cloudscraper.

Source: requests 2.34 ``api.py``, ``sessions.py`` (``get_adapter``: the longest mounted prefix wins), ``adapters.py``.
Units: no timeout where none is given.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from parsers.facts.python import Retry, Template
from parsers.python.clients import Client
from parsers.python.module import Scope
from parsers.python.sending import VERBS, Request, Sent, Site, call, seconds, start_of, urls, verb
from parsers.python.value import Made, Value, constant_text, options

_SESSIONS = (
    "Session",
    "session",
    "BaseUrlSession",
    "FuturesSession",
    "CacheControl",
    "create_scraper",
    "OAuth2Session",
)
_MODULES = frozenset(
    {"requests", "niquests", "requests_futures", "requests_toolbelt", "cloudscraper", "requests_oauthlib"}
)


def _recognise(site: Site) -> Sent | None:
    attr, maker = site.attr, site.maker
    if maker is None:
        return _sent(site, attr, None) if site.qualified.count(".") <= 2 and _is_function(site) else None
    return _sent(site, attr, maker) if maker.name.qualified.rpartition(".")[2] in _SESSIONS else None


def _is_function(site: Site) -> bool:
    return site.qualified.startswith(("requests.", "niquests.")) and "Session" not in site.qualified


def _sent(site: Site, attr: str, session: Made | None) -> Sent | None:
    if attr in VERBS:
        method, url = attr.upper(), site.arg(0, "url")
    elif attr == "request":
        method, url = verb(site.arg(0, "method"), "*"), site.arg(1, "url")
    elif attr == "send" and session is not None:
        return _prepared(site, session)
    else:
        return None
    return _made(site, method, url, session)


def _made(site: Site, method: str, url: Value | None, session: Made | None) -> Sent:
    base = _base(site, session) if session is not None else None
    addresses = urls(url, base)
    request = Request(
        client="niquests" if site.qualified.startswith("niquests.") else "requests",
        method=method,
        url=addresses,
        layers=_layers(site, session, addresses) if session is not None else (),
        timeout=seconds(site.arg(None, "timeout")),
        headers=(site.arg(None, "headers"),),
        bodies=(site.arg(None, "data"), site.arg(None, "json")),
    )
    futures = session is not None and session.name.qualified.startswith("requests_futures")
    awaited = site.qualified.startswith("niquests.A") or (session is not None and "Async" in session.name.qualified)
    return Sent(call(site, request), pending=futures or awaited, started=futures)


def _prepared(site: Site, session: Made) -> Sent | None:
    """``session.send(Request("GET", url).prepare())``."""
    given = site.arg(0, "request")
    while isinstance(given, Made) and given.name.qualified.endswith((".prepare", ".prepare_request")):
        func = given.call.func
        inner = given.call.args[0] if given.call.args else func.value if isinstance(func, ast.Attribute) else None
        given = site.values.at(inner, site.frame.deeper(given.scope, dict(given.bound))) if inner is not None else None
    if not isinstance(given, Made):
        return _made(site, "*", None, session)
    method, url = site.made_by(given, 0, "method"), site.made_by(given, 1, "url")
    return _made(site, verb(method, "*"), url, session)


def _base(site: Site, session: Made) -> Value | None:
    kind = session.name.qualified.rpartition(".")[2]
    if kind != "BaseUrlSession" and not session.name.qualified.startswith("niquests"):
        return None
    return site.made_by(session, 0 if kind == "BaseUrlSession" else None, "base_url")


def _layers(site: Site, session: Made, addresses: tuple[Template, ...]) -> tuple[Retry, ...]:
    """Retries of the adapter whose prefix is the longest one that the address starts with."""
    if session.name.qualified.startswith("niquests"):
        own = site.layers(session.call, session.scope)
        if own:
            return own
    start = start_of(addresses[0]) if addresses else ""
    best: tuple[int, ast.expr, Scope] | None = None
    for prefix, adapter, scope in mounts(site, session):
        known = constant_text(prefix)
        fits = known is not None and (start.lower().startswith(known.lower()) or _may_start(start, known))
        if fits and known is not None and (best is None or len(known) >= best[0]):
            best = (len(known), adapter, scope)
    return site.layers(best[1], best[2]) if best is not None else ()


def _may_start(start: str, prefix: str) -> bool:
    """Where the address is not known, a request inside a mesh is taken to be plain http."""
    return "://" not in start and prefix in ("http://", "http", "")


def mounts(site: Site, session: Made) -> Iterator[tuple[Value, ast.expr, Scope]]:
    """``session.mount(prefix, adapter)`` in the code that made the session, and in the session's own class."""
    scopes = [session.scope]
    cls = session.name.scope
    scopes += [c for c in cls.children if c.is_function] if cls is not None else []
    scopes += [s for s in _sharing(site, session) if s not in scopes]
    for scope in scopes:
        for node in scope.own_nodes():
            match node:
                case ast.Call(func=ast.Attribute(attr="mount", value=on), args=[prefix, adapter, *_]):
                    if _same(site, on, scope, session):
                        yield from ((p, adapter, scope) for p in options(site.values.evaluate(prefix, scope)))


def _sharing(site: Site, session: Made) -> Iterator[Scope]:
    """Functions of the class or module whose code makes the session: it may be set up in any of them."""
    parent = session.scope.parent
    if parent is not None:
        yield from (c for c in parent.children if c.is_function)
    elif not session.scope.is_function:
        yield from (c for c in session.scope.children if c.is_function)
    if site.scope is not session.scope:
        yield site.scope


def _same(site: Site, expr: ast.expr, scope: Scope, session: Made) -> bool:
    if isinstance(expr, ast.Name) and expr.id == "self":
        return scope.parent is not None and scope.parent is session.name.scope
    found = site.values.evaluate(expr, scope)
    return any(isinstance(o, Made) and o.call is session.call for o in options(found))


REQUESTS = Client("requests", _MODULES, _recognise)
