"""The report on a terminal: the headline, the worst chains hop by hop, paths, findings, and what was not understood."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from analyzer.findings import Severity
from analyzer.report import Report
from analyzer.reports import Format, Page
from analyzer.reports.text import chains, sections
from analyzer.reports.text.ink import Ink, plural


def _render(report: Report, page: Page) -> str:
    ink = Ink(max(page.width, 60), page.colour)
    return "\n".join(_lines(report, page, ink)) + "\n"


def _lines(report: Report, page: Page, ink: Ink) -> Iterator[str]:
    yield from ink.lines(_scope(report, page), style="dim")
    yield ""
    yield from chains.headline(report, ink)
    parts: tuple[tuple[str, Callable[[Report, Ink], Iterator[str]], bool], ...] = (
        ("Worst chains", chains.chains, report.worst is not None),
        ("Calls", sections.calls, bool(report.calls)),
        ("Unauthorised paths", sections.paths, bool(report.paths)),
        ("Findings", sections.findings, bool(report.findings)),
        ("Standards", sections.standards, bool(report.standards)),
        ("Not understood", sections.unread, bool(report.diagnostics)),
    )
    for title, section, wanted in parts:
        if wanted:
            body = list(section(report, ink))
            while body and not body[-1]:
                body.pop()
            yield from ("", sections.title(title, ink), *body)
    yield ""
    yield from ink.lines(_total(report), style="bold")


def _scope(report: Report, page: Page) -> str:
    coverage = report.coverage
    counts = (
        plural(sum(not s.external for s in report.services), "service"),
        plural(sum(len(s.operations) for s in report.services), "operation"),
        plural(len(report.calls), "call"),
    )
    parts = [f"{page.title or 'meshgain'}: {', '.join(counts)}"]
    if coverage.istio_version:
        parts.append(f"Istio {coverage.istio_version} ({coverage.istio_version_source})")
    return "; ".join([*parts, sections.limits(report) or "everything understood"])


def _total(report: Report) -> str:
    if not report.findings:
        return "no findings"
    counted = [(s, sum(f.severity is s for f in report.findings)) for s in sorted(Severity, reverse=True)]
    return ", ".join(plural(n, s.name.lower()) for s, n in counted if n)


TEXT = Format("text", _render, (".txt",))
