"""TM018: an EnvoyFilter may change what is computed here.

An EnvoyFilter patches the proxy's configuration directly. It can add retries, routes and limits that no other file
shows, and it breaks between releases.

Fix: use the API that Istio has for the purpose where there is one; otherwise keep the filter small, with its reason.

Source: docs/standards.md, Rate Limiting.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.context import Context
from analyzer.findings import Finding, Severity
from analyzer.rules import Rule
from parsers.facts.istio import EnvoyFilter

#: What a patch may touch that changes routes, retries or limits.
TOUCHES = ("HTTP_ROUTE", "VIRTUAL_HOST", "ROUTE_CONFIGURATION", "CLUSTER")


def _check(context: Context) -> Iterator[Finding]:
    for found in context.mesh.all(EnvoyFilter):
        touched = [a for a in found.applies_to if a in TOUCHES]
        if touched:
            yield RULE.at(
                found.span,
                f"EnvoyFilter {found.meta.ns}/{found.meta.name} patches {', '.join(sorted(set(touched)))}: numbers of "
                "the calls it applies to may differ from what is computed",
                subject=f"{found.meta.ns}/{found.meta.name}",
            )


RULE = Rule("TM018", "envoy-filter", Severity.NOTE, _check)
