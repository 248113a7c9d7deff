"""Ways that should not be there, or should: what each means is said in docs/reachability.md.

Shape: paths in a fixed order: by kind, source, target. ``via`` are the operations in between, in order.
"""

from __future__ import annotations

from dataclasses import dataclass

from analyzer.findings import Evidence
from analyzer.model import Operation

#: In the order they are reported.
KINDS = ("open", "bypass", "broken", "intent", "unused", "lateral")


@dataclass(frozen=True, slots=True)
class Path:
    """One way from a source (a service id, an identity or ``none``) to an operation.

    ``cut`` is the least that closes it, as far as one is known; ``message`` says it in a sentence. ``granted``: a
    bypass of which every hop was granted to its sender by name, as a system of least privilege is full of.
    """

    kind: str
    source: str
    target: Operation
    via: tuple[Operation, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    cut: tuple[Evidence, ...] = ()
    message: str = ""
    granted: bool = False

    @property
    def sort_key(self) -> tuple[int, str, Operation, tuple[Operation, ...], str]:
        return (KINDS.index(self.kind), self.source, self.target, self.via, self.message)
