"""One compose service as written, with what it ``extends`` behind it, and its variables filled in.

Source: compose-spec, ``extends``: mappings are merged, sequences appended, other values replaced.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from parsers.mesh.compose.interpolation import UnsetError, interpolate
from parsers.yamltree import Node


@dataclass(frozen=True, slots=True)
class Service:
    """``layers`` are the service itself, then what it extends, nearest first."""

    name: str
    node: Node
    layers: tuple[Node, ...]
    known: Mapping[str, str]

    def at(self, key: str) -> Node:
        """The value under ``key``: the service's own, else the nearest extended one's."""
        found = [layer.at(key) for layer in self.layers]
        return next((node for node in found if node), found[0])

    def each(self, key: str) -> Iterator[Node]:
        """The values under ``key``, the farthest extended first: what is to be merged in that order."""
        for layer in reversed(self.layers):
            if layer.at(key):
                yield layer.at(key)

    def value(self, node: Node) -> str | None:
        """A scalar with its variables replaced; ``None`` where it is not there, or not known (and reported)."""
        written = node.scalar(None)
        if written is None:
            return None
        try:
            return interpolate(written, self.known)
        except UnsetError as unset:
            node.invalid(f"{unset} has no value in .env and no default; taken as unknown")
            return None
