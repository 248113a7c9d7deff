"""Full names of gRPC services, where only the short name is in sight: from ``.proto`` files and generated code.

Source: protobuf's language guide (``package``, ``service``); ``*_pb2_grpc.py`` as grpcio-tools writes it.
Errors: none; a service that is found nowhere keeps its short name.
"""

from __future__ import annotations

import re

from parsers.python.program import Program

_PACKAGE = re.compile(r"^\s*package\s+([\w.]+)\s*;", re.M)
_SERVICE = re.compile(r"^\s*service\s+(\w+)\s*\{", re.M)
_RPC = re.compile(r"^\s*rpc\s+(\w+)", re.M)
_METHOD_TEXT = re.compile(r"""["']/([\w.]+)/(\w+)["']""")
#: Bytes of a file that are looked at; how many files.
_MAX_BYTES = 1 << 20
_MAX_FILES = 2000


class Protos:
    """Service names of one tree, read when the first is asked for."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._full: dict[str, list[str]] | None = None
        self._methods: dict[str, set[str]] = {}

    def service(self, short: str) -> str:
        """``ProductCatalogService`` -> ``hipstershop.ProductCatalogService``."""
        found = self.services.get(short, [])
        return found[0] if found else short

    def methods(self, full: str) -> frozenset[str]:
        """The methods of a service, where its definition is in the tree."""
        return frozenset(self._methods.get(full, ())) if self.services else frozenset()

    @property
    def services(self) -> dict[str, list[str]]:
        """Full names by short name, in the order of files."""
        if self._full is None:
            self._full = {}
            for text in self._program.texts((".proto", "_pb2_grpc.py"), _MAX_FILES):
                for full, methods in _defined(text[:_MAX_BYTES]):
                    self._methods.setdefault(full, set()).update(methods)
                    known = self._full.setdefault(full.rpartition(".")[2], [])
                    if full not in known:
                        known.append(full)
        return self._full


def _defined(text: str) -> list[tuple[str, list[str]]]:
    """Services with their methods, as one file defines them."""
    package = _PACKAGE.search(text)
    starts = list(_SERVICE.finditer(text))
    found: list[tuple[str, list[str]]] = []
    for i, start in enumerate(starts):
        end = starts[i + 1].start() if i + 1 < len(starts) else len(text)
        full = f"{package[1]}.{start[1]}" if package else start[1]
        found.append((full, _RPC.findall(text[start.end() : end])))
    if found:
        return found
    generated: dict[str, list[str]] = {}
    for match in _METHOD_TEXT.finditer(text):
        generated.setdefault(match[1], []).append(match[2])
    return list(generated.items())
