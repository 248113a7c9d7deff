"""The call graph as it is drawn: services as boxes, one line for all calls between two, the quiet ones folded.

Every picture (figures, Mermaid, DOT, HTML) starts here, so that all of them show the same.
Shape: boxes sorted by id, lines by ends. Units: counts of requests.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise

from analyzer.model import Operation, Precision
from analyzer.report import CallView, Report, ranking, services_of
from parsers.quantities import ONCE, Count

#: More boxes than this are folded to those that something happens at.
READABLE = 60
_HOT, _MARKED, _ENTRIES = 36, 48, 54
#: More open services than this are only marked, not reached by lines.
_OPEN = 3
ANYONE = "anyone"


@dataclass(frozen=True, slots=True)
class View:
    """How to look at the graph. ``focus``: only this service and its neighbours. ``everything``: fold nothing."""

    theme: str = "light"
    focus: str | None = None
    everything: bool = False
    only: frozenset[str] | None = None


WHOLE = View()


@dataclass(frozen=True, slots=True)
class Box:
    """A service as it is drawn. ``folded``: services behind it that are not drawn. ``itself``: it calls itself."""

    id: str
    title: str
    namespace: str
    operations: int
    kind: str  # service external unresolved anyone
    entry: bool
    open: bool
    worst: Count
    folded: int = 0
    itself: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """All calls from one service to another.

    ``gain``: of the call that multiplies most. ``arriving``: requests of the worst chain that comes along here.
    """

    source: str
    target: str
    calls: tuple[CallView, ...]
    gain: Count
    arriving: Count
    denied: int
    bypass: bool
    mirror: bool
    open: bool = False

    @property
    def all_denied(self) -> bool:
        return bool(self.calls) and self.denied == len(self.calls)

    @property
    def label(self) -> str:
        """What is written on the line: the gain, and what is wrong with it."""
        parts = [f"×{self.gain}"] if self.gain > ONCE and not self.all_denied else []
        if self.all_denied:
            parts.append("denied")
        elif self.denied:
            parts.append(f"{self.denied} of {len(self.calls)} denied")
        if self.open:
            parts.append("open")
        if self.mirror:
            parts.append("mirror")
        if parts and any(c.precision is Precision.UNKNOWN for c in self.calls):
            parts.append("?")
        return " ".join(parts)


@dataclass(frozen=True, slots=True)
class Diagram:
    """What is drawn, and what is left out."""

    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]
    folded: int = 0
    alone: tuple[str, ...] = ()


def diagram(report: Report, view: View = WHOLE) -> Diagram:
    """Choose and describe the boxes and lines of a view."""
    grouped = _grouped(report)
    opened = _opened(report)
    neighbours = {s for pair in grouped for s in pair} | (opened if len(opened) <= _OPEN else set())
    everyone = tuple(services_of(report))
    alone = tuple(s for s in everyone if s not in neighbours and ":" not in s)
    linked = [s for s in everyone if s in neighbours]
    shown = _shown(report, view, grouped, linked, opened)
    behind = _behind(grouped, shown)
    worst = _worst(report)
    boxes = [_box(report, s, worst, opened, behind.get(s, 0)) for s in linked if s in shown]
    boxes = [replace(b, itself=(b.id, b.id) in grouped) for b in boxes]
    arriving, around = _arriving(report), _around(report)
    lines = [_line(pair, calls, arriving, around) for pair, calls in grouped.items() if _drawn(pair, shown)]
    visible = sorted(s for s in opened if s in shown)
    if len(visible) > _OPEN:
        visible = []  # the boxes say it; as many lines would say nothing else
    if visible:
        boxes.append(Box(ANYONE, "anyone", "no identity needed", 0, ANYONE, False, False, ONCE))  # noqa: FBT003
    lines += [Line(ANYONE, s, (), ONCE, ONCE, 0, False, False, open=True) for s in visible]  # noqa: FBT003
    return Diagram(tuple(boxes), tuple(lines), len(linked) - len(shown & set(linked)), alone)


def _drawn(pair: tuple[str, str], shown: set[str]) -> bool:
    return set(pair) <= shown and pair[0] != pair[1]


def band(count: Count) -> int:
    """How hot: 0 nothing, 1 up to 3, 2 up to 9, 3 up to 49, 4 more."""
    if count.value is None or count.value >= 50:
        return 4
    return next(level for level, bound in enumerate((1, 3, 9, 49)) if count.value <= bound)


def _grouped(report: Report) -> Mapping[tuple[str, str], tuple[CallView, ...]]:
    found: dict[tuple[str, str], list[CallView]] = defaultdict(list)
    for call in report.calls:
        found[call.caller.service, call.callee.service].append(call)
    return {pair: tuple(calls) for pair, calls in sorted(found.items())}


def _opened(report: Report) -> set[str]:
    """Services that somebody without an identity, or everybody, can reach."""
    return {p.target.service for p in report.paths if p.kind == "open" and p.source in ("none", "*", "outside")}


def _worst(report: Report) -> Mapping[str, Count]:
    found: dict[str, Count] = {}
    for row in report.amplification:
        found[row.target.service] = max(row.worst, found.get(row.target.service, ONCE))
    return found


def _box(report: Report, service: str, worst: Mapping[str, Count], opened: set[str], folded: int) -> Box:
    view = report.service_by_id.get(service)
    kind = "external" if service.startswith("external:") else "unresolved" if service == "unresolved" else "service"
    namespace = (view.namespace if view else "") or ("outside" if kind == "external" else "")
    operations = len(view.operations) if view else 0
    entry = bool(view and view.entry)
    title = "address not known" if kind == "unresolved" else report.short_names[service]
    return Box(service, title, namespace, operations, kind, entry, service in opened, worst.get(service, ONCE), folded)


def _line(
    pair: tuple[str, str],
    calls: tuple[CallView, ...],
    arriving: Mapping[str, Count],
    around: frozenset[tuple[str, str]],
) -> Line:
    gain = max((c.gain.worst for c in calls if not c.denied), default=ONCE)
    most = max((arriving.get(c.id, ONCE) for c in calls if not c.denied), default=ONCE)
    denied = sum(c.denied for c in calls)
    return Line(*pair, calls, gain, max(most, gain), denied, pair in around, all(c.mirror for c in calls))


def _arriving(report: Report) -> Mapping[str, Count]:
    """The most that comes along each call on any chain: the row's number at its end, the hop's before."""
    found: dict[str, Count] = {}
    for row in report.amplification:
        for hop in row.hops:
            found[hop.call] = max(found.get(hop.call, ONCE), hop.requests)
        if row.chain:
            found[row.chain[-1]] = max(found.get(row.chain[-1], ONCE), row.worst)
    return found


def _around(report: Report) -> frozenset[tuple[str, str]]:
    """Pairs of services on a way around a policy."""
    found: set[tuple[str, str]] = set()
    for path in report.paths:
        if path.kind == "bypass" and not path.granted:
            found.update(pairwise([path.source, *(v.service for v in path.via), path.target.service]))
    return frozenset(found)


def _shown(
    report: Report,
    view: View,
    grouped: Mapping[tuple[str, str], tuple[CallView, ...]],
    linked: list[str],
    opened: set[str],
) -> set[str]:
    if view.only is not None:
        return set(linked) & view.only
    if view.focus is not None:
        near = {s for pair in grouped if view.focus in pair for s in pair}
        return near | {view.focus}
    if view.everything or len(linked) <= READABLE:
        return set(linked)
    shown: set[str] = set()
    for row in ranking(report.amplification):
        _add(shown, (end.service for c in row.chain for end in _ends(report, c)), _HOT)
    for path in report.paths:
        if path.kind == "bypass" and not path.granted:
            _add(shown, (path.source, *(v.service for v in path.via), path.target.service), _MARKED)
    for pair, calls in grouped.items():
        if any(c.denied for c in calls):
            _add(shown, pair, _MARKED)
    _add(shown, sorted(opened), _MARKED)
    _add(shown, (s.id for s in report.services if s.entry and s.id in set(linked)), _ENTRIES)
    return shown & set(linked)


def _ends(report: Report, call: str) -> tuple[Operation, ...]:
    found = report.call_by_id.get(call)
    return (found.caller, found.callee) if found else ()


def _add(shown: set[str], services: Iterable[str], most: int) -> None:
    """Take all of them or none, so that what is drawn hangs together."""
    wanted = shown | set(services)
    if len(wanted) <= most:
        shown |= wanted


def _behind(grouped: Mapping[tuple[str, str], tuple[CallView, ...]], shown: set[str]) -> Mapping[str, int]:
    """How many services that are not drawn each drawn one leads to (or is called by), each counted once."""
    after: dict[str, list[str]] = defaultdict(list)
    for caller, callee in grouped:
        after[caller].append(callee)
    for caller, callee in grouped:
        after[callee].append(caller)
    owner = {s: s for s in sorted(shown)}
    todo = deque(sorted(shown))
    while todo:
        here = todo.popleft()
        for near in after[here]:
            if near not in owner:
                owner[near] = owner[here]
                todo.append(near)
    counts: dict[str, int] = defaultdict(int)
    for service, keeper in owner.items():
        counts[keeper] += service not in shown
    return counts
