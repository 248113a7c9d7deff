"""HTTP clients that are met less often: httplib2, tornado's, treq, websockets, aiohttp-like wrappers of frameworks.

Source: httplib2 0.32 ``__init__.py``; tornado 6.6 ``httpclient.py`` (raises ``HTTPClientError`` on >= 400; 20 s request
timeout); treq 24; websockets 13.
"""

from __future__ import annotations

from parsers.python.clients import Client
from parsers.python.sending import VERBS, Request, Sent, Site, call, seconds, urls, verb
from parsers.python.value import NONE, Made, settled

_TORNADO_TIMEOUT_S = 20.0


def _recognise(site: Site) -> Sent | None:
    root = site.qualified.partition(".")[0]
    match root:
        case "httplib2":
            return _httplib2(site)
        case "tornado":
            return _tornado(site)
        case "treq":
            return _plain(site, "treq", pending=True) if site.attr in VERBS or site.attr == "request" else None
        case "websockets" | "websocket":
            return _socket(site) if site.attr in ("connect", "create_connection") else None
        case _:
            return None


def _httplib2(site: Site) -> Sent | None:
    maker = site.maker
    if maker is None or site.attr != "request" or not maker.name.qualified.endswith(".Http"):
        return None
    request = Request(
        client="httplib2",
        method=verb(site.arg(1, "method")),
        url=urls(site.arg(0, "uri")),
        layers=site.layers(maker.call, maker.scope),
        timeout=seconds(site.made_by(maker, 1, "timeout")),
        headers=(site.arg(3, "headers"),),
        bodies=(site.arg(2, "body"),),
    )
    return Sent(call(site, request))


def _tornado(site: Site) -> Sent | None:
    maker = site.maker
    if maker is None or site.attr != "fetch" or not maker.name.qualified.endswith("HTTPClient"):
        return None
    target = site.arg(0, "request")
    inner = settled(target) if target is not None else NONE
    method, timeout = site.arg(None, "method"), site.arg(None, "request_timeout")
    if isinstance(inner, Made) and inner.name.qualified.endswith("HTTPRequest"):
        target, method = site.made_by(inner, 0, "url"), site.made_by(inner, 1, "method")
        timeout = site.made_by(inner, None, "request_timeout")
    lenient = settled(site.arg(None, "raise_error") or NONE)
    raises = getattr(lenient, "value", None) is not False
    request = Request(
        client="tornado",
        method=verb(method),
        url=urls(target),
        timeout=seconds(timeout, _TORNADO_TIMEOUT_S),
        raises=(">=400",) if raises else (),
        raised="tornado.httpclient.HTTPClientError" if raises else None,
        headers=(site.arg(None, "headers"),),
        bodies=(site.arg(None, "body"),),
    )
    return Sent(call(site, request), pending="Async" in maker.name.qualified)


def _plain(site: Site, client: str, *, pending: bool) -> Sent:
    named = site.attr in VERBS
    request = Request(
        client=client,
        method=site.attr.upper() if named else verb(site.arg(0, "method"), "*"),
        url=urls(site.arg(0 if named else 1, "url")),
        timeout=seconds(site.arg(None, "timeout")),
        headers=(site.arg(None, "headers"),),
        bodies=(site.arg(None, "data"), site.arg(None, "json")),
    )
    return Sent(call(site, request), pending=pending)


def _socket(site: Site) -> Sent:
    request = Request(
        client=site.qualified.partition(".")[0], method="GET", url=urls(site.arg(0, "uri", "url")), protocol="ws"
    )
    return Sent(call(site, request), pending=site.qualified.startswith("websockets"))


OTHERS = Client("others", frozenset({"httplib2", "tornado", "treq", "websockets", "websocket"}), _recognise)
