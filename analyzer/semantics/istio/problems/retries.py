"""Retries that do not do what is written: fields Istio lacks, blocks it refuses, timeouts that only cut.

Source: istio/istio pkg/config/validation/agent/validation.go:940-998; route/retry/retry.go; measured (docs/istio.md).
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.findings import Evidence
from analyzer.linking.mesh import Mesh
from analyzer.semantics.istio.conditions import PER_TRY_TIMEOUT, fires_on
from analyzer.semantics.istio.policy import convert
from analyzer.semantics.istio.problems.problem import Code, Problem, subject
from analyzer.semantics.istio.retries import release
from analyzer.semantics.istio.validity import refused_destination_rule, refused_virtual_service
from parsers.facts.istio import DestinationRule, RetryPolicy, TrafficPolicy, VirtualService


def retries(mesh: Mesh) -> Iterator[Problem]:
    """Refused objects, declared retries, per-try timeouts that nothing repeats."""
    for service in mesh.all(VirtualService):
        who = subject("VirtualService", service.meta)
        if (refusal := refused_virtual_service(service)) is not None:
            said = f"Istio refuses the whole object: {refusal.reason}; calls are routed as if it were not there"
            yield Problem(Code.REFUSED, said, refusal.span, who)
        for route in service.http:
            yield from _inert(route.retries, mesh, who)
    for rule in mesh.all(DestinationRule):
        who = subject("DestinationRule", rule.meta)
        if (refused := refused_destination_rule(rule)) is not None:
            yield Problem(Code.REFUSED, f"Istio refuses the whole object: {refused.reason}", refused.span, who)
        for policy in _policies(rule):
            if policy.declared_retries is not None:
                yield _declared(policy.declared_retries, who)


def _policies(rule: DestinationRule) -> Iterator[TrafficPolicy]:
    for policy in (rule.policy, *(s.policy for s in rule.subsets)):
        if policy is not None:
            yield policy
            yield from (p.policy for p in policy.port_level)


def _declared(policy: RetryPolicy, who: str) -> Problem:
    said = (
        "a DestinationRule has no retries: the API server drops the field or refuses the object; "
        "they belong in a VirtualService's http route"
    )
    return Problem(Code.DECLARED_RETRIES, said, policy.span, who, (Evidence(policy.declared, policy.span),))


def _inert(policy: RetryPolicy | None, mesh: Mesh, who: str) -> Iterator[Problem]:
    if policy is None or policy.per_try_timeout_s is None or policy.invalid is not None:
        return
    found = convert(policy, release(mesh))
    if found is not None and PER_TRY_TIMEOUT not in fires_on(found.conditions, found.status_codes or ()):
        said = (
            f"perTryTimeout only cuts: none of {', '.join(found.conditions)} repeats a cut attempt "
            "(5xx, gateway-error and reset do), so the caller gets a 504 earlier"
        )
        yield Problem(Code.INERT_TRY_TIMEOUT, said, policy.span, who)
