"""The vocabulary: what the parsers tell the analyzer.

Facts say only what is written, as written, each with the span it was read from; nothing is resolved here.
Shape: frozen dataclasses of tuples, strings, numbers and other facts; hashable, picklable, comparable.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from parsers.source import Span


class Labels(Mapping[str, str]):
    """An immutable, hashable, picklable mapping of strings, in the order written."""

    __slots__ = ("_items",)

    def __init__(self, items: Mapping[str, str] | tuple[tuple[str, str], ...] = ()) -> None:
        self._items: dict[str, str] = dict(items)

    def __getitem__(self, key: str) -> str:
        return self._items[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __hash__(self) -> int:
        return hash(frozenset(self._items.items()))

    def __repr__(self) -> str:
        return f"Labels({self._items!r})"

    def contains(self, other: Mapping[str, str]) -> bool:
        """True where every pair of ``other`` is here: ``matchLabels`` semantics."""
        return all(self._items.get(k) == v for k, v in other.items())


NO_LABELS = Labels()


@dataclass(frozen=True, slots=True)
class Meta:
    """The ``metadata`` of an object. ``namespace`` is ``None`` where none is written."""

    name: str
    namespace: str | None
    labels: Labels
    annotations: Labels
    span: Span

    @property
    def ns(self) -> str:
        return self.namespace or "default"


@dataclass(frozen=True, slots=True)
class Requirement:
    """One ``matchExpressions`` entry: In, NotIn, Exists or DoesNotExist."""

    key: str
    operator: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Selector:
    """A label selector; empty selects everything."""

    match_labels: Labels = NO_LABELS
    match_expressions: tuple[Requirement, ...] = ()

    @property
    def empty(self) -> bool:
        return not self.match_labels and not self.match_expressions

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Kubernetes semantics (``LabelSelectorAsSelector``): all parts must hold; a missing key satisfies NotIn."""
        return all(labels.get(k) == v for k, v in self.match_labels.items()) and all(
            _holds(r, labels) for r in self.match_expressions
        )


def _holds(requirement: Requirement, labels: Mapping[str, str]) -> bool:
    value = labels.get(requirement.key)
    match requirement.operator:
        case "In":
            return value in requirement.values
        case "NotIn":
            return value is None or value not in requirement.values
        case "Exists":
            return value is not None
        case "DoesNotExist":
            return value is None
        case _:
            return False
