"""Ids of wires: ``frontend POST /payment#2->ledgerwriter``; a namespace is part of one where a name needs it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from analyzer.linking.mesh import Mesh, Wire
from analyzer.linking.operations import ANY


class Namer:
    """Gives wires their ids, in the order asked; alternatives that would be called the same are numbered."""

    def __init__(self, mesh: Mesh) -> None:
        names = Counter(s.name for s in mesh.services.values() if not s.external)
        self._short = {s.id: s.name for s in mesh.services.values() if s.external or names[s.name] == 1}
        self._used: Counter[str] = Counter()

    def named(self, wire: Wire) -> Wire:
        """The wire with its id."""
        caller = self._of(wire.caller.service)
        what = "" if wire.caller.name == ANY else f" {wire.caller.name}"
        name = f"{caller}{what}{'' if wire.key is None else f'#{wire.key}'}->{self._of(wire.callee.service)}"
        self._used[name] += 1
        return replace(wire, id=name if self._used[name] == 1 else f"{name}~{self._used[name]}")

    def all(self, wires: Iterable[Wire]) -> tuple[Wire, ...]:
        """Every wire with its id."""
        return tuple(self.named(w) for w in wires)

    def _of(self, service: str) -> str:
        return self._short.get(service, service).removeprefix("external:")
