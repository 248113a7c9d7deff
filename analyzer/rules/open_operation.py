"""PA008: an operation that anyone may ask for.

A request gets in without an identity, from every workload, or from outside: nothing in the policies says who was
meant.

Fix: an ALLOW policy that names the callers, and STRICT mutual TLS so that names mean something.

Source: docs/reachability.md.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.context import Context
from analyzer.findings import Finding, Severity
from analyzer.rules import Rule, of_paths


def _check(context: Context) -> Iterator[Finding]:
    yield from of_paths(RULE, "open", context)


RULE = Rule("PA008", "open-operation", Severity.WARNING, _check)
