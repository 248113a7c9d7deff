"""A report for a wiki, a job summary or a review: GitHub-flavoured Markdown.

Names come from the analysed repository: they stand in code spans or are escaped, so that none becomes markup, a link, a
mention or a cell of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from analyzer.findings import Evidence, Finding, Severity
from analyzer.model import Precision
from analyzer.report import AmplificationView, CallView, PathView, Report, ranking
from analyzer.reports import Format, Page
from parsers.quantities import ONCE
from parsers.source import Span

ROWS = 20


def _render(report: Report, page: Page) -> str:
    return "\n".join(_lines(report, page)) + "\n"


def _lines(report: Report, page: Page) -> Iterator[str]:
    yield f"# {escaped(page.title or 'meshgain')}"
    yield ""
    yield headline(report)
    for title, rows in (
        ("Worst chains", list(worst_table(report, ROWS))),
        ("Unauthorised paths", list(path_lines(report, report.unexpected[: 3 * ROWS]))),
        ("Findings", list(finding_lines(report.findings))),
        ("Standards", list(_standards(report))),
        ("Not understood", list(_unread(report))),
    ):
        if rows:
            yield from ("", f"## {title}", "", *rows)


def headline(report: Report) -> str:
    """The one sentence."""
    worst = report.worst
    if worst is None:
        return "No call repeats another: 1 request stays 1 everywhere."
    most = "without bound" if worst.worst.unbounded else f"up to {worst.worst}"
    entry, target = code(report.name(worst.entry)), code(report.name(worst.target))
    return f"**1 request at {entry} can become {most} at {target}** (it fails with {escaped(worst.cause)})."


def worst_table(report: Report, most: int) -> Iterator[str]:
    """The largest pairs, with their factors."""
    rows = [r for r in ranking(report.amplification) if r.worst > ONCE]
    if not rows:
        return
    yield "| up to | entry | target | fails with | factors |"
    yield "|---:|---|---|---|---|"
    for row in rows[:most]:
        sure = "" if row.precision is Precision.EXACT else f" ({row.precision.value})"
        yield (
            f"| {row.worst}{sure} | {cell(report.name(row.entry))} | {cell(report.name(row.target))} "
            f"| {escaped(row.cause)} | {factors(report, row)} |"
        )
    if len(rows) > most:
        yield ""
        yield f"… and {len(rows) - most} more."


def factors(report: Report, row: AmplificationView) -> str:
    """``3 (orders.py:11) × 4 (payment.yaml:13)``, each linked to its line."""
    parts = []
    for hop in row.hops:
        call = report.call_by_id.get(hop.call)
        for layer, factor in zip(call.layers if call else (), hop.factors, strict=False):
            if factor > ONCE:
                parts.append(f"{factor} ({link(layer.span) if layer.span else 'a default'})")
    return " × ".join(parts) or _calls(report, row)


def _calls(report: Report, row: AmplificationView) -> str:
    calls = [report.call_by_id[c] for c in row.chain if c in report.call_by_id]
    return " × ".join(f"{_gain(c)} ({link(c.span)})" for c in calls)


def _gain(call: CallView) -> str:
    return str(call.gain.worst)


def path_lines(report: Report, paths: Iterable[PathView]) -> Iterator[str]:
    """One line a path, with its evidence."""
    for path in paths:
        source = "anyone" if path.source == "none" else report.short_names.get(path.source, path.source)
        stations = [source, *(report.name(v) for v in path.via), report.name(path.target)]
        told = f": {escaped(path.message)}" if path.message else ""
        yield f"- **{escaped(path.kind)}** {' → '.join(code(s) for s in stations)}{told}{evidence(path.evidence)}"


def evidence(items: Iterable[Evidence]) -> str:
    """The lines something follows from, in brackets."""
    places = list(dict.fromkeys(link(e.span) for e in items if e.span))
    return f" ({', '.join(places[:6])})" if places else ""


def finding_lines(findings: Iterable[Finding]) -> Iterator[str]:
    """One line a finding, the worst first."""
    marks = {Severity.ERROR: "🔴", Severity.WARNING: "🟠", Severity.NOTE: "🔵"}
    for finding in sorted(findings, key=lambda f: (-f.severity, *f.sort_key)):
        more = evidence(e for e in finding.evidence if e.span != finding.span)
        rule = f"{marks[finding.severity]} **{escaped(finding.rule)}**"
        yield f"- {rule} {escaped(finding.message)} ({link(finding.span)}){more}"


def _standards(report: Report) -> Iterator[str]:
    marks = {"pass": "✅", "fail": "❌"}
    for row in report.standards:
        rules = f" ({', '.join(map(escaped, row.rules))})" if row.findings else ""
        yield f"- {marks.get(row.status, '⬜')} {escaped(row.text)}{rules}"


def _unread(report: Report) -> Iterator[str]:
    for diagnostic in report.diagnostics[: 2 * ROWS]:
        yield f"- {diagnostic.code.id} {escaped(diagnostic.message)} ({link(diagnostic.span)})"
    if len(report.diagnostics) > 2 * ROWS:
        yield f"- … and {len(report.diagnostics) - 2 * ROWS} more"


_MARKUP = re.compile(r"([\\`*_{}\[\]()#+!|~$])")


def escaped(text: str) -> str:
    """Plain text: markup escaped, tags, references and mentions broken, on one line."""
    flat = "".join(c if c.isprintable() else " " for c in text)
    flat = flat.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    flat = _MARKUP.sub(r"\\\1", flat)
    return flat.replace("@", "&#64;").replace("://", "&#58;//").replace("www.", "www&#46;")


def code(text: str) -> str:
    """A code span that nothing in the text can end."""
    flat = "".join(c if c.isprintable() else " " for c in text) or " "
    longest = max((len(run) for run in re.findall("`+", flat)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if flat.startswith("`") or flat.endswith("`") else ""
    return f"{fence}{pad}{flat}{pad}{fence}"


def cell(text: str) -> str:
    """A code span inside a table, where a bar would end the cell."""
    return code(text).replace("|", "\\|")


def link(span: Span) -> str:
    """A line of the repository, shown in short."""
    return cell(f"{span.path.rpartition('/')[2]}:{span.line}")


MARKDOWN = Format("markdown", _render, (".md",))
