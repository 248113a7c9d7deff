"""A baseline: findings that are known, by fingerprint, so that only new ones are reported.

Shape: JSON ``{"schema": "meshgain-baseline/1", "findings": [{"fingerprint", "rule", "message"}]}``; rule and message
are there for people who read the diff.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace

from analyzer.configuration import ConfigurationError
from analyzer.report import Report

SCHEMA = "meshgain-baseline/1"


def baseline_text(report: Report) -> str:
    """Today's findings as a file to commit."""
    rows = [{"fingerprint": f.fingerprint, "rule": f.rule, "message": f.message} for f in report.findings]
    rows.sort(key=lambda row: (row["rule"], row["fingerprint"], row["message"]))
    return json.dumps({"schema": SCHEMA, "findings": rows}, indent=1) + "\n"


def without_known(report: Report, text: str) -> Report:
    """The report without what the baseline holds; as many as it holds, where several look the same."""
    known = Counter(_fingerprints(text))
    new = []
    for finding in report.findings:
        if known[finding.fingerprint] > 0:
            known[finding.fingerprint] -= 1
        else:
            new.append(finding)
    return replace(report, findings=tuple(new))


def _fingerprints(text: str) -> list[str]:
    try:
        document = json.loads(text)
        if document["schema"] != SCHEMA:
            raise ConfigurationError(f"the baseline's schema is {document['schema']!r}, not {SCHEMA!r}")
        return [str(row["fingerprint"]) for row in document["findings"]]
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigurationError(f"the baseline is not one that --write-baseline wrote: {error}") from error
