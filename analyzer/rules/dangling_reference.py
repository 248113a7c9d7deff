"""CF002: configuration that refers to something that is not there.

A route to an unknown host, port or subset is answered 503 by the caller's own proxy; a gateway nobody runs takes no
traffic; a rule or policy for a host or workload that does not exist does nothing. The confidence is low where the
missing part may be defined outside this repository.

Fix: name what exists, or define it; delete what nothing needs any more.

Source: docs/istio-analyze.md.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.context import Context
from analyzer.findings import Finding, Severity
from analyzer.rules import Rule, of_flaw
from analyzer.semantics import Flaw


def _check(context: Context) -> Iterator[Finding]:
    yield from of_flaw(RULE, Flaw.DANGLING, context)


RULE = Rule("CF002", "dangling-reference", Severity.ERROR, _check)
