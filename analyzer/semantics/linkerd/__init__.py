"""Linkerd: membership, what becomes of a call, whether a request is let through.

Source: linkerd/linkerd2 (policy-controller, controller/api/destination, pkg/inject), linkerd/linkerd2-proxy; each
module names the code it follows. docs/meshes.md says what is not modelled.
Shape: one public ``Semantics``; modules by question (injection, routes, profiles, outbound, inbound, identities).
"""

from __future__ import annotations

from analyzer.semantics import Semantics
from analyzer.semantics.linkerd.inbound import groups, verdict
from analyzer.semantics.linkerd.injection import member
from analyzer.semantics.linkerd.outbound import passage
from analyzer.semantics.linkerd.problems import problems

LINKERD = Semantics(
    name="linkerd",
    member=member,
    passage=passage,
    verdict=verdict,
    mtls=lambda _service, _port, _mesh: None,  # always offered, never demanded by itself: policies demand it
    groups=groups,
    problems=problems,
)
