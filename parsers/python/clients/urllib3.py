"""urllib3.

Source: urllib3 2.8 ``poolmanager.py``, ``connectionpool.py`` (``urlopen``), ``util/retry.py`` (``Retry.DEFAULT`` is 3).
"""

from __future__ import annotations

from parsers.facts.python import Retry
from parsers.python.clients import Client
from parsers.python.sending import Request, Sent, Site, call, seconds, urls, verb
from parsers.python.value import NONE, Known, Made, Value, concatenate, settled

_POOLS = ("PoolManager", "ProxyManager", "HTTPConnectionPool", "HTTPSConnectionPool", "connection_from_url")
_SENDS = frozenset({"request", "urlopen", "request_encode_url", "request_encode_body"})


def _recognise(site: Site) -> Sent | None:
    maker = site.maker
    if maker is None:
        return _sent(site, None) if site.qualified == "urllib3.request" else None
    pool = maker.name.qualified.rpartition(".")[2] in _POOLS
    return _sent(site, maker) if pool and site.attr in _SENDS else None


def _sent(site: Site, pool: Made | None) -> Sent:
    request = Request(
        client="urllib3",
        method=verb(site.arg(0, "method"), "*"),
        url=urls(_address(site, pool)),
        layers=_layers(site, pool),
        timeout=_timeout(site, pool),
        headers=(site.made_by(pool, None, "headers") if pool else None, site.arg(None, "headers")),
        bodies=(site.arg(None, "body"), site.arg(None, "fields"), site.arg(None, "json")),
    )
    return Sent(call(site, request))


def _address(site: Site, pool: Made | None) -> Value | None:
    path = site.arg(1, "url")
    if pool is None or not pool.name.qualified.endswith("ConnectionPool"):
        return path
    host, port = site.made_by(pool, 0, "host"), site.made_by(pool, 1, "port")
    scheme = "https://" if "HTTPS" in pool.name.qualified else "http://"
    pieces: list[Value] = [Known(scheme), host or Known("")]
    if port is not None and settled(port) != NONE:
        pieces += [Known(":"), port]
    return concatenate((*pieces, path or Known("/")))


def _layers(site: Site, pool: Made | None) -> tuple[Retry, ...]:
    if any(k.arg == "retries" for k in site.node.keywords):
        return site.layers(site.node, site.scope)
    if pool is None:
        return site.layers(site.node, site.scope)
    return site.layers(pool.call, pool.scope)


def _timeout(site: Site, pool: Made | None) -> tuple[float | None, bool]:
    given = site.arg(None, "timeout")
    if given is None and pool is not None:
        given = site.made_by(pool, None, "timeout")
    inner = settled(given) if given is not None else None
    if isinstance(inner, Made) and inner.name.qualified.endswith("Timeout"):
        read = site.made_by(inner, None, "read")
        given = read if read is not None else site.made_by(inner, None, "total")
    return seconds(given)


URLLIB3 = Client("urllib3", frozenset({"urllib3"}), _recognise)
