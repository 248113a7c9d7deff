"""grpcio servicers: every method of a class that inherits from a generated ``*Servicer``.

Source: grpcio 1.85 ``_server.py`` (an exception that leaves a method is answered with ``UNKNOWN``); generated
``*_pb2_grpc.py``.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from parsers.python.module import Scope
from parsers.python.routing import Found, Routing
from parsers.python.servers import Server

#: Services whose definition comes with grpcio.
_KNOWN = {"Health": "grpc.health.v1.Health", "ServerReflection": "grpc.reflection.v1alpha.ServerReflection"}
_HEALTH = frozenset({"Check", "Watch"})


def _find(routing: Routing) -> Iterator[Found]:
    for cls in routing.values.sites.classes():
        if cls.module.path.endswith("_pb2_grpc.py"):
            continue
        service = _service(routing, cls)
        if service is not None:
            yield from _methods(routing, cls, service)


def _service(routing: Routing, cls: Scope) -> str | None:
    for name in routing.values.program.base_names(cls):
        short = name.rpartition(".")[2]
        if short.endswith("Servicer") and name != cls.symbol:
            return short.removesuffix("Servicer")
    return None


def _methods(routing: Routing, cls: Scope, short: str) -> Iterator[Found]:
    protos = routing.values.protos
    full = _KNOWN.get(short) or protos.service(short)
    rpcs = protos.methods(full)
    for home in routing.values.program.ancestry(cls):
        if home.module.path.endswith("_pb2_grpc.py"):
            continue
        for method in home.children:
            if not method.is_function or method.name.startswith(("_", "<")) or not _takes_request(method):
                continue
            owner = full
            if rpcs and method.name not in rpcs:
                if method.name not in _HEALTH:
                    continue
                owner = _KNOWN["Health"]
            yield Found(
                framework="grpc",
                kind="grpc",
                method=f"/{owner}/{method.name}",
                route=f"/{owner}/{method.name}",
                target=routing.thing(method),
                span=method.module.span(method.node),
                uncaught="grpc-unknown",
            )


def _takes_request(method: Scope) -> bool:
    node = method.node
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and len(node.args.args) >= 3


GRPC = Server("grpc", ("Servicer",), _find)
