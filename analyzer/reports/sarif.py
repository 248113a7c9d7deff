"""SARIF 2.1.0, as GitHub code scanning takes it.

Source: OASIS SARIF 2.1.0; docs.github.com, SARIF support for code scanning (25,000 results a run, 1,000 locations a
result, 10,000 thread flow locations). The way to a finding is a code flow, one location a line of evidence.
Fingerprints come from what a finding is about, not from its line. Only rules on policies carry a security severity.
"""

from __future__ import annotations

import json
from collections import Counter
from urllib.parse import quote

from analyzer.findings import Evidence, Finding, Severity
from analyzer.report import Report, RuleView, version
from analyzer.reports import Format, Page
from parsers.diagnostics import Code, Diagnostic
from parsers.source import Span

MOST_RESULTS, MOST_LOCATIONS = 25_000, 1_000
_LEVELS = {Severity.NOTE: "note", Severity.WARNING: "warning", Severity.ERROR: "error"}
_SECURITY = {Severity.NOTE: "3.0", Severity.WARNING: "5.5", Severity.ERROR: "8.0"}
_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

Json = dict[str, object]


def _render(report: Report, page: Page) -> str:  # noqa: ARG001  # every format takes a page
    rules = _rules(report)
    places = {r.id: i for i, r in enumerate(rules)}
    seen: Counter[str] = Counter()
    results = []
    for finding in sorted(report.findings, key=lambda f: (-f.severity, *f.sort_key))[:MOST_RESULTS]:
        seen[finding.fingerprint] += 1
        results.append(_result(finding, places[finding.rule], seen[finding.fingerprint]))
    run: Json = {
        "tool": {
            "driver": {
                "name": "meshgain",
                "semanticVersion": version(),
                "rules": [_rule(r) for r in rules],
                "notifications": [_descriptor(c) for c in sorted({d.code for d in report.diagnostics}, key=_id)],
            }
        },
        "invocations": [_invocation(report)],
        "columnKind": "unicodeCodePoints",
        "results": results,
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=1) + "\n"


def _id(code: Code) -> str:
    return code.id


def _rules(report: Report) -> list[RuleView]:
    known = {r.id: r for r in report.rules}
    for finding in report.findings:
        known.setdefault(finding.rule, RuleView(finding.rule, finding.rule.lower(), finding.severity, finding.rule, ""))
    return [known[i] for i in sorted(known)]


def _rule(rule: RuleView) -> Json:
    policy = rule.id.startswith("PA")
    properties: Json = {"tags": ["security", "authorization"] if policy else ["reliability"]}
    if policy:
        properties["security-severity"] = _SECURITY[rule.severity]
    text = rule.text or rule.summary
    return {
        "id": rule.id,
        "name": "".join(part.capitalize() for part in rule.slug.split("-")),
        "shortDescription": {"text": rule.summary},
        "fullDescription": {"text": (text.split("\n\n")[0] or rule.summary).replace("\n", " ")},
        "help": {"text": text, "markdown": text},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        "properties": properties,
    }


def _result(finding: Finding, index: int, occurrence: int) -> Json:
    found: Json = {
        "ruleId": finding.rule,
        "ruleIndex": index,
        "level": _LEVELS[finding.severity],
        "message": {"text": finding.message},
        "locations": [{"physicalLocation": _physical(finding.span)}],
        "partialFingerprints": {"meshgain/v1": f"{finding.fingerprint}:{occurrence}"},
        "properties": {"confidence": finding.confidence.name.lower()},
    }
    steps = [e for e in finding.evidence if e.span is not None][:MOST_LOCATIONS]
    if len(steps) > 1:
        found["codeFlows"] = [{"threadFlows": [{"locations": [_step(e) for e in steps]}]}]
    if steps:
        found["relatedLocations"] = [_related(i, e) for i, e in enumerate(steps, 1)]
    return found


def _step(evidence: Evidence) -> Json:
    return {"location": _location(evidence), "importance": "essential"}


def _related(identity: int, evidence: Evidence) -> Json:
    return {"id": identity, **_location(evidence)}


def _location(evidence: Evidence) -> Json:
    assert evidence.span is not None
    return {"physicalLocation": _physical(evidence.span), "message": {"text": evidence.text}}


def _physical(span: Span) -> Json:
    region = {"startLine": max(span.line, 1), "startColumn": max(span.column, 1), "endLine": max(span.end_line, 1)}
    end = max(span.end_column, region["startColumn"] if span.line == span.end_line else 1)
    return {
        "artifactLocation": {"uri": quote(span.path, safe="/"), "uriBaseId": "%SRCROOT%"},
        "region": {**region, "endColumn": end},
    }


def _invocation(report: Report) -> Json:
    notes = [_notification(d) for d in report.diagnostics]
    left = len(report.findings) - MOST_RESULTS
    if left > 0:
        notes.append({"level": "warning", "message": {"text": f"{left} findings more than GitHub takes are left out"}})
    return {
        "executionSuccessful": not any(d.code is Code.INTERNAL for d in report.diagnostics),
        "toolExecutionNotifications": notes,
    }


def _notification(diagnostic: Diagnostic) -> Json:
    return {
        "descriptor": {"id": diagnostic.code.id},
        "level": "error" if diagnostic.code is Code.INTERNAL else "note",
        "message": {"text": diagnostic.message},
        "locations": [{"physicalLocation": _physical(diagnostic.span)}],
    }


def _descriptor(code: Code) -> Json:
    return {"id": code.id, "shortDescription": {"text": code.template}}


SARIF = Format("sarif", _render, (".sarif",))
