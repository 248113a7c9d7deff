"""GitHub Actions workflow commands: one annotation a finding.

Source: docs.github.com, workflow commands: ``%``, CR and LF are escaped everywhere, ``:`` and ``,`` in properties too.
"""

from __future__ import annotations

from analyzer.findings import Finding, Severity
from analyzer.report import Report
from analyzer.reports import Format, Page

_LEVELS = {Severity.NOTE: "notice", Severity.WARNING: "warning", Severity.ERROR: "error"}


def _render(report: Report, page: Page) -> str:  # noqa: ARG001  # every format takes a page
    return "".join(_annotation(f) for f in report.findings)


def _annotation(finding: Finding) -> str:
    span = finding.span
    properties = {
        "file": span.path,
        "line": str(span.line),
        "endLine": str(span.end_line),
        "col": str(span.column),
        "title": finding.rule,
    }
    told = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    lines = [finding.message, *(f"{e.text} ({e.span})" if e.span else e.text for e in finding.evidence)]
    return f"::{_LEVELS[finding.severity]} {told}::{_data(chr(10).join(lines))}\n"


def _data(text: str) -> str:
    visible = "".join(c if c.isprintable() or c in "\r\n" else "\ufffd" for c in text)
    return visible.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


GITHUB = Format("github", _render)
