"""What is worked out once for a mesh: a ``Mesh`` never changes, so an answer about all of it is kept.

Shape: pure functions of a mesh, remembered by the mesh's identity while it lives here (the latest few).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TypeVar

from analyzer.linking.mesh import Mesh

T = TypeVar("T")


class _Same:
    """A mesh compared by identity: its mappings have no hash, and need none, as it is immutable."""

    __slots__ = ("mesh",)

    def __init__(self, mesh: Mesh) -> None:
        self.mesh = mesh

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.mesh is self.mesh

    def __hash__(self) -> int:
        return id(self.mesh)


def remembered(mesh: Mesh, work: Callable[[Mesh], T]) -> T:
    """``work(mesh)``, done once."""
    return _done(_Same(mesh), work)  # type: ignore[return-value]  # the cache forgets the type that work has


@lru_cache(maxsize=64)
def _done(same: _Same, work: Callable[[Mesh], object]) -> object:
    return work(same.mesh)
