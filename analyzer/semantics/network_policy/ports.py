"""Sets of (protocol, port), as unions of ranges.

Shape: sorted, merged, never overlapping; equal sets are equal values.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

LAST = 65535
PROTOCOLS = ("SCTP", "TCP", "UDP")

Range = tuple[str, int, int]


@dataclass(frozen=True, slots=True)
class Ports:
    """Ports that are let through."""

    ranges: tuple[Range, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.ranges)

    def __contains__(self, port: tuple[str, int]) -> bool:
        return any(p == port[0] and low <= port[1] <= high for p, low, high in self.ranges)

    def __or__(self, other: Ports) -> Ports:
        return ports((*self.ranges, *other.ranges))

    def __and__(self, other: Ports) -> Ports:
        return ports(
            (p, max(a, c), min(b, d))
            for p, a, b in self.ranges
            for q, c, d in other.ranges
            if p == q and a <= d and c <= b
        )

    def __sub__(self, other: Ports) -> Ports:
        left = list(self.ranges)
        for protocol, low, high in other.ranges:
            left = [piece for r in left for piece in _without(r, protocol, low, high)]
        return ports(left)

    def __str__(self) -> str:
        if self == EVERY_PORT:
            return "All Connections"
        by_protocol: dict[str, list[str]] = {}
        for protocol, low, high in self.ranges:
            by_protocol.setdefault(protocol, []).append(str(low) if low == high else f"{low}-{high}")
        return ",".join(f"{p} {','.join(r)}" for p, r in sorted(by_protocol.items())) or "No Connections"


def _without(piece: Range, protocol: str, low: int, high: int) -> Iterable[Range]:
    """What is left of a range without another one."""
    own, first, last = piece
    if own != protocol or high < first or last < low:
        return (piece,)
    return tuple((own, a, b) for a, b in ((first, low - 1), (high + 1, last)) if a <= b)


def ports(ranges: Iterable[Range]) -> Ports:
    """The union of the ranges."""
    merged: list[Range] = []
    for protocol, low, high in sorted(ranges):
        if merged and merged[-1][0] == protocol and low <= merged[-1][2] + 1:
            merged[-1] = (protocol, merged[-1][1], max(merged[-1][2], high))
        else:
            merged.append((protocol, low, high))
    return Ports(tuple(merged))


EVERY_PORT = ports((p, 1, LAST) for p in PROTOCOLS)
NO_PORT = Ports()
