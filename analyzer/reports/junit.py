"""JUnit XML: a test case for each finding, which fails, and one for each rule that found nothing, which passes.

Shape: one suite a rule. Characters that XML 1.0 forbids are replaced.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.sax.saxutils import escape, quoteattr

from analyzer.findings import Finding, Severity
from analyzer.report import Report
from analyzer.reports import Format, Page

_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _render(report: Report, page: Page) -> str:  # noqa: ARG001  # every format takes a page
    rules = sorted({r.id for r in report.rules} | {f.rule for f in report.findings})
    suites = [line for rule in rules for line in _suite(rule, [f for f in report.findings if f.rule == rule])]
    failed = sum(f.severity > Severity.NOTE for f in report.findings)
    total = sum(max(1, sum(f.rule == rule for f in report.findings)) for rule in rules)
    head = f'<testsuites name="meshgain" tests="{total}" failures="{failed}">'
    return "\n".join(['<?xml version="1.0" encoding="UTF-8"?>', head, *suites, "</testsuites>"]) + "\n"


def _suite(rule: str, findings: list[Finding]) -> Iterator[str]:
    failed = sum(f.severity > Severity.NOTE for f in findings)
    yield f' <testsuite name={_attribute(rule)} tests="{max(1, len(findings))}" failures="{failed}">'
    if not findings:
        yield f'  <testcase classname={_attribute(rule)} name="holds everywhere"/>'
    for finding in findings:
        yield from _case(finding)
    yield " </testsuite>"


def _case(finding: Finding) -> Iterator[str]:
    place = f"file={_attribute(finding.span.path)} line={_attribute(str(finding.span.line))}"
    yield f"  <testcase classname={_attribute(finding.rule)} name={_attribute(finding.message)} {place}>"
    lines = [f"{finding.span}: {finding.message}"]
    lines += [f"  {e.text} ({e.span})" if e.span else f"  {e.text}" for e in finding.evidence]
    body = escape(_legal("\n".join(lines)))
    if finding.severity > Severity.NOTE:
        kind = finding.severity.name.lower()
        yield f"   <failure type={_attribute(kind)} message={_attribute(finding.message)}>{body}</failure>"
    else:
        yield f"   <system-out>{body}</system-out>"
    yield "  </testcase>"


def _attribute(text: str) -> str:
    return quoteattr(_legal(text).replace("\n", " ").replace("\r", " ").replace("\t", " "))


def _legal(text: str) -> str:
    return _FORBIDDEN.sub("\ufffd", text)


JUNIT = Format("junit", _render, (".xml",))
