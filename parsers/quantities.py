"""Quantities that each dialect writes differently, normalised once, here.

An *attempt* is one request sent; a *retry* is an attempt after the first: ``attempts == 1 + retries`` always.
Units: durations are seconds. Each dialect has a duration grammar of its own; a parser names the one it means.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import total_ordering


@total_ordering
@dataclass(frozen=True, slots=True)
class Count:
    """A number of requests: exact, of any size, or without bound (``None``)."""

    value: int | None

    def __post_init__(self) -> None:
        if self.value is not None and self.value < 0:
            raise ValueError(f"a count cannot be negative, got {self.value}")

    @classmethod
    def from_retries(cls, retries: int) -> Count:
        """Attempts from a count of retries, as Istio, Envoy, the Gateway API and urllib3 write it."""
        return cls(1 + retries)

    @property
    def unbounded(self) -> bool:
        return self.value is None

    def __mul__(self, other: Count) -> Count:
        """Multiply; nothing repeated without bound is still nothing."""
        if self.value == 0 or other.value == 0:
            return ZERO
        if self.value is None or other.value is None:
            return UNBOUNDED
        return Count(self.value * other.value)

    def __add__(self, other: Count) -> Count:
        if self.value is None or other.value is None:
            return UNBOUNDED
        return Count(self.value + other.value)

    def __lt__(self, other: Count) -> bool:
        if self.value is None:
            return False
        return other.value is None or self.value < other.value

    def __str__(self) -> str:
        return "inf" if self.value is None else str(self.value)

    def to_json(self) -> int | str:
        """An integer, or ``"inf"``."""
        return "inf" if self.value is None else self.value


ZERO = Count(0)
ONCE = Count(1)
UNBOUNDED = Count(None)

_GO_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_GO_PART = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)")


def go_duration_s(text: str) -> float | None:
    """Seconds of a Go duration (``1m30s``, ``500ms``), as Istio, the Gateway API and Linkerd write it; else ``None``.

    Source: Go ``time.ParseDuration``.
    """
    body = text.strip()
    sign = -1.0 if body.startswith("-") else 1.0
    body = body.lstrip("+-")
    if body == "0":
        return 0.0
    parts = _GO_PART.findall(body)
    if not parts or "".join(n + u for n, u in parts) != body:
        return None
    return sign * sum(float(n) * _GO_UNITS[u] for n, u in parts)
