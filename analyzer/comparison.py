"""Two reports of one system, before and after a change: what the change multiplies, opens, closes and finds.

Shape: rows are matched by names (entry and target, caller and callee, kind and way), never by lines, so that moving
code changes nothing. Sorted: what grew most first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analyzer.findings import Finding
from analyzer.model import Operation, Verdict
from analyzer.report import AmplificationView, CallView, PathView, Report, ranking
from parsers.quantities import ONCE, Count

if TYPE_CHECKING:
    from analyzer.reachability.changes import PolicyChange

Pair = tuple[Operation, Operation]


@dataclass(frozen=True, slots=True)
class Growth:
    """The amplification of one pair before and after; ``None`` where it did not or does not exist."""

    entry: Operation
    target: Operation
    before: AmplificationView | None
    after: AmplificationView | None

    @property
    def was(self) -> Count:
        return self.before.worst if self.before else ONCE

    @property
    def now(self) -> Count:
        return self.after.worst if self.after else ONCE

    @property
    def grew(self) -> bool:
        return self.was < self.now

    def to_dict(self) -> dict[str, object]:
        return {
            "entry": self.entry.to_dict(),
            "target": self.target.to_dict(),
            "before": self.before.worst.to_json() if self.before else None,
            "after": self.after.worst.to_json() if self.after else None,
            "chain": list(self.after.chain) if self.after else [],
        }


@dataclass(frozen=True, slots=True)
class CallChange:
    """A call that came, went, multiplies differently or is decided differently."""

    before: CallView | None
    after: CallView | None

    @property
    def view(self) -> CallView:
        view = self.after or self.before
        assert view is not None
        return view

    @property
    def kind(self) -> str:
        if self.before is None:
            return "new"
        if self.after is None:
            return "gone"
        return "decided" if _decision(self.before) != _decision(self.after) else "changed"

    def to_dict(self) -> dict[str, object]:
        return {
            "kind": self.kind,
            "caller": self.view.caller.to_dict(),
            "callee": self.view.callee.to_dict(),
            "before": _call(self.before),
            "after": _call(self.after),
        }


@dataclass(frozen=True, slots=True)
class Comparison:
    """Everything that differs."""

    base: Report
    head: Report
    growth: tuple[Growth, ...]
    calls: tuple[CallChange, ...]
    opened: tuple[PathView, ...]
    closed: tuple[PathView, ...]
    found: tuple[Finding, ...]
    fixed: tuple[Finding, ...]
    policies: tuple[PolicyChange, ...] = ()

    @property
    def worse(self) -> tuple[Growth, ...]:
        """Pairs that grew, the largest first."""
        return tuple(g for g in self.growth if g.grew)

    @property
    def better(self) -> tuple[Growth, ...]:
        """Pairs that shrank."""
        return tuple(g for g in self.growth if not g.grew)

    @property
    def nothing(self) -> bool:
        """True where the change changes none of this."""
        parts = (self.growth, self.calls, self.opened, self.closed, self.found, self.fixed, self.policies)
        return not any(parts)

    def touched(self) -> frozenset[str]:
        """Services that the change is about: ends of changed calls and paths, and the chains that grew."""
        found = {end.service for c in self.calls for end in (c.view.caller, c.view.callee)}
        for path in (*self.opened, *self.closed):
            found |= {path.source, path.target.service, *(v.service for v in path.via)}
        found |= {p.service for p in self.policies}
        for growth in self.growth[:12]:
            row, report = (growth.after, self.head) if growth.after else (growth.before, self.base)
            for identity in row.chain if row else ():
                if call := report.call_by_id.get(identity):
                    found |= {call.caller.service, call.callee.service}
        return frozenset(found)

    def to_dict(self) -> dict[str, object]:
        return {
            "schema": "meshgain-diff/1",
            "worst": {"before": _worst(self.base), "after": _worst(self.head)},
            "amplification": [g.to_dict() for g in self.growth],
            "calls": [c.to_dict() for c in self.calls],
            "opened": [p.to_dict() for p in self.opened],
            "closed": [p.to_dict() for p in self.closed],
            "policies": [p.to_dict() for p in self.policies],
            "new_findings": [f.to_dict() for f in self.found],
            "fixed_findings": [f.to_dict() for f in self.fixed],
        }


def compare(base: Report, head: Report, policies: Iterable[PolicyChange] = ()) -> Comparison:
    """What a change from ``base`` to ``head`` does; ``policies``: the request sets that it opens and closes."""
    opened, closed = _paths(base.unexpected, head.unexpected), _paths(head.unexpected, base.unexpected)
    return Comparison(
        base=base,
        head=head,
        growth=tuple(_growth(base, head)),
        calls=tuple(_calls(base, head)),
        opened=opened,
        closed=closed,
        found=_findings(base.findings, head.findings),
        fixed=_findings(head.findings, base.findings),
        policies=tuple(policies),
    )


def _growth(base: Report, head: Report) -> Iterator[Growth]:
    before = {(a.entry, a.target): a for a in base.amplification}
    after = {(a.entry, a.target): a for a in head.amplification}
    changed = [
        Growth(*pair, before.get(pair), after.get(pair))
        for pair in sorted({*before, *after})
        if _number(before, pair) != _number(after, pair)
    ]
    order = {(a.entry, a.target): i for i, a in enumerate(ranking((*after.values(), *_gone(before, after))))}
    yield from sorted(changed, key=lambda g: (not g.grew, order[g.entry, g.target]))


def _number(rows: Mapping[Pair, AmplificationView], pair: Pair) -> Count:
    return rows[pair].worst if pair in rows else ONCE


def _gone(before: Mapping[Pair, AmplificationView], after: Mapping[Pair, AmplificationView]) -> list[AmplificationView]:
    return [row for pair, row in before.items() if pair not in after]


def _calls(base: Report, head: Report) -> Iterator[CallChange]:
    """Calls matched by their ends; several between the same ends in their order."""
    before, after = _numbered(base.calls), _numbered(head.calls)
    for key in sorted({*before, *after}):
        was, now = before.get(key), after.get(key)
        if was is None or now is None or _same(was) != _same(now):
            yield CallChange(was, now)


def _numbered(calls: Iterable[CallView]) -> dict[tuple[Operation, Operation, int], CallView]:
    seen: Counter[Pair] = Counter()
    found: dict[tuple[Operation, Operation, int], CallView] = {}
    for call in calls:
        ends = (call.caller, call.callee)
        found[*ends, seen[ends]] = call
        seen[ends] += 1
    return found


def _same(call: CallView) -> tuple[object, ...]:
    """What of a call matters: not where it stands."""
    layers = tuple((y.kind, y.name, y.attempts, y.effective, y.fires_on) for y in call.layers)
    return (call.gain.by_cause, layers, _decision(call), call.mirror, call.answered)


def _decision(call: CallView) -> str | None:
    return call.verdict.decision.value if isinstance(call.verdict, Verdict) else None


def _call(call: CallView | None) -> dict[str, object] | None:
    if call is None:
        return None
    return {"gain": call.gain.worst.to_json(), "verdict": _decision(call), "span": call.span.to_dict()}


def _paths(base: tuple[PathView, ...], head: tuple[PathView, ...]) -> tuple[PathView, ...]:
    known = {(p.kind, p.source, p.target, p.via) for p in base}
    return tuple(p for p in head if (p.kind, p.source, p.target, p.via) not in known)


def _findings(base: tuple[Finding, ...], head: tuple[Finding, ...]) -> tuple[Finding, ...]:
    known = Counter(f.fingerprint for f in base)
    new: list[Finding] = []
    for finding in head:
        if known[finding.fingerprint]:
            known[finding.fingerprint] -= 1
        else:
            new.append(finding)
    return tuple(new)


def _worst(report: Report) -> int | str:
    return report.worst.worst.to_json() if report.worst else 1
