"""grpcio: channel, stub, method; also multi-callables made of a channel, and ``grpc.aio``.

Source: grpcio 1.85 ``_channel.py``, ``aio/_channel.py``; generated ``*_pb2_grpc.py``: a stub's attribute is
``channel.unary_unary("/package.Service/Method", ...)``.
Shape: the address is the channel's target, the method the full ``/package.Service/Method``.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from parsers.facts.python import Retry, Template
from parsers.python.clients import Client
from parsers.python.sending import Request, Sent, Site, call, seconds, urls
from parsers.python.value import Made, Member, Value, constant_text, options, settled

_CALLABLES = ("unary_unary", "unary_stream", "stream_unary", "stream_stream")
_CHANNELS = ("insecure_channel", "secure_channel")
_VARIANTS = frozenset({"future", "with_call"})


def _recognise(site: Site) -> Sent | None:
    callee = site.callee
    if isinstance(callee, Member) and isinstance(callee.of, Made) and callee.names:
        *before, last = callee.names
        variant = last in _VARIANTS
        names = before if variant and before else [*before, last]
        if callee.of.name.qualified.endswith("Stub") and len(names) == 1:
            return _stub(site, callee.of, names[0], future=last == "future")
        return _multi(site, callee.of) if variant else None
    return _multi(site, callee) if isinstance(callee, Made) else None


def _stub(site: Site, stub: Made, method: str, *, future: bool) -> Sent | None:
    if not method[:1].isupper() and "pb2_grpc" not in stub.name.qualified:
        return None
    full = _written(site, stub, method) or f"/{_service(site, stub)}/{method}"
    channels = options(settled(site.made_by(stub, 0, "channel") or stub))
    return _sent(site, full, [c for c in channels if isinstance(c, Made) and c is not stub], future=future)


def _multi(site: Site, made: Made) -> Sent | None:
    """``channel.unary_unary("/pkg.Service/Method")(request)``."""
    if made.name.qualified.rpartition(".")[2] not in _CALLABLES or not isinstance(made.call.func, ast.Attribute):
        return None
    method = constant_text(site.made_by(made, 0, "method") or made)
    frame = site.frame.deeper(made.scope, dict(made.bound))
    channel = site.values.at(made.call.func.value, frame)
    channels = [o for o in options(settled(channel)) if isinstance(o, Made)]
    return _sent(site, method or "*", channels, future=False)


def _sent(site: Site, method: str, channels: list[Made], *, future: bool) -> Sent:
    targets: list[Template] = []
    layers: tuple[Retry, ...] = ()
    aio = False
    for channel in channels:
        inner = _unwrapped(site, channel)
        aio = aio or ".aio." in inner.name.qualified
        targets += urls(site.made_by(inner, 0, "target"))
        layers = layers or site.layers(inner.call, inner.scope)
    client = "grpc.aio" if aio else "grpc"
    request = Request(
        client=client,
        method=method,
        url=tuple(dict.fromkeys(targets)),
        protocol="grpc",
        layers=layers,
        timeout=seconds(site.arg(1, "timeout")),
        raises=("grpc-*",),
        raised="grpc.aio.AioRpcError" if aio else "grpc._channel._InactiveRpcError",
        headers=(),
    )
    return Sent(call(site, request), pending=aio or future, started=future, part="body")


def _unwrapped(site: Site, channel: Made) -> Made:
    """``grpc.intercept_channel(channel, ...)`` -> the channel; functions of other libraries too."""
    for _ in range(4):
        if channel.name.qualified.rpartition(".")[2] in _CHANNELS:
            return channel
        inner = next(iter(_channels(site.made_by(channel, 0, "channel"))), None)
        if inner is None:
            return channel
        channel = inner
    return channel


def _channels(value: Value | None) -> Iterator[Made]:
    return (o for o in options(settled(value)) if isinstance(o, Made)) if value is not None else iter(())


def _written(site: Site, stub: Made, method: str) -> str | None:
    """The full method in the stub's class, where that is in the tree."""
    cls = stub.name.scope
    stores = site.values.sites.stores(cls).get(method, []) if cls is not None else []
    for _, _, value in stores:
        for node in ast.walk(value):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith("/"):
                return node.value
    return None


def _service(site: Site, stub: Made) -> str:
    short = stub.name.qualified.rpartition(".")[2].removesuffix("Stub")
    return site.values.protos.service(short)


GRPC = Client("grpc", frozenset({"grpc"}), _recognise)
