"""RA013: services that call one another in a circle, with retries.

Every turn multiplies again. Nothing in the model ends it but a hop limit, a timeout or the failure of a proxy.

Fix: break the circle, or switch the retries inside it off.

Source: docs/amplification.md, Cycles.
Units: requests per turn.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.context import Context
from analyzer.factors import factors
from analyzer.findings import Finding, Severity
from analyzer.rules import Rule
from parsers.quantities import ONCE


def _check(context: Context) -> Iterator[Finding]:
    for cycle in context.amplification.cycles:
        calls = [c for i in cycle.calls if (c := context.graph.call(i)) is not None]
        if not calls:
            continue
        amplifies = cycle.gain_per_turn > ONCE
        members = " -> ".join(str(c.caller) for c in calls)
        effect = f"each turn multiplies by up to {cycle.gain_per_turn}" if amplifies else "no turn multiplies"
        yield RULE.at(
            calls[0].span,
            f"these call one another in a circle, and {effect}: {members} -> {calls[0].caller}",
            subject=" ".join(sorted(str(m) for m in cycle.members)),
            evidence=tuple(e for c in calls for e in factors(c)),
            severity=Severity.ERROR if amplifies else Severity.NOTE,
        )


RULE = Rule("RA013", "amplifying-cycle", Severity.ERROR, _check)
