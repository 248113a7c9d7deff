"""Paths, findings and what was not understood."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from analyzer.findings import Evidence, Finding, Severity
from analyzer.report import CallView, PathView, Report
from analyzer.reports.text.chains import spans_drawn
from analyzer.reports.text.ink import Ink, clean, plural, shorten, width
from parsers.diagnostics import Code
from parsers.quantities import ONCE
from parsers.source import Span

#: In the order of what hurts first, with what the word means.
KINDS = {
    "broken": "the code makes this call and policy denies it",
    "bypass": "not allowed directly, but through another service",
    "open": "reachable without an identity, by every workload, or from outside",
    "intent": "against what the configuration asserts",
    "lateral": "allowed, and no code calls it: what a compromised workload could reach",
    "unused": "granted, and never called",
}
#: Kinds that may come by the hundred: a few of each, then a count.
MANY = {"lateral": 5, "unused": 8}
PER_KIND = 12
NOTES, PER_RULE = 5, 8
CALLERS = 30
UNREAD = 12
EVIDENCE, BELOW = 6, 3


def paths(report: Report, ink: Ink) -> Iterator[str]:
    """Unauthorised paths, worst kind first; those that differ only in their end are told together."""
    for kind, meaning in KINDS.items():
        groups = _alike(p for p in report.paths if p.kind == kind and not p.granted)
        if not groups:
            continue
        told = shorten(meaning, ink.width - len(kind) - 4)
        yield f"  {ink.paint(kind, _tone(kind))}  {ink.dim(told)}"
        most = MANY.get(kind, PER_KIND)
        for group in groups[:most]:
            yield from _path(report, group, ink)
        if len(groups) > most:
            yield ink.dim(f"    … and {sum(map(len, groups[most:]))} more")
        yield ""
    yield from granted(report, ink)


def granted(report: Report, ink: Ink) -> Iterator[str]:
    """Ways round of which every hop was granted by name: counted, with one of them shown."""
    ways = [p for p in report.paths if p.granted]
    if ways:
        first = min(ways, key=lambda p: (len(p.via), p.source, p.target))
        stations = (who(report, first.source), *(report.name(v) for v in first.via), report.name(first.target))
        told = (
            f"{plural(len(ways), 'more way')} to what the caller may not ask itself, every hop granted by name, such as"
        )
        yield from ink.lines(f"{told} {' → '.join(stations)}", indent=2, style="dim")
        yield ""


def _alike(paths: Iterable[PathView]) -> list[list[PathView]]:
    """Paths from one source, the same way, for the same reason."""
    found: dict[tuple[object, ...], list[PathView]] = {}
    for path in paths:
        reason = tuple(e.text for e in path.evidence) if not path.via else path
        found.setdefault((path.source, path.via, reason), []).append(path)
    return list(found.values())


def _tone(kind: str) -> str:
    return "warning" if kind in MANY else "error"


def _path(report: Report, group: list[PathView], ink: Ink) -> Iterator[str]:
    row = group[0]
    targets = ", ".join(dict.fromkeys(report.name(p.target) for p in group))
    stations = [who(report, row.source), *(report.name(v) for v in row.via), targets]
    yield from ink.lines(" → ".join(stations), indent=4)
    if row.message and (row.kind == "intent" or not row.evidence):
        yield from ink.lines(report.plain(row.message), indent=6, style="dim")
    lines = row.evidence if len(group) == 1 else tuple(Evidence(e.text) for e in row.evidence)
    yield from evidence(_plain(report, lines), ink, 6, 1 if row.kind in MANY else EVIDENCE)
    for step in _plain(report, row.cut):
        yield from ink.lines(f"closed by: {step.text}", str(step.span) if step.span else "", indent=6, style="good")


def who(report: Report, source: str) -> str:
    """A caller as people say it."""
    if source == "none":
        return "anyone, without an identity"
    if source == "*":
        return "every workload"
    return report.short_names.get(source, source)


def evidence(items: tuple[Evidence, ...], ink: Ink, indent: int, most: int = EVIDENCE) -> Iterator[str]:
    """The lines something follows from, one line each."""
    for item in items[:most]:
        yield ink.brief(item.text, str(item.span) if item.span else "", indent=indent)
    if len(items) > most > 1:
        yield " " * indent + ink.dim(f"… and {plural(len(items) - most, 'line')} more")


def calls(report: Report, ink: Ink) -> Iterator[str]:
    """Who calls whom: a line a caller, each callee with its largest gain."""
    found: dict[str, dict[str, list[CallView]]] = {}
    for call in report.calls:
        if call.caller.service != call.callee.service:
            found.setdefault(call.caller.service, {}).setdefault(call.callee.service, []).append(call)
    names = {s: report.short_names.get(s, s) for s in found}
    column = min(max((width(n) for n in names.values()), default=0), 34)
    rows = sorted(found.items(), key=lambda row: names[row[0]])
    for caller, callees in rows[:CALLERS]:
        told = ", ".join(sorted(_callee(report, c, group) for c, group in callees.items()))
        head = shorten(names[caller], column).ljust(column)
        lines = list(Ink(ink.width - column - 5, ink.colour).lines(told))
        yield f"  {ink.bold(head)} → {lines[0]}"
        yield from (" " * (column + 5) + line for line in lines[1:])
    if len(rows) > CALLERS:
        yield ink.dim(f"  … and {len(rows) - CALLERS} more callers")


def _callee(report: Report, service: str, group: list[CallView]) -> str:
    gain = max(c.gain.worst for c in group)
    denied = sum(c.denied for c in group)
    marks = f" ×{gain}" if gain > ONCE else ""
    marks += " (denied)" if denied == len(group) else f" ({denied} of {len(group)} denied)" if denied else ""
    name = "an address not known" if service == "unresolved" else report.short_names.get(service, service)
    return f"{name}{marks}"


def findings(report: Report, ink: Ink) -> Iterator[str]:
    """Rule by rule, the worst first; what stands above already is only counted."""
    summaries = {r.id: r.summary for r in report.rules}
    above = {p.message for p in report.paths}
    drawn = spans_drawn(report)
    for (severity, rule), group in _grouped(report.findings):
        word = severity.name.lower()
        head = f"  {ink.paint(f'{word:<8}', word)}{ink.bold(rule)}  "
        yield head + ink.dim(shorten(summaries.get(rule, "").replace("`", ""), ink.width - 18))
        fresh = [f for f in group if f.message not in above]
        if len(fresh) < len(group):
            yield " " * 10 + ink.dim(f"{plural(len(group) - len(fresh), 'path')} told above")
        most = NOTES if severity is Severity.NOTE else PER_RULE
        for finding in fresh[:most]:
            yield from _finding(report, finding, drawn, ink)
        if len(fresh) > most:
            yield " " * 10 + ink.dim(f"… and {len(fresh) - most} more")


def _finding(report: Report, finding: Finding, drawn: frozenset[Span], ink: Ink) -> Iterator[str]:
    yield from ink.lines(report.plain(finding.message), str(finding.span), indent=10)
    lines = tuple(e for e in finding.evidence if e.span != finding.span)
    placed = [e.span for e in lines if e.span]
    if finding.severity is Severity.NOTE or (placed and sum(s in drawn for s in placed) * 2 >= len(placed)):
        return
    yield from evidence(_plain(report, lines), ink, 12, BELOW)


def _grouped(items: Iterable[Finding]) -> list[tuple[tuple[Severity, str], list[Finding]]]:
    found: dict[tuple[Severity, str], list[Finding]] = {}
    for finding in sorted(items, key=lambda f: (-f.severity, f.rule, f.span, f.message)):
        found.setdefault((finding.severity, finding.rule), []).append(finding)
    return list(found.items())


def _plain(report: Report, items: Iterable[Evidence]) -> tuple[Evidence, ...]:
    return tuple(Evidence(report.plain(e.text), e.span) for e in items)


def standards(report: Report, ink: Ink) -> Iterator[str]:
    """The checklist, one line each."""
    known = {f.fingerprint: f for f in report.findings}
    marks = {"pass": ("✓", "good"), "fail": ("✗", "error")}
    for row in report.standards:
        mark, style = marks.get(row.status, ("·", "dim"))
        rules = sorted({known[f].rule for f in row.findings if f in known})
        told = ", ".join(rules) or ("" if row.status in marks else "nothing here decides it")
        lines = Ink(ink.width - 4, ink.colour).lines(row.text, told)
        for number, line in enumerate(lines):
            yield (f"  {ink.paint(mark, style)} " if not number else "    ") + line


def unread(report: Report, ink: Ink) -> Iterator[str]:
    """What limits these answers, and where."""
    yield from ink.lines(f"{limits(report)}; what is told above is without it.", indent=2, style="dim")
    ordered = sorted(report.diagnostics, key=lambda d: (d.code is Code.UNKNOWN_FIELD, *d.sort_key))
    for diagnostic in ordered[:UNREAD]:
        yield from ink.lines(f"{diagnostic.code.id}  {diagnostic.message}", str(diagnostic.span), indent=2)
    if len(ordered) > UNREAD:
        yield ink.dim(f"  … and {len(ordered) - UNREAD} more (--format json has them all)")


def limits(report: Report) -> str:
    """How many files, fields, addresses and other things were not understood; empty where everything was."""
    files = {d.span.path for d in report.diagnostics if d.code in _WHOLE}
    counts = Counter(_GROUPS.get(d.code, "other thing") for d in report.diagnostics if d.code not in _WHOLE)
    unclear = counts.pop(_UNCLEAR, 0)
    parts = [plural(len(files), "file")] if files else []
    parts += [plural(counts[word], word, _PLURALS.get(word, "")) for word in _WORDS if counts[word]]
    told = [f"{_listed(parts)} not understood"] if parts else []
    return ", ".join([*told, *([f"{plural(unclear, 'thing')} not clear"] if unclear else [])])


def _listed(parts: list[str]) -> str:
    return f"{', '.join(parts[:-1])} and {parts[-1]}" if len(parts) > 1 else parts[0]


_UNCLEAR = "unclear"
_WHOLE = frozenset(
    {Code.UNREADABLE, Code.SYNTAX, Code.TOO_DEEP, Code.TOO_LARGE, Code.OUTSIDE, Code.TEMPLATE, Code.INTERNAL}
)
_GROUPS = {
    Code.WRONG_TYPE: "field",
    Code.UNKNOWN_FIELD: "field",
    Code.DUPLICATE_KEY: "field",
    Code.INVALID_VALUE: "field",
    Code.UNKNOWN_KIND: "kind of resource",
    Code.UNRESOLVED_HOST: "host",
    Code.UNRESOLVED_ADDRESS: "address",
    Code.UNLINKED_CODE: "code folder",
    Code.AMBIGUOUS: _UNCLEAR,
}
_WORDS = ("field", "kind of resource", "host", "address", "code folder", "other thing")
_PLURALS = {"address": "addresses", "kind of resource": "kinds of resource"}


def title(text: str, ink: Ink) -> str:
    """The line above a section."""
    return f"{ink.paint(clean(text), 'head')} {ink.dim('─' * max(ink.width - len(text) - 1, 3))}"
