"""aiohttp's client, and aiohttp-retry around it.

Source: aiohttp 3.14 ``client.py`` (``DEFAULT_TIMEOUT`` is 300 s in total; ``raise_for_status=True`` raises on >= 400).
"""

from __future__ import annotations

from parsers.python.clients import Client
from parsers.python.sending import VERBS, Request, Sent, Site, absolute, call, seconds, urls, verb
from parsers.python.value import Known, Made, Value, settled, templates

_DEFAULT_TIMEOUT_S = 300.0
_SESSIONS = ("ClientSession", "RetryClient", "CachedSession")


def _recognise(site: Site) -> Sent | None:
    maker, attr = site.maker, site.attr
    if maker is None:
        return _sent(site, "*", 0, None) if site.qualified == "aiohttp.request" else None
    if maker.name.qualified.rpartition(".")[2] not in _SESSIONS:
        return None
    if attr in VERBS:
        return _sent(site, attr.upper(), None, maker)
    if attr in ("request", "_request"):
        return _sent(site, "*", 0, maker)
    return _sent(site, "GET", None, maker) if attr == "ws_connect" else None


def _sent(site: Site, method: str, at: int | None, session: Made | None) -> Sent:
    url = site.arg(0 if at is None else 1, "url", "str_or_url")
    if at is not None:
        method = verb(site.arg(at, "method"), "*")
    base = site.made_by(session, 0, "base_url") if session is not None else None
    found = urls(url)
    if base is not None and settled(base) != Known(None):
        found = tuple(dict.fromkeys(absolute(b, t) for b in templates(base) for t in found))
    strict = settled(site.arg(None, "raise_for_status") or _of(site, session, "raise_for_status") or Known(None))
    raises = strict == Known(value=True)
    request = Request(
        client="aiohttp",
        method=method,
        url=found,
        protocol="ws" if site.attr == "ws_connect" else "http",
        layers=site.layers(session.call, session.scope) if session is not None else (),
        timeout=_timeout(site, session),
        headers=(_of(site, session, "headers"), site.arg(None, "headers")),
        bodies=(site.arg(None, "data"), site.arg(None, "json")),
        raises=(">=400",) if raises else (),
        raised="aiohttp.ClientResponseError" if raises else None,
    )
    return Sent(call(site, request), pending=True)


def _of(site: Site, session: Made | None, name: str) -> Value | None:
    return site.made_by(session, None, name) if session is not None else None


def _timeout(site: Site, session: Made | None) -> tuple[float | None, bool]:
    given = site.arg(None, "timeout")
    if given is None:
        given = _of(site, session, "timeout")
    inner = settled(given) if given is not None else None
    if isinstance(inner, Made) and inner.name.qualified.endswith("ClientTimeout"):
        total = site.made_by(inner, 0, "total")
        read = site.made_by(inner, None, "sock_read")
        return seconds(total if total is not None else read, None if read is None else _DEFAULT_TIMEOUT_S)
    return seconds(given, _DEFAULT_TIMEOUT_S)


AIOHTTP = Client("aiohttp", frozenset({"aiohttp", "aiohttp_retry", "aiohttp_client_cache"}), _recognise)
