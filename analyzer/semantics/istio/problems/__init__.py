"""Dangling and contradictory Istio configuration: pure functions of the linked system, for rules to make findings of.

Source: docs/istio-analyze.md compares the answers with ``istioctl analyze`` on Istio's own test data.
Shape: one generator a family; ``problems`` is all of them, sorted, each told once.
"""

from __future__ import annotations

from analyzer import semantics
from analyzer.linking.mesh import Mesh
from analyzer.semantics import Flaw
from analyzer.semantics.istio.memory import remembered
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

__all__ = ["Code", "Problem", "problems", "told_by_rules"]

#: What becomes a finding of the rules on configuration; the other codes have rules of their own, or are only compared.
FLAWS = {
    Flaw.REFUSED: (Code.REFUSED,),
    Flaw.DANGLING: (
        Code.UNKNOWN_HOST,
        Code.UNKNOWN_PORT,
        Code.UNKNOWN_SUBSET,
        Code.UNKNOWN_GATEWAY,
        Code.UNKNOWN_DELEGATE,
        Code.UNKNOWN_SELECTOR,
        Code.UNKNOWN_NAMESPACE,
        Code.UNKNOWN_RULE_HOST,
        Code.EMPTY_SUBSET,
        Code.HOST_NOT_IN_GATEWAY,
        Code.PORT_NEEDED,
        Code.GATEWAY_PORT,
        Code.NO_WORKLOAD,
    ),
    Flaw.CONTRADICTORY: (
        Code.SAME_HOST,
        Code.SAME_GATEWAY,
        Code.SAME_SIDECAR,
        Code.SAME_SIDECAR_DEFAULT,
        Code.IGNORED_POLICY,
        Code.ENTRY_PROTOCOLS,
        Code.MIXED_PROTOCOLS,
        Code.MIXED_PORTS,
        Code.SEVERAL_LABELS,
    ),
    Flaw.INEFFECTIVE: (
        Code.NOT_FOR_MESH,
        Code.HIDDEN_RULE,
        Code.LOST_BLOCKS,
        Code.UNREACHABLE,
        Code.COVERED,
        Code.INEFFECTIVE_SIDECAR,
        Code.ROUTE_WITHOUT_SUBSET,
        Code.GENERATED_GATEWAY,
    ),
}
_FLAW_OF = {code: flaw for flaw, codes in FLAWS.items() for code in codes}
FAMILIES = (destinations, gateways, injection, matches, policies, registry, retries, rules, same_hosts)


def problems(mesh: Mesh) -> tuple[Problem, ...]:
    """Everything that is wrong in a way that changes an answer; worked out once for a mesh."""
    return remembered(mesh, _problems)


def _problems(mesh: Mesh) -> tuple[Problem, ...]:
    found = dict.fromkeys(p for family in FAMILIES for p in family(mesh))
    return tuple(sorted(found, key=lambda p: p.sort_key))


def told_by_rules(mesh: Mesh) -> tuple[semantics.Problem, ...]:
    """The problems in the words that rules know."""
    return remembered(mesh, _told)


def _told(mesh: Mesh) -> tuple[semantics.Problem, ...]:
    return tuple(
        semantics.Problem(_FLAW_OF[p.code], p.code.id, p.subject, p.message, p.span, p.evidence, p.sure)
        for p in problems(mesh)
        if p.code in _FLAW_OF
    )
