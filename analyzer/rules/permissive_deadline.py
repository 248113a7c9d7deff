"""PA002: PERMISSIVE without a date on which it ends, or past that date.

PERMISSIVE is a step of a migration. Without a date it stays, and plaintext stays with it.

Fix: annotate the PeerAuthentication with ``meshgain.dev/permissive-until: "2027-03-31"`` and finish the migration by
then; a date that has passed is an error. The date it is held against is the newest date that the repository itself
states (``today`` in the configuration); without one, a deadline counts as kept.

Source: docs/standards.md, mTLS.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from analyzer.context import Context
from analyzer.findings import Evidence, Finding, Severity
from analyzer.rules import Rule
from parsers.facts.istio import PeerAuthentication

ANNOTATION = "meshgain.dev/permissive-until"
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def _check(context: Context) -> Iterator[Finding]:
    for policy in context.mesh.all(PeerAuthentication):
        modes = {policy.mode, *(mode for _, mode in policy.port_modes)}
        weak = sorted(m for m in modes if m in ("PERMISSIVE", "DISABLE"))
        if not weak:
            continue
        subject = f"{policy.meta.ns}/{policy.meta.name}"
        until = policy.meta.annotations.get(ANNOTATION, "")
        today = context.options.today
        if not _DATE.fullmatch(until):
            yield RULE.at(
                policy.span,
                f"{weak[0]} in {policy.meta.ns} has no date on which it ends ({ANNOTATION})",
                subject=subject,
            )
        elif today and until < today:
            yield RULE.at(
                policy.meta.span,
                f"{weak[0]} in {policy.meta.ns} was to end on {until}",
                subject=subject,
                severity=Severity.ERROR,
                evidence=(Evidence(f"today is {today}"),),
            )


RULE = Rule("PA002", "permissive-deadline", Severity.WARNING, _check)
