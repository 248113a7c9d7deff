"""PA001: mutual TLS is not enforced in the whole mesh.

Unless a PeerAuthentication in the root namespace says STRICT, sidecars also accept plaintext: a caller without an
identity, which no policy on principals recognises.

Fix: a PeerAuthentication ``default`` in the root namespace with ``mtls: {mode: STRICT}``.

Source: istio/istio pilot/pkg/security/authn/policy_applier.go:398-470 (PERMISSIVE by default); docs/standards.md, mTLS.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.context import Context
from analyzer.findings import Confidence, Finding, Severity
from analyzer.rules import Rule
from parsers.facts.istio import AuthorizationPolicy, PeerAuthentication


def _check(context: Context) -> Iterator[Finding]:
    mesh = context.mesh
    wide = [p for p in mesh.all(PeerAuthentication) if p.meta.ns == mesh.root_namespace and not p.selector]
    if any(p.mode == "STRICT" for p in wide):
        return
    if wide:
        policy = wide[0]
        yield RULE.at(
            policy.span,
            f"the mesh-wide mode is {policy.mode or 'UNSET, which is PERMISSIVE'}: callers without an identity get in",
            subject="mesh",
        )
        return
    anchors: list[PeerAuthentication | AuthorizationPolicy] = [
        *mesh.all(PeerAuthentication),
        *mesh.all(AuthorizationPolicy),
    ]
    if anchors:
        yield RULE.at(
            anchors[0].span,
            f"no PeerAuthentication in {mesh.root_namespace} makes mutual TLS STRICT for the whole mesh",
            subject="mesh",
            confidence=Confidence.MEDIUM,
        )


RULE = Rule("PA001", "mtls-not-strict", Severity.WARNING, _check)
