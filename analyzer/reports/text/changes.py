"""A comparison on a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, TypeVar

from analyzer.comparison import CallChange, Comparison, Growth
from analyzer.findings import Finding
from analyzer.report import PathView, Report
from analyzer.reports import Page
from analyzer.reports.text import chains, sections
from analyzer.reports.text.ink import Ink, plural
from parsers.quantities import ONCE

if TYPE_CHECKING:
    from analyzer.reachability.changes import PolicyChange

T = TypeVar("T")

ROWS = 15


def told(found: Comparison, page: Page) -> str:
    """The comparison as text."""
    ink = Ink(max(page.width, 60), page.colour)
    return "\n".join(_lines(found, ink)) + "\n"


def summary(found: Comparison) -> str:
    """One sentence: the number that changed most, and what opened."""
    parts = [_headline(found)]
    lets = sum(p.kind == "opened" for p in found.policies)
    keeps = sum(p.kind == "closed" for p in found.policies)
    parts += [f"policies let more in at {plural(lets, 'service')}"] if lets else []
    parts += [f"keep more out at {plural(keeps, 'service')}"] if keeps else []
    opened = [p for p in found.opened if p.kind not in sections.MANY]
    closed = [p for p in found.closed if p.kind not in sections.MANY]
    granted = sum(p.kind == "unused" for p in found.opened)
    parts += [plural(len(opened), "new unauthorised path")] if opened else []
    parts += [f"{plural(granted, 'permission')} that nobody uses"] if granted else []
    parts += [f"{plural(len(closed), 'path')} closed"] if closed else []
    parts += [f"{plural(len(found.found), 'new finding')}"] if found.found else []
    parts += [f"{len(found.fixed)} fixed"] if found.fixed else []
    return "; ".join(p for p in parts if p) or "nothing changes: neither what multiplies nor who may reach what"


def _headline(found: Comparison) -> str:
    """The worst amplification where it changes, else the pair that grew or shrank most."""
    was, now = found.base.worst, found.head.worst
    before, after = (was.worst if was else ONCE), (now.worst if now else ONCE)
    if before != after:
        place = now if now and after > before else was
        where = (found.head if place is now else found.base).name(place.target) if place else ""
        return f"worst amplification {before} → {after} at {where}"
    if not found.growth:
        return ""
    first = found.growth[0]
    report = found.head if first.after else found.base
    return f"amplification {first.was} → {first.now} at {report.name(first.target)}"


def _lines(found: Comparison, ink: Ink) -> Iterator[str]:
    yield from ink.lines(summary(found), style="bold")
    parts: tuple[tuple[str, list[str]], ...] = (
        ("Multiplies more", list(_growths(found, found.worse, ink))),
        ("Multiplies less", list(_growths(found, found.better, ink))),
        ("Calls", list(_capped(found.calls, lambda c: _call(found, c, ink), ink))),
        ("Policies", list(_capped(found.policies, lambda p: _policy(found.head, p, ink), ink))),
        ("Opened", list(_capped(found.opened, lambda p: _path(found.head, p, ink), ink))),
        ("Closed", list(_capped(found.closed, lambda p: _path(found.base, p, ink), ink))),
        ("New findings", list(_capped(found.found, lambda f: _finding(f, ink), ink))),
        ("Fixed", list(_capped(found.fixed, lambda f: _finding(f, ink), ink))),
    )
    for title, lines in parts:
        if lines:
            yield from ("", sections.title(title, ink), *lines)


def _capped(items: tuple[T, ...], lines: Callable[[T], Iterator[str]], ink: Ink) -> Iterator[str]:
    for item in items[:ROWS]:
        yield from lines(item)
    if len(items) > ROWS:
        yield ink.dim(f"  … and {len(items) - ROWS} more")


def _growths(found: Comparison, rows: tuple[Growth, ...], ink: Ink) -> Iterator[str]:
    column = max((len(f"{g.was} → {g.now}") for g in rows[:ROWS]), default=0)
    for growth in rows[:ROWS]:
        report = found.head if growth.after else found.base
        numbers = f"{growth.was} → {growth.now}".rjust(column)
        names = f"{report.name(growth.entry)} → {report.name(growth.target)}"
        inner = list(Ink(ink.width - column - 4, ink.colour).lines(names))
        yield f"  {ink.paint(numbers, 'error' if growth.grew else 'good')}  {inner[0]}"
        yield from (" " * (column + 4) + line for line in inner[1:])
        yield from _because(found, growth, ink, column + 4)
    if len(rows) > ROWS:
        yield ink.dim(f"  … and {len(rows) - ROWS} more")


def _because(found: Comparison, growth: Growth, ink: Ink, indent: int) -> Iterator[str]:
    """The layers along the chain that are new in the head."""
    changed = {c.view.id: c for c in found.calls if c.after}
    for identity in growth.after.chain if growth.after else ():
        change = changed.get(identity)
        if change is None or change.after is None:
            continue
        old = {(y.kind, y.name, y.attempts) for y in (change.before.layers if change.before else ())}
        for layer in change.after.layers:
            if (layer.kind, layer.name, layer.attempts) not in old and layer.attempts != ONCE:
                where = str(layer.span) if layer.span else "a default"
                yield from ink.lines(f"new: ×{layer.attempts or '?'} {chains.spoken(layer)}", where, indent=indent)


def _call(found: Comparison, change: CallChange, ink: Ink) -> Iterator[str]:
    report = found.head if change.after else found.base
    names = f"{report.name(change.view.caller)} → {report.name(change.view.callee)}"
    told = {"new": "new", "gone": "gone", "decided": "decided", "changed": "changed"}[change.kind]
    if change.before and change.after:
        was, now = change.before, change.after
        if change.kind == "decided":
            words = [v.verdict.decision.value if v.verdict else "no policy" for v in (was, now)]
            told = f"{words[0]} → {words[1]}"
        elif was.gain.worst != now.gain.worst:
            told = f"×{was.gain.worst} → ×{now.gain.worst}"
    yield from ink.lines(f"{told:<10} {names}", str(change.view.span), indent=2)


_WORDS = {"opened": "lets in", "closed": "keeps out", "same": "means the same"}


def _policy(report: Report, change: PolicyChange, ink: Ink) -> Iterator[str]:
    name = report.short_names.get(change.service, change.service)
    yield from ink.lines(f"{_WORDS[change.kind]:<10} {name}", indent=2)
    for requests in change.requests[:4]:
        yield ink.brief(report.plain(requests), indent=13)
    if len(change.requests) > 4:
        yield " " * 13 + ink.dim(f"… and {len(change.requests) - 4} more")
    if change.example:
        yield ink.brief(f"such as {example(change)}", indent=13, style="dim")


def example(change: PolicyChange) -> str:
    """One request of the set, in words."""
    return ", ".join(f"{key} {value if value is not None else 'none'}" for key, value in change.example)


def _path(report: Report, path: PathView, ink: Ink) -> Iterator[str]:
    stations = [sections.who(report, path.source), *(report.name(v) for v in path.via), report.name(path.target)]
    yield from ink.lines(f"{path.kind:<8} {' → '.join(stations)}", indent=2)
    yield from sections.evidence(path.evidence, ink, 11)


def _finding(finding: Finding, ink: Ink) -> Iterator[str]:
    word = finding.severity.name.lower()
    yield from ink.lines(f"{word:<8} {finding.rule}  {finding.message}", str(finding.span), indent=2)
