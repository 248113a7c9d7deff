"""PA010: the code makes a call that policy denies.

In production the answer is 403, or the connection is refused by STRICT mutual TLS. Nobody sees it before the code path
runs.

Fix: allow the call (principal, method and path as the code makes it), or remove it.

Source: docs/reachability.md.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.context import Context
from analyzer.findings import Finding, Severity
from analyzer.rules import Rule, of_paths


def _check(context: Context) -> Iterator[Finding]:
    yield from of_paths(RULE, "broken", context)


RULE = Rule("PA010", "broken-call", Severity.ERROR, _check)
