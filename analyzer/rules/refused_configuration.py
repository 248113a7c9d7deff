"""CF001: an object that Istio refuses.

The validation webhook rejects the whole object, so none of what it says is in force. Where the webhook is off or
skipped, parts of it do something else than written.

Fix: correct the field the finding names; `istioctl validate -f FILE` refuses it too.

Source: docs/istio-analyze.md.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.context import Context
from analyzer.findings import Finding, Severity
from analyzer.rules import Rule, of_flaw
from analyzer.semantics import Flaw


def _check(context: Context) -> Iterator[Finding]:
    yield from of_flaw(RULE, Flaw.REFUSED, context)


RULE = Rule("CF001", "refused-configuration", Severity.ERROR, _check)
