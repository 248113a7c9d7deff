"""Predicted beside measured: what an experiment counted, and what it could not reproduce."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from analyzer.model import Operation


@dataclass(frozen=True, slots=True)
class Row:
    """One operation in one experiment. ``exact``: the analysis said so, not "up to"."""

    operation: Operation
    predicted: int
    measured: int
    exact: bool

    @property
    def verdict(self) -> str:
        if self.measured == self.predicted:
            return "equal"
        return "UNSOUND" if self.measured > self.predicted else "bound holds" if not self.exact else "below"

    def to_dict(self) -> dict[str, object]:
        return {
            **self.operation.to_dict(),
            "predicted": self.predicted,
            "measured": self.measured,
            "verdict": self.verdict,
        }


@dataclass(frozen=True, slots=True)
class Experiment:
    """One scenario run for real, or why it was not (``skipped``). ``notes``: what was stood in for."""

    entry: Operation
    failing: Operation
    cause: str
    rows: tuple[Row, ...] = ()
    notes: tuple[str, ...] = ()
    skipped: str | None = None

    @property
    def verdict(self) -> str:
        """The worst of its rows."""
        if self.skipped is not None:
            return "skipped"
        verdicts = {r.verdict for r in self.rows}
        return next((v for v in ("UNSOUND", "below", "bound holds") if v in verdicts), "equal")

    def to_dict(self) -> dict[str, object]:
        return {
            "entry": self.entry.to_dict(),
            "failing": self.failing.to_dict(),
            "cause": self.cause,
            "verdict": self.verdict,
            "rows": [r.to_dict() for r in self.rows],
            "notes": list(self.notes),
            "skipped": self.skipped,
        }


@dataclass(frozen=True, slots=True)
class ProofResult:
    """All experiments of a run. ``seconds`` is what it took."""

    experiments: tuple[Experiment, ...]
    envoy: str
    seconds: float

    @property
    def sound(self) -> bool:
        """Nothing was measured above what was predicted."""
        return all(e.verdict != "UNSOUND" for e in self.experiments)

    @property
    def equal(self) -> int:
        return sum(e.verdict == "equal" for e in self.experiments)

    @property
    def run(self) -> int:
        return sum(e.skipped is None for e in self.experiments)

    def to_dict(self) -> dict[str, object]:
        return {
            "envoy": self.envoy,
            "equal": self.equal,
            "run": self.run,
            "sound": self.sound,
            "experiments": [e.to_dict() for e in self.experiments],
        }


def render(result: ProofResult) -> str:
    """The result as text, experiment by experiment."""
    lines = [f"{result.equal} of {result.run} experiments equal, on {result.envoy}, in {result.seconds:.1f} s"]
    if not result.sound:
        lines[0] += "; something was measured ABOVE its prediction"
    for one in result.experiments:
        lines += ["", f"{one.entry} -> {one.failing} fails with {one.cause}: {one.verdict}"]
        if one.skipped:
            lines.append(f"  not run: {one.skipped}")
        lines += list(_table(one.rows))
        lines += [f"  note: {note}" for note in one.notes]
    return "\n".join(lines) + "\n"


def _table(rows: tuple[Row, ...]) -> Iterable[str]:
    if not rows:
        return
    width = max(len(str(r.operation)) for r in rows)
    yield f"  {'':{width}}  predicted  measured"
    for row in rows:
        mark = "" if row.verdict == "equal" else f"  {row.verdict}"
        yield f"  {row.operation!s:{width}}  {row.predicted:>9}  {row.measured:>8}{mark}"
