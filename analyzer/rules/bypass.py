"""PA009: a way round a denial.

The source may not call the target, yet it may call a service that calls the target for it (a confused deputy). The
policy in front of the target keeps out exactly what comes in by the side.

Fix: narrow what the source may ask of the service in between, or what that service may ask of the target; the evidence
names the smallest cut.

Source: docs/reachability.md.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.context import Context
from analyzer.findings import Finding, Severity
from analyzer.rules import Rule, of_paths


def _check(context: Context) -> Iterator[Finding]:
    yield from of_paths(RULE, "bypass", context)


RULE = Rule("PA009", "bypass", Severity.ERROR, _check)
