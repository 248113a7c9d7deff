"""GitLab Code Quality: a JSON array of findings.

Source: docs.gitlab.com, Code Quality report format. The merge request widget does not show ``check_name``, so the
description starts with it. Fingerprints are unique: what occurs twice gets a number.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter

from analyzer.findings import Finding, Severity
from analyzer.report import Report
from analyzer.reports import Format, Page

_SEVERITIES = {Severity.NOTE: "info", Severity.WARNING: "major", Severity.ERROR: "critical"}


def _render(report: Report, page: Page) -> str:  # noqa: ARG001  # every format takes a page
    seen: Counter[str] = Counter()
    rows = []
    for finding in report.findings:
        seen[finding.fingerprint] += 1
        rows.append(_row(finding, seen[finding.fingerprint]))
    return json.dumps(rows, indent=1) + "\n"


def _row(finding: Finding, occurrence: int) -> dict[str, object]:
    key = f"{finding.fingerprint}:{occurrence}" if occurrence > 1 else finding.fingerprint
    return {
        "description": f"{finding.rule}: {finding.message}",
        "check_name": finding.rule,
        "fingerprint": hashlib.sha256(key.encode()).hexdigest()[:32],
        "severity": _SEVERITIES[finding.severity],
        "location": {"path": finding.span.path, "lines": {"begin": finding.span.line}},
    }


GITLAB = Format("gitlab", _render)
