"""PA008: an operation that a policy opens to anyone.

A policy is written for the service, and still a request gets in without an identity, or from every workload: the rule
that lets it in names no caller. (A service that no policy selects at all is PA004.)

Fix: name the callers in the rule, and enforce STRICT mutual TLS so that names mean something.

Source: docs/reachability.md.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.context import Context
from analyzer.findings import Finding, Severity
from analyzer.rules import Rule, of_paths


def _check(context: Context) -> Iterator[Finding]:
    for finding in of_paths(RULE, "open", context):
        if finding.evidence and finding.evidence[0].span is not None:  # what lets in is a rule, not the want of one
            yield finding


RULE = Rule("PA008", "open-operation", Severity.WARNING, _check)
