"""The numbers of the engine: integers of any size, exact fractions for budgets, and one number without bound.

Units: counts of requests. Nothing repeated without bound is still nothing.
Shape: ``float`` is never used for a count, so that sums stay exact beyond 2**53.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from parsers.quantities import UNBOUNDED, Count


class Unbounded:
    """More than any number. There is one, ``INF``; it meets ``int`` and ``Fraction`` in sums, products, comparisons."""

    __slots__ = ()

    def __add__(self, other: Number) -> Unbounded:
        return self

    __radd__ = __add__

    def __sub__(self, other: Number) -> Unbounded:
        return self

    def __mul__(self, other: Number) -> Number:
        return 0 if other == 0 else self

    __rmul__ = __mul__

    def __lt__(self, other: Number) -> bool:
        return False

    def __gt__(self, other: Number) -> bool:
        return other is not self

    def __le__(self, other: Number) -> bool:
        return other is self

    def __ge__(self, other: Number) -> bool:
        return True

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Unbounded)

    def __hash__(self) -> int:
        return 0x1F

    def __repr__(self) -> str:
        return "inf"


INF = Unbounded()

Number = int | Fraction | Unbounded


def largest(numbers: Iterable[Number]) -> Number:
    """The largest; 0 where there are none."""
    most: Number = 0
    for one in numbers:
        most = max(most, one)
    return most


def total(numbers: Iterable[Number]) -> Number:
    """The sum."""
    whole: Number = 0
    for one in numbers:
        whole = whole + one
    return whole


def number(count: Count) -> Number:
    """The engine's number of a count."""
    return INF if count.value is None else count.value


def count(value: Number) -> Count:
    """The count of a number; a fraction is rounded up, so that it stays a bound."""
    if isinstance(value, Unbounded):
        return UNBOUNDED
    return Count(value if isinstance(value, int) else -(-value.numerator // value.denominator))
