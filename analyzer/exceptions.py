"""What code sees when a request fails: which exception each client raises, and what each exception is a kind of.

Source: the classes' own ``__mro__`` and what they raised against local servers, for requests 2.34, urllib3 2.8,
httpx 0.28, aiohttp 3.14, CPython 3.11, grpcio 1.85, botocore 1.44, openai 3.54, redis 8.1 (docs/amplification.md lists
the probes). Names are the ones code imports; ``ALIASES`` are other names of the same classes.
Shape: causes as in ``causes``; several classes for one cause mean that any of them may come.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

_REQ, _URL3, _AIO, _BOTO = (
    "requests.exceptions.",
    "urllib3.exceptions.",
    "aiohttp.client_exceptions.",
    "botocore.exceptions.",
)

#: Class -> its direct bases. What is not named here is an ``Exception`` of which nothing more is known.
BASES: dict[str, tuple[str, ...]] = {
    "Exception": ("BaseException",),
    "OSError": ("Exception",),
    "TimeoutError": ("OSError",),
    "ConnectionError": ("OSError",),
    "ConnectionRefusedError": ("ConnectionError",),
    "ConnectionResetError": ("ConnectionError",),
    "ConnectionAbortedError": ("ConnectionError",),
    "BrokenPipeError": ("ConnectionError",),
    "socket.gaierror": ("OSError",),
    "ssl.SSLError": ("OSError",),
    "ValueError": ("Exception",),
    "RuntimeError": ("Exception",),
    "LookupError": ("Exception",),
    "KeyError": ("LookupError",),
    "IndexError": ("LookupError",),
    "TypeError": ("Exception",),
    "AttributeError": ("Exception",),
    "asyncio.CancelledError": ("BaseException",),
    "KeyboardInterrupt": ("BaseException",),
    "SystemExit": ("BaseException",),
    "GeneratorExit": ("BaseException",),
    "json.JSONDecodeError": ("ValueError",),
    # requests
    _REQ + "RequestException": ("OSError",),
    _REQ + "HTTPError": (_REQ + "RequestException",),
    _REQ + "ConnectionError": (_REQ + "RequestException",),
    _REQ + "ProxyError": (_REQ + "ConnectionError",),
    _REQ + "SSLError": (_REQ + "ConnectionError",),
    _REQ + "Timeout": (_REQ + "RequestException",),
    _REQ + "ConnectTimeout": (_REQ + "ConnectionError", _REQ + "Timeout"),
    _REQ + "ReadTimeout": (_REQ + "Timeout",),
    _REQ + "ChunkedEncodingError": (_REQ + "RequestException",),
    _REQ + "ContentDecodingError": (_REQ + "RequestException", _URL3 + "HTTPError"),
    _REQ + "RetryError": (_REQ + "RequestException",),
    _REQ + "InvalidURL": (_REQ + "RequestException", "ValueError"),
    _REQ + "JSONDecodeError": (_REQ + "RequestException", "json.JSONDecodeError"),
    _REQ + "TooManyRedirects": (_REQ + "RequestException",),
    # urllib3
    _URL3 + "HTTPError": ("Exception",),
    _URL3 + "PoolError": (_URL3 + "HTTPError",),
    _URL3 + "RequestError": (_URL3 + "PoolError",),
    _URL3 + "MaxRetryError": (_URL3 + "RequestError",),
    _URL3 + "TimeoutError": (_URL3 + "HTTPError",),
    _URL3 + "ReadTimeoutError": (_URL3 + "TimeoutError", _URL3 + "RequestError"),
    _URL3 + "ConnectTimeoutError": (_URL3 + "TimeoutError",),
    _URL3 + "NewConnectionError": (_URL3 + "ConnectTimeoutError",),
    _URL3 + "ProtocolError": (_URL3 + "HTTPError",),
    _URL3 + "IncompleteRead": (_URL3 + "HTTPError", "http.client.IncompleteRead"),
    _URL3 + "ResponseError": (_URL3 + "HTTPError",),
    # httpx
    "httpx.HTTPError": ("Exception",),
    "httpx.HTTPStatusError": ("httpx.HTTPError",),
    "httpx.RequestError": ("httpx.HTTPError",),
    "httpx.TransportError": ("httpx.RequestError",),
    "httpx.TimeoutException": ("httpx.TransportError",),
    "httpx.ConnectTimeout": ("httpx.TimeoutException",),
    "httpx.ReadTimeout": ("httpx.TimeoutException",),
    "httpx.WriteTimeout": ("httpx.TimeoutException",),
    "httpx.PoolTimeout": ("httpx.TimeoutException",),
    "httpx.NetworkError": ("httpx.TransportError",),
    "httpx.ConnectError": ("httpx.NetworkError",),
    "httpx.ReadError": ("httpx.NetworkError",),
    "httpx.WriteError": ("httpx.NetworkError",),
    "httpx.CloseError": ("httpx.NetworkError",),
    "httpx.ProtocolError": ("httpx.TransportError",),
    "httpx.RemoteProtocolError": ("httpx.ProtocolError",),
    "httpx.LocalProtocolError": ("httpx.ProtocolError",),
    "httpx.ProxyError": ("httpx.TransportError",),
    "httpx.DecodingError": ("httpx.RequestError",),
    "httpx.TooManyRedirects": ("httpx.RequestError",),
    # aiohttp
    _AIO + "ClientError": ("Exception",),
    _AIO + "ClientResponseError": (_AIO + "ClientError",),
    _AIO + "ClientConnectionError": (_AIO + "ClientError",),
    _AIO + "ClientOSError": (_AIO + "ClientConnectionError", "OSError"),
    _AIO + "ClientConnectorError": (_AIO + "ClientOSError",),
    _AIO + "ServerConnectionError": (_AIO + "ClientConnectionError",),
    _AIO + "ServerDisconnectedError": (_AIO + "ServerConnectionError",),
    _AIO + "ServerTimeoutError": (_AIO + "ServerConnectionError", "TimeoutError"),
    _AIO + "ConnectionTimeoutError": (_AIO + "ServerTimeoutError",),
    _AIO + "SocketTimeoutError": (_AIO + "ServerTimeoutError",),
    _AIO + "ClientPayloadError": (_AIO + "ClientError",),
    _AIO + "ContentTypeError": (_AIO + "ClientResponseError",),
    # urllib and http.client
    "urllib.error.URLError": ("OSError",),
    "urllib.error.HTTPError": ("urllib.error.URLError",),
    "http.client.HTTPException": ("Exception",),
    "http.client.IncompleteRead": ("http.client.HTTPException",),
    "http.client.BadStatusLine": ("http.client.HTTPException",),
    "http.client.RemoteDisconnected": ("ConnectionResetError", "http.client.BadStatusLine"),
    # gRPC
    "grpc.RpcError": ("Exception",),
    "grpc._channel._InactiveRpcError": ("grpc.RpcError",),
    "grpc.aio.AioRpcError": ("grpc.RpcError",),
    "grpc.FutureTimeoutError": ("Exception",),
    # SDKs
    _BOTO + "BotoCoreError": ("Exception",),
    _BOTO + "ClientError": ("Exception",),
    _BOTO + "HTTPClientError": (_BOTO + "BotoCoreError",),
    _BOTO + "ConnectionError": (_BOTO + "BotoCoreError",),
    _BOTO + "EndpointConnectionError": (_BOTO + "ConnectionError",),
    _BOTO + "ConnectionClosedError": (_BOTO + "HTTPClientError",),
    _BOTO + "ReadTimeoutError": (_BOTO + "HTTPClientError",),
    _BOTO + "ConnectTimeoutError": (_BOTO + "ConnectionError",),
    "redis.exceptions.RedisError": ("Exception",),
    "redis.exceptions.ConnectionError": ("redis.exceptions.RedisError",),
    "redis.exceptions.TimeoutError": ("redis.exceptions.RedisError",),
    "redis.exceptions.BusyLoadingError": ("redis.exceptions.ConnectionError",),
    "tenacity.RetryError": ("Exception",),
}

for _sdk in ("openai", "anthropic"):
    BASES |= {
        f"{_sdk}.{_sdk.capitalize() if _sdk == 'anthropic' else 'OpenAI'}Error": ("Exception",),
        f"{_sdk}.APIError": (f"{_sdk}.{'Anthropic' if _sdk == 'anthropic' else 'OpenAI'}Error",),
        f"{_sdk}.APIConnectionError": (f"{_sdk}.APIError",),
        f"{_sdk}.APITimeoutError": (f"{_sdk}.APIConnectionError",),
        f"{_sdk}.APIStatusError": (f"{_sdk}.APIError",),
        f"{_sdk}.RateLimitError": (f"{_sdk}.APIStatusError",),
        f"{_sdk}.ConflictError": (f"{_sdk}.APIStatusError",),
        f"{_sdk}.NotFoundError": (f"{_sdk}.APIStatusError",),
        f"{_sdk}.InternalServerError": (f"{_sdk}.APIStatusError",),
    }

#: Other names of the same classes. ``requests.X`` and ``aiohttp.X`` are completed by ``canonical``.
ALIASES = {
    "IOError": "OSError",
    "EnvironmentError": "OSError",
    "socket.error": "OSError",
    "select.error": "OSError",
    "socket.timeout": "TimeoutError",
    "asyncio.TimeoutError": "TimeoutError",
    "asyncio.exceptions.TimeoutError": "TimeoutError",
    "asyncio.exceptions.CancelledError": "asyncio.CancelledError",
    "concurrent.futures.TimeoutError": "TimeoutError",
    "json.decoder.JSONDecodeError": "json.JSONDecodeError",
    "simplejson.JSONDecodeError": "json.JSONDecodeError",
    "aiohttp.ClientConnectorDNSError": _AIO + "ClientConnectorError",
    "botocore.errorfactory.ClientError": _BOTO + "ClientError",
    "grpc.RpcContext": "grpc.RpcError",
    "requests.adapters.ConnectionError": _REQ + "ConnectionError",
    "httpx.NetworkException": "httpx.NetworkError",
}
_HOMES = {"requests.": _REQ, "aiohttp.": _AIO, "redis.": "redis.exceptions.", "urllib3.": _URL3, "builtins.": ""}

_URLLIB = {
    "connect-failure": ("urllib.error.URLError",),
    "reset": ("http.client.RemoteDisconnected", "ConnectionResetError"),
    "timeout": ("TimeoutError",),
    "truncated": ("http.client.IncompleteRead",),
}
_OPENAI_LIKE = {"429": "RateLimitError", "409": "ConflictError", "404": "NotFoundError", "5xx": "InternalServerError"}

#: Client -> cause -> the classes that may come.
RAISES: dict[str, dict[str, tuple[str, ...]]] = {
    "requests": {
        "connect-failure": (_REQ + "ConnectionError",),
        "reset": (_REQ + "ConnectionError",),
        "timeout": (_REQ + "ReadTimeout",),
        "truncated": (_REQ + "ChunkedEncodingError",),
    },
    "httpx": {
        "connect-failure": ("httpx.ConnectError",),
        "reset": ("httpx.ReadError", "httpx.RemoteProtocolError"),
        "timeout": ("httpx.ReadTimeout",),
        "truncated": ("httpx.RemoteProtocolError", "httpx.ReadError"),
    },
    "aiohttp": {
        "connect-failure": (_AIO + "ClientConnectorError",),
        "reset": (_AIO + "ServerDisconnectedError", _AIO + "ClientOSError"),
        "timeout": (_AIO + "SocketTimeoutError", "TimeoutError"),
        "truncated": (_AIO + "ClientPayloadError",),
    },
    "urllib3": {
        "connect-failure": (_URL3 + "MaxRetryError",),
        "reset": (_URL3 + "MaxRetryError", _URL3 + "ProtocolError"),
        "timeout": (_URL3 + "MaxRetryError", _URL3 + "ReadTimeoutError"),
        "truncated": (_URL3 + "ProtocolError",),
    },
    "urllib": _URLLIB,
    "http.client": {**_URLLIB, "connect-failure": ("ConnectionRefusedError",)},
    "boto": {
        "connect-failure": (_BOTO + "EndpointConnectionError",),
        "reset": (_BOTO + "ConnectionClosedError",),
        "timeout": (_BOTO + "ReadTimeoutError",),
        "truncated": (_BOTO + "HTTPClientError",),
        "*": (_BOTO + "ClientError",),
    },
    "redis": {
        "connect-failure": ("redis.exceptions.ConnectionError",),
        "reset": ("redis.exceptions.ConnectionError",),
        "timeout": ("redis.exceptions.TimeoutError",),
        "truncated": ("redis.exceptions.ConnectionError",),
    },
    "grpc.aio": {"*": ("grpc.aio.AioRpcError",)},
    "grpc": {"*": ("grpc._channel._InactiveRpcError",)},
}
RAISES["niquests"] = RAISES["requests"]
for _sdk in ("openai", "anthropic"):
    RAISES[_sdk] = {
        "connect-failure": (f"{_sdk}.APIConnectionError",),
        "reset": (f"{_sdk}.APIConnectionError",),
        "timeout": (f"{_sdk}.APITimeoutError",),
        "truncated": (f"{_sdk}.APIConnectionError",),
        **{status: (f"{_sdk}.{name}",) for status, name in _OPENAI_LIKE.items()},
        "*": (f"{_sdk}.APIStatusError",),
    }
_FAMILIES = {
    "botocore": "boto",
    "boto3": "boto",
    "aioboto3": "boto",
    "aiobotocore": "boto",
    "requests_futures": "requests",
}


@lru_cache(maxsize=4096)
def canonical(name: str) -> str:
    """The one name of a class under which it stands in ``BASES``."""
    if name in BASES:
        return name
    if name in ALIASES:
        return ALIASES[name]
    for short, home in _HOMES.items():
        if name.startswith(short):
            moved = home + name.rpartition(".")[2]
            if moved in BASES:
                return moved
            if moved in ALIASES:
                return ALIASES[moved]
    return name


@lru_cache(maxsize=4096)
def lineage(name: str) -> tuple[str, ...]:
    """The class and everything it is a kind of, nearest first."""
    found: dict[str, None] = {}
    queue = [canonical(name)]
    while queue:
        current = queue.pop(0)
        if current not in found:
            found[current] = None
            queue.extend(BASES.get(current, () if current == "BaseException" else ("Exception",)))
    return tuple(found)


def kinds(classes: Iterable[str]) -> tuple[str, ...]:
    """All that an exception is, given its class and those of its ancestors that are known."""
    found: dict[str, None] = {}
    for name in classes:
        found.update(dict.fromkeys(lineage(name)))
    return tuple(found) or ("Exception", "BaseException")


def caught(raised: tuple[str, ...], wanted: Iterable[str]) -> bool | None:
    """Whether an exception of these kinds is one of the wanted; ``None`` where too little is known of it."""
    maybe = False
    for name in wanted:
        target = canonical(name)
        if target in raised:
            return True
        maybe = maybe or _may_be(raised, target)
    return None if maybe else False


def _may_be(raised: tuple[str, ...], target: str) -> bool:
    """A class of which nothing is known may be a kind of another one of the same package."""
    first = raised[0]
    unknown = first not in BASES and all(k in ("Exception", "BaseException") for k in raised[1:])
    return unknown and target not in BASES and first.partition(".")[0] == target.partition(".")[0] != ""


def raised_by(client: str, cause: str) -> tuple[str, ...]:
    """The classes with which a client may tell its code of a cause; empty where it is not known."""
    family = _family(client)
    table = RAISES.get(family, {})
    if cause in table:
        return table[cause]
    if cause.isdecimal() and f"{cause[0]}xx" in table:
        return table[f"{cause[0]}xx"]
    return table.get("*", ())


def _family(client: str) -> str:
    if client in RAISES:
        return client
    head = client.partition(".")[0]
    if client.startswith("grpc.aio"):
        return "grpc.aio"
    if client.startswith("http.client"):
        return "http.client"
    return _FAMILIES.get(head, head)
