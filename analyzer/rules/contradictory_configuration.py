"""CF003: objects of which only one can count.

Where two objects claim the same host, workload or port, one wins, often the oldest in the cluster. Files hold no ages,
so what counts may change when a cluster is set up again. Numbers take the worse of both.

Fix: merge them, or give each its own host, selector, scope or port.

Source: docs/istio-analyze.md.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.context import Context
from analyzer.findings import Finding, Severity
from analyzer.rules import Rule, of_flaw
from analyzer.semantics import Flaw


def _check(context: Context) -> Iterator[Finding]:
    yield from of_flaw(RULE, Flaw.CONTRADICTORY, context)


RULE = Rule("CF003", "contradictory-configuration", Severity.WARNING, _check)
