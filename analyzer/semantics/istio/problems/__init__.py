"""Dangling and contradictory Istio configuration: pure functions of the linked system, for rules to make findings of.

Source: docs/istio-analyze.md compares the answers with ``istioctl analyze`` on Istio's own test data.
Shape: one generator a family; ``problems`` is all of them, sorted, each told once.
"""

from __future__ import annotations

from analyzer.linking.mesh import Mesh
from analyzer.semantics.istio.problems.destinations import destinations
from analyzer.semantics.istio.problems.gateways import gateways
from analyzer.semantics.istio.problems.injection import injection
from analyzer.semantics.istio.problems.matches import matches
from analyzer.semantics.istio.problems.policies import policies
from analyzer.semantics.istio.problems.problem import Code, Problem
from analyzer.semantics.istio.problems.registry import registry
from analyzer.semantics.istio.problems.retries import retries
from analyzer.semantics.istio.problems.rules import rules
from analyzer.semantics.istio.problems.same_hosts import same_hosts

__all__ = ["Code", "Problem", "problems"]

FAMILIES = (destinations, gateways, injection, matches, policies, registry, retries, rules, same_hosts)


def problems(mesh: Mesh) -> tuple[Problem, ...]:
    """Everything that is wrong in a way that changes an answer."""
    found = dict.fromkeys(p for family in FAMILIES for p in family(mesh))
    return tuple(sorted(found, key=lambda p: p.sort_key))
