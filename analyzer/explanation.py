"""Two questions about a run: what happens between two services, and what arrives everywhere while one fails.

Errors: ``QuestionError`` where there is nothing to explain; ``NamingError`` where a name is not clear.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from analyzer import naming
from analyzer.amplification import scenario as walked
from analyzer.amplification.timing import waits
from analyzer.assembly import scenario as viewed
from analyzer.hops import factors
from analyzer.model import Operation, Precision
from analyzer.report import CallView, LoadView, Report, ScenarioView, ranking, requests_at
from parsers.quantities import ZERO, Count

if TYPE_CHECKING:
    from analyzer.pipeline import Study

_CAUSE = re.compile(
    r"(connect-failure|reset|timeout|truncated|proxy-503|grpc-[a-z-]+|[1-5]\d\d)(\+[a-z-]+)*"
)  # fmt: skip


class QuestionError(Exception):
    """There is nothing to explain."""


@dataclass(frozen=True, slots=True)
class CauseRow:
    """What the layers of a call make of one way of failing."""

    cause: str
    factors: tuple[Count, ...]
    requests: Count

    def to_dict(self) -> dict[str, object]:
        return {"factors": [f.to_json() for f in self.factors], "requests": self.requests.to_json()}


@dataclass(frozen=True, slots=True)
class CallTold:
    """A call with what its layers make of every cause."""

    call: CallView
    rows: tuple[CauseRow, ...]

    def to_dict(self) -> dict[str, object]:
        return {**self.call.to_dict(), "causes": {row.cause: row.to_dict() for row in self.rows}}


@dataclass(frozen=True, slots=True)
class CallsTold:
    """Every call from one service or operation to another."""

    report: Report
    calls: tuple[CallTold, ...]

    def to_dict(self) -> dict[str, object]:
        return {"calls": [c.to_dict() for c in self.calls]}


@dataclass(frozen=True, slots=True)
class ScenarioTold:
    """One scenario."""

    report: Report
    scenario: ScenarioView
    waits_s: float | None = 0.0  # for a cause that hangs: how long the entry waits at least; None: without end

    def to_dict(self) -> dict[str, object]:
        return self.scenario.to_dict()


def calls(study: Study, caller: str, callee: str) -> CallsTold:
    """The calls between two services, or two operations, each taken apart for every cause."""
    report = study.report
    sources = set(naming.operation(caller, _operations(report)))
    targets = set(naming.operation(callee, _operations(report)))
    found = tuple(c for c in report.calls if c.caller in sources and c.callee in targets)
    if not found:
        others = sorted({c.callee.service for c in report.calls if c.caller in sources})
        hint = f"; {caller} calls {', '.join(others)}" if others else f"; {caller} calls nothing that is known"
        raise QuestionError(f"{caller} does not call {callee}{hint}")
    return CallsTold(report, tuple(_told(study, call) for call in found))


def _told(study: Study, call: CallView) -> CallTold:
    facts = study.graph.system.calls.get(call.id)
    rows = []
    for cause, requests in call.gain.by_cause:
        apart = factors(facts, call.callee, cause) if facts else ()
        rows.append(CauseRow(cause, apart, requests))
    return CallTold(call, tuple(rows))


def scenario(study: Study, failing: str, cause: str | None, entries: Iterable[str] = ()) -> ScenarioTold:
    """What arrives everywhere while ``failing`` fails; at the worst of the entries and causes that are not named."""
    if cause is not None and not _CAUSE.fullmatch(cause):
        raise QuestionError(
            f"a cause is connect-failure, reset, timeout, truncated, a status such as 503, or grpc-..., not {cause!r}"
        )
    report = study.report
    targets = naming.operation(failing, _operations(report))
    named = tuple(dict.fromkeys(o for name in entries for o in naming.operation(name, _operations(report))))
    starts = named or tuple(e.operation for e in study.mesh.entries)
    known = {(a.entry, a.target): a for a in report.amplification}
    pairs = [(e, t) for t in targets for e in starts if (e, t) in known]
    if not pairs and named and cause is not None:
        pairs = [(e, t) for t in targets for e in named if e != t]  # asked for, though nothing arrives
    if not pairs:
        raise QuestionError(f"no request at {_some(starts)} leads to {failing}; --entry names where requests start")
    if cause is None:
        pairs = [max(pairs, key=lambda p: (known[p].worst, _names(p)))]
    found = [viewed(walked(study.graph.system, e, t, cause or known[e, t].cause)) for e, t in pairs]
    worst = _whole(max(found, key=lambda s: (requests_at(s, s.failing), _names((s.failing, s.entry)))))
    waiting = waits(study.graph.system, worst.entry, worst.failing) if worst.cause == "timeout" else 0.0
    return ScenarioTold(report, worst, waiting)


def _whole(found: ScenarioView) -> ScenarioView:
    """The scenario with its failing operation in it, also where nothing arrives there."""
    if any(x.operation == found.failing for x in found.load):
        return found
    none = LoadView(found.failing, ZERO, Precision.EXACT)
    return replace(found, load=tuple(sorted((*found.load, none), key=lambda x: x.operation)))


def pairs_between(study: Study, entry: str | None, target: str | None) -> tuple[tuple[Operation, Operation], ...]:
    """Pairs with these ends, the largest first."""
    starts = set(naming.operation(entry, _operations(study.report))) if entry else None
    ends = set(naming.operation(target, _operations(study.report))) if target else None
    rows = ranking(study.report.amplification)
    return tuple(
        (a.entry, a.target)
        for a in rows
        if (starts is None or a.entry in starts) and (ends is None or a.target in ends)
    )


def _names(pair: tuple[Operation, Operation]) -> tuple[str, ...]:
    return tuple(str(o) for o in pair)


def _some(operations: tuple[Operation, ...]) -> str:
    names = [str(o) for o in operations[:3]]
    return ", ".join([*names, "..."] if len(operations) > 3 else names) or "any entry (none is known)"


def _operations(report: Report) -> list[Operation]:
    found = {Operation(s.id, name) for s in report.services for name in s.operations or ("*",)}
    found |= {end for c in report.calls for end in (c.caller, c.callee)}
    found |= {end for a in report.amplification for end in (a.entry, a.target)}
    return sorted(found)
