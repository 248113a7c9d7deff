"""CF004: configuration that is valid and has no effect, or less than it seems.

A VirtualService for gateways only does nothing for callers inside; a wildcard rule in a caller's namespace hides the
owner's; a port-level entry drops what stands above it; a route after one that takes everything is never reached.

Fix: move it to where it counts, or delete it.

Source: docs/istio-analyze.md.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.context import Context
from analyzer.findings import Finding, Severity
from analyzer.rules import Rule, of_flaw
from analyzer.semantics import Flaw


def _check(context: Context) -> Iterator[Finding]:
    yield from of_flaw(RULE, Flaw.INEFFECTIVE, context)


RULE = Rule("CF004", "ineffective-configuration", Severity.WARNING, _check)
