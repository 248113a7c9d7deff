"""The standard library: ``urllib.request`` and ``http.client``.

Source: CPython 3.11 ``Lib/urllib/request.py`` (``HTTPErrorProcessor`` raises on everything but 2xx; redirects are
followed), ``Lib/http/client.py``.
"""

from __future__ import annotations

from parsers.python.clients import Client
from parsers.python.sending import Request, Sent, Site, call, seconds, urls, verb
from parsers.python.value import NONE, Known, Made, Value, concatenate, settled

_CONNECTIONS = ("http.client.HTTPConnection", "http.client.HTTPSConnection")


def _recognise(site: Site) -> Sent | None:
    if site.qualified in ("urllib.request.urlopen", "urllib2.urlopen", "six.moves.urllib.request.urlopen"):
        return _opened(site)
    maker = site.maker
    if maker is None:
        return None
    if site.qualified in ("urllib.request.build_opener.open", "urllib.request.OpenerDirector.open"):
        return _opened(site)
    return _connection(site, maker) if maker.name.qualified in _CONNECTIONS else None


def _opened(site: Site) -> Sent:
    target = site.arg(0, "url", "fullurl")
    data = site.arg(1, "data")
    method, url, headers = None, target, None
    inner = settled(target) if target is not None else NONE
    if isinstance(inner, Made) and inner.name.qualified.endswith("Request"):
        url, headers = site.made_by(inner, 0, "url"), site.made_by(inner, None, "headers")
        data = data if data is not None else site.made_by(inner, 1, "data")
        method = site.made_by(inner, None, "method")
    sends_data = data is not None and settled(data) != NONE
    request = Request(
        client="urllib",
        method=verb(method, "POST" if sends_data else "GET"),
        url=urls(url),
        timeout=seconds(site.arg(2, "timeout")),
        raises=(">=400",),
        raised="urllib.error.HTTPError",
        headers=(headers,),
        bodies=(data,),
    )
    return Sent(call(site, request))


def _connection(site: Site, maker: Made) -> Sent | None:
    if site.attr == "getresponse":
        return None
    if site.attr not in ("request", "putrequest"):
        return None
    host, port = site.made_by(maker, 0, "host"), site.made_by(maker, 1, "port")
    scheme = "https://" if "HTTPS" in maker.name.qualified else "http://"
    pieces: list[Value] = [Known(scheme), host or Known("")]
    if port is not None and settled(port) != NONE:
        pieces += [Known(":"), port]
    pieces.append(site.arg(1, "url") or Known("/"))
    request = Request(
        client="http.client",
        method=verb(site.arg(0, "method"), "*"),
        url=urls(concatenate(pieces)),
        timeout=seconds(site.made_by(maker, None, "timeout")),
        headers=(site.arg(3, "headers"),),
        bodies=(site.arg(2, "body"),),
    )
    return Sent(call(site, request))


URLLIB = Client("urllib", frozenset({"urllib", "urllib2", "six", "http"}), _recognise)
