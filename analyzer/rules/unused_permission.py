"""PA011: a permission that no call uses.

What is allowed and never called only serves whoever takes over the caller.

Fix: remove the rule, or narrow it to what is called. Calls that other languages or people make are not seen here.

Source: docs/reachability.md.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.context import Context
from analyzer.findings import Finding, Severity
from analyzer.rules import Rule, of_paths


def _check(context: Context) -> Iterator[Finding]:
    yield from of_paths(RULE, "unused", context)


RULE = Rule("PA011", "unused-permission", Severity.NOTE, _check)
