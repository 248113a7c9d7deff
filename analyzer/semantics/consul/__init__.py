"""Consul: membership, what becomes of a call, whether a request is let through.

Source: hashicorp/consul agent/xds/routes.go, agent/consul/intention_endpoint.go; hashicorp/consul-k8s
control-plane/connect-inject; each module names what it follows. docs/meshes.md says what is not modelled.
Shape: one public ``Semantics``; modules by question (injection, chain, layers, intentions, problems).
"""

from __future__ import annotations

from analyzer.semantics import Semantics
from analyzer.semantics.consul.injection import member
from analyzer.semantics.consul.intentions import groups, verdict
from analyzer.semantics.consul.outbound import passage
from analyzer.semantics.consul.problems import problems

CONSUL = Semantics(
    name="consul",
    member=member,
    passage=passage,
    verdict=verdict,
    mtls=lambda _service, _port, _mesh: None,  # intentions demand an identity; what is permissive is their matter
    groups=groups,
    problems=problems,
)
