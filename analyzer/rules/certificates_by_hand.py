"""PA012: service certificates managed by hand.

The mesh issues and rotates the certificates of its workloads. A certificate in a Secret that a DestinationRule or a
gateway inside the mesh uses expires on a day that nobody watches.

Fix: ``mode: ISTIO_MUTUAL`` (or no ``tls`` block at all) between workloads of the mesh.

Source: docs/standards.md, mTLS and Don't.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.context import Context
from analyzer.findings import Finding, Severity
from analyzer.rules import Rule
from parsers.facts.istio import DestinationRule


def _check(context: Context) -> Iterator[Finding]:
    for rule in context.mesh.all(DestinationRule):
        target = context.mesh.service_for_host(rule.host, rule.meta.ns)
        if target is None or target.id not in context.in_mesh:
            continue
        for block in (rule.policy, *(s.policy for s in rule.subsets)):
            if block is not None and block.tls_mode == "MUTUAL":
                yield RULE.at(
                    block.span,
                    f"{rule.host} is in the mesh, yet its callers present a certificate of their own (tls mode MUTUAL)",
                    subject=f"{rule.meta.ns}/{rule.meta.name}",
                )


RULE = Rule("PA012", "certificates-by-hand", Severity.WARNING, _check)
