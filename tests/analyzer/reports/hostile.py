"""A report whose every name would do harm in some medium."""

from __future__ import annotations

from dataclasses import replace

from analyzer.findings import Evidence, Finding
from analyzer.model import Operation
from analyzer.report import Report
from parsers.source import Span
from tests.analyzer.showcase import shop

NAMES = (
    '"><script>alert(1)</script>',
    "</script><!--",
    "a|b`c``d",
    "]](javascript:x) @someone #1 http://evil.example",
    "::error::%0Aline\nbreak\r",
    "\x1b[31mred\x07\x00",
    'q"uote\\back',
    "];end[subgraph",
    "&amp;<b>\u202e",
)


def hostile() -> Report:
    """The shop with each name replaced by a hostile one."""
    report = shop()
    services = sorted({end.service for c in report.calls for end in (c.caller, c.callee)})
    names = {s: f"ns/{NAMES[i % len(NAMES)]}{i}" for i, s in enumerate(services)}

    def renamed(operation: Operation) -> Operation:
        return Operation(names[operation.service], f"POST /{NAMES[0]}{operation.name}")

    def placed(span: Span) -> Span:
        return replace(span, path=f"dir/{NAMES[4]}{NAMES[0]}.py")

    calls = tuple(
        replace(c, caller=renamed(c.caller), callee=renamed(c.callee), span=placed(c.span)) for c in report.calls
    )
    return replace(
        report,
        calls=calls,
        services=tuple(
            replace(s, id=names[s.id], namespace="ns", name=names[s.id].partition("/")[2], operations=NAMES)
            for s in report.services
        ),
        amplification=tuple(replace(a, entry=renamed(a.entry), target=renamed(a.target)) for a in report.amplification),
        scenarios=(),
        paths=tuple(
            replace(p, source=names.get(p.source, p.source), target=renamed(p.target), message="".join(NAMES), via=())
            for p in report.paths
        ),
        findings=tuple(_finding(f, placed) for f in report.findings),
    )


def _finding(finding: Finding, placed: object) -> Finding:
    assert callable(placed)
    spot = placed(finding.span)
    return replace(finding, message=f"{finding.rule} {''.join(NAMES)}", span=spot, evidence=(Evidence(NAMES[4], spot),))
