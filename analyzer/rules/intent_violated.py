"""PA013: an assertion of the configuration does not hold.

You wrote down who must never, may only or must be able to reach what; the policies and calls of this tree say
otherwise.

Fix: follow the evidence: it is the shortest way that contradicts the assertion.

Source: docs/reachability.md.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.context import Context
from analyzer.findings import Finding, Severity
from analyzer.rules import Rule, of_paths


def _check(context: Context) -> Iterator[Finding]:
    yield from of_paths(RULE, "intent", context)


RULE = Rule("PA013", "intent-violated", Severity.ERROR, _check)
