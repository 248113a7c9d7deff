"""What another Istio release makes of the same files: the worst amplification of each pair, release by release."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from analyzer.model import Operation
from analyzer.options import Options
from analyzer.pipeline import study
from parsers.quantities import ONCE, Count
from parsers.source import Tree


@dataclass(frozen=True, slots=True)
class Row:
    """One pair and its worst amplification under each release, in the order asked."""

    entry: Operation
    target: Operation
    worst: tuple[Count, ...]

    @property
    def differs(self) -> bool:
        return len(set(self.worst)) > 1

    def to_dict(self, versions: Sequence[str]) -> dict[str, object]:
        numbers = {version: count.to_json() for version, count in zip(versions, self.worst, strict=True)}
        return {"entry": self.entry.to_dict(), "target": self.target.to_dict(), "worst": numbers}


def matrix(
    tree: Tree, options: Options, versions: Sequence[tuple[int, ...]], tell: Callable[[str], None]
) -> tuple[Row, ...]:
    """Every pair whose number depends on the release, the largest first. A pair that a release lacks counts once."""
    found: dict[tuple[Operation, Operation], list[Count]] = {}
    for place, version in enumerate(versions):
        run = study(tree, replace(options, istio_version=version), tell=tell, judged=False)
        for pair in run.amplification.pairs:
            counts = found.setdefault((pair.entry, pair.target), [ONCE] * len(versions))
            counts[place] = pair.worst
    rows = (Row(entry, target, tuple(counts)) for (entry, target), counts in found.items())
    ranked = sorted((r for r in rows if r.differs), key=lambda r: (r.entry, r.target))
    return tuple(sorted(ranked, key=lambda r: max(r.worst), reverse=True))
