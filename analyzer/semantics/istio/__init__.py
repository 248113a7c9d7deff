"""Istio: membership, what becomes of a call, whether a request is let through.

Source: docs/istio.md lists the code each part follows. Every number has the version of Istio it holds for.
Shape: one public ``Semantics``; modules by question (injection, routing, retries, traffic policy, authorization, mTLS).
"""

from __future__ import annotations

from analyzer.linking.mesh import Mesh, ServiceNode
from analyzer.semantics import Semantics
from analyzer.semantics.istio.authorization import verdict
from analyzer.semantics.istio.authorization_groups import groups, lets_in, named
from analyzer.semantics.istio.injection import member, service_membership
from analyzer.semantics.istio.mtls import server_mode
from analyzer.semantics.istio.passage import passage
from analyzer.semantics.istio.problems import told_by_rules


def _mtls(service: ServiceNode, port: int | None, mesh: Mesh) -> str | None:
    return server_mode(service, port, mesh).mode if service_membership(service, mesh) is not None else None


ISTIO = Semantics(
    name="istio",
    member=member,
    passage=passage,
    verdict=verdict,
    mtls=_mtls,
    groups=groups,
    named=named,
    lets_in=lets_in,
    problems=told_by_rules,
)
