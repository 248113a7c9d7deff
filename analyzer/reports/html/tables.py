"""Everything of the page that is text: headline, filters, and the tables below the picture."""

from __future__ import annotations

from collections.abc import Iterable

from analyzer.findings import Evidence, Severity
from analyzer.report import AmplificationView, PathView, Report, StandardView, ranking
from analyzer.reports.html.words import escape
from parsers.quantities import ONCE

ROWS = 200


def headline(report: Report) -> str:
    """The sentence to remember, and what was looked at."""
    worst = report.worst
    if worst is None:
        told = "No call repeats another" if report.calls else "No calls between services found"
    else:
        most = "without bound" if worst.worst.unbounded else f"up to {worst.worst}"
        told = f"1 request at {report.name(worst.entry)} can become {most} at {report.name(worst.target)}"
    scope = [
        _count(sum(not s.external for s in report.services), "service"),
        _count(len(report.calls), "call"),
        _count(len(report.findings), "finding"),
        f"{_count(len(report.diagnostics), 'thing')} not understood",
    ]
    if report.coverage.istio_version:
        scope.append(f"Istio {report.coverage.istio_version} ({report.coverage.istio_version_source})")
    return f'<h1>{escape(told)}</h1><p class="soft">{escape(", ".join(scope))}</p>'


def _count(number: int, word: str) -> str:
    return f"{number:,} {word}" if number == 1 else f"{number:,} {word}s"


def controls(report: Report) -> str:
    """Search and filters."""
    entries = sorted({report.name(a.entry) for a in report.amplification})
    causes = sorted({c for a in report.amplification for c, _ in a.by_cause})
    rules = sorted({f.rule for f in report.findings})
    return (
        '<form class="controls" role="search" onsubmit="return false">'
        '<label>Search <input type="search" id="search" placeholder="service, operation or file" autocomplete="off">'
        "</label>"
        f"{_select('entry', 'Entry', 'every entry', entries)}"
        f"{_select('cause', 'Fails with', 'the worst cause', causes)}"
        f"{_select('rule', 'Finding', 'with or without', rules)}"
        '<label class="check"><input type="checkbox" id="hot"> only what multiplies, is denied or open</label>'
        '<button type="button" id="theme" aria-label="Dark or light">◐</button>'
        '<output id="count" class="soft"></output></form>'
    )


def _select(identity: str, label: str, every: str, values: Iterable[str]) -> str:
    options = "".join(f'<option value="{escape(v)}">{escape(v)}</option>' for v in values)
    return f'<label>{label} <select id="{identity}"><option value="">{every}</option>{options}</select></label>'


def tables(report: Report) -> str:
    """The sections below the picture."""
    chains = [r for r in ranking(report.amplification) if r.worst > ONCE]
    sections = (
        ("Worst chains", ("up to", "entry", "target", "fails with", "factors"), [_chain(report, r) for r in chains]),
        ("Unauthorised paths", ("kind", "way", "because"), [_path(report, p) for p in report.unexpected]),
        ("Findings", ("severity", "rule", "message", "where"), _findings(report)),
        (
            "Standards",
            ("status", "standard", "rules"),
            [
                (f'<span class="{_STATUS.get(s.status, "")}">{s.status}</span>', escape(s.text), _rules(s))
                for s in report.standards
            ],
        ),
        (
            "Not understood",
            ("code", "message", "where"),
            [(d.code.id, escape(d.message), _place(str(d.span))) for d in report.diagnostics],
        ),
    )
    return "\n".join(_section(*s) for s in sections if s[2])


_STATUS = {"fail": "error", "pass": "good"}


def _rules(standard: StandardView) -> str:
    return escape(", ".join(standard.rules)) if standard.findings else ""


def _section(title: str, heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    head = "".join(f'<th scope="col">{h}</th>' for h in heads)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows[:ROWS])
    more = f'<p class="soft">… and {len(rows) - ROWS} more</p>' if len(rows) > ROWS else ""
    return (
        f"<section><h2>{title} <small>{len(rows)}</small></h2>"
        f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>{more}</section>'
    )


def _chain(report: Report, row: AmplificationView) -> tuple[str, ...]:
    factors = []
    for hop in row.hops:
        call = report.call_by_id.get(hop.call)
        for layer, factor in zip(call.layers if call else (), hop.factors, strict=False):
            if factor > ONCE:
                where = str(layer.span) if layer.span else "a default"
                factors.append(f"{factor} {_place(where)}")
    names = (escape(report.name(row.entry)), escape(report.name(row.target)))
    return (f"<b>{row.worst}</b>", *names, escape(row.cause), " × ".join(factors) or escape(row.precision.value))


def _path(report: Report, path: PathView) -> tuple[str, ...]:
    source = "anyone" if path.source == "none" else report.short_names.get(path.source, path.source)
    stations = [source, *(report.name(v) for v in path.via), report.name(path.target)]
    way = f"{escape(' → '.join(stations))}<br><small>{escape(path.message)}</small>"
    return (f'<span class="kind">{escape(path.kind)}</span>', way, _evidence(path.evidence))


def _findings(report: Report) -> list[tuple[str, ...]]:
    rows = sorted(report.findings, key=lambda f: (-f.severity, *f.sort_key))
    return [
        (
            f'<span class="{f.severity.name.lower()}">{Severity(f.severity).name.lower()}</span>',
            escape(f.rule),
            f"{escape(f.message)}<br><small>{_evidence(f.evidence)}</small>",
            _place(str(f.span)),
        )
        for f in rows
    ]


def _evidence(items: tuple[Evidence, ...]) -> str:
    return "<br>".join(f"{escape(e.text)} {_place(str(e.span)) if e.span else ''}" for e in items[:8])


def _place(where: str) -> str:
    return f"<code>{escape(where)}</code>"
