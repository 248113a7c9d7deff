"""httpx.

Source: httpx 0.28 ``_api.py``, ``_client.py`` (``base_url`` is joined by path; ``DEFAULT_TIMEOUT_CONFIG`` is 5 s),
``_transports/default.py`` (``retries`` repeats connecting only).
"""

from __future__ import annotations

import ast

from parsers.facts.python import Retry, Template
from parsers.python.clients import Client
from parsers.python.sending import VERBS, Request, Sent, Site, call, seconds, start_of, urls, verb
from parsers.python.value import Made, Value, settled

_DEFAULT_TIMEOUT_S = 5.0
_CLIENTS = ("Client", "AsyncClient")


def _recognise(site: Site) -> Sent | None:
    maker = site.maker
    if maker is None:
        return _sent(site, None) if site.qualified.count(".") == 1 else None
    kind = maker.name.qualified.rpartition(".")[2]
    return _sent(site, maker) if kind in _CLIENTS else None


def _sent(site: Site, client: Made | None) -> Sent | None:
    attr = site.attr
    if attr in VERBS:
        method, url = attr.upper(), site.arg(0, "url")
    elif attr in ("request", "stream"):
        method, url = verb(site.arg(0, "method"), "*"), site.arg(1, "url")
    elif attr == "send" and client is not None:
        built = site.arg(0, "request")
        if not isinstance(built, Made):
            method, url = "*", None
        else:
            method, url = verb(site.made_by(built, 0, "method"), "*"), site.made_by(built, 1, "url")
    else:
        return None
    addresses = urls(url, site.made_by(client, None, "base_url") if client is not None else None)
    request = Request(
        client="httpx",
        method=method,
        url=addresses,
        layers=_layers(site, client, addresses) if client is not None else (),
        timeout=_timeout(site, client),
        headers=(site.made_by(client, None, "headers") if client is not None else None, site.arg(None, "headers")),
        bodies=(site.arg(None, "content"), site.arg(None, "data"), site.arg(None, "json")),
    )
    awaited = client is not None and client.name.qualified.endswith("AsyncClient")
    return Sent(call(site, request), pending=awaited)


def _timeout(site: Site, client: Made | None) -> tuple[float | None, bool]:
    given = site.arg(None, "timeout")
    if given is None and client is not None:
        given = site.made_by(client, None, "timeout")
    return seconds(read_timeout(site, given), _DEFAULT_TIMEOUT_S)


def read_timeout(site: Site, given: Value | None) -> Value | None:
    """``httpx.Timeout(10, read=3)`` is 3 for an answer that does not come."""
    inner = settled(given) if given is not None else None
    if not isinstance(inner, Made) or not inner.name.qualified.endswith("Timeout"):
        return given
    found = site.made_by(inner, None, "read")
    return found if found is not None else site.made_by(inner, 0, "timeout")


def _layers(site: Site, client: Made, addresses: tuple[Template, ...]) -> tuple[Retry, ...]:
    """Retries of the transport: the longest matching pattern of ``mounts``, else ``transport``."""
    mounted = _mounted(client, start_of(addresses[0]) if addresses else "")
    if mounted is not None:
        return site.layers(mounted, client.scope)
    transport = next((k.value for k in client.call.keywords if k.arg == "transport"), None)
    if transport is not None:
        return site.layers(transport, client.scope)
    return site.layers(client.call, client.scope)


def _mounted(client: Made, start: str) -> ast.expr | None:
    mounts = next((k.value for k in client.call.keywords if k.arg == "mounts"), None)
    if not isinstance(mounts, ast.Dict):
        return None
    fitting = [
        (len(key.value), value)
        for key, value in zip(mounts.keys, mounts.values, strict=True)
        if isinstance(key, ast.Constant) and isinstance(key.value, str)
        if start.startswith(key.value) or key.value == "all://" or (not start and key.value == "http://")
    ]
    return max(fitting, key=lambda pair: pair[0])[1] if fitting else None


HTTPX = Client("httpx", frozenset({"httpx"}), _recognise)
