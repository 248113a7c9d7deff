"""DestinationRules that apply to nothing, are hidden by another, or lose what they say.

Source: istio/istio pkg/config/analysis/analyzers/destinationrule/{subset,ca-certificates}.go; pilot/pkg/model/
push_context.go:1259-1345 (hiding), destination_rule.go:46-146 (merging), networking/util/util.go:865-921 (ports).
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.findings import Evidence
from analyzer.linking.mesh import Mesh
from analyzer.semantics.istio.hosts import full_name, populated, service_of_host
from analyzer.semantics.istio.problems.destinations import hosts_known
from analyzer.semantics.istio.problems.problem import Code, Problem, subject
from analyzer.semantics.istio.traffic_policy import rule_for
from parsers.facts import NO_LABELS
from parsers.facts.istio import DestinationRule, TrafficPolicy


def rules(mesh: Mesh) -> Iterator[Problem]:
    """Problems of DestinationRules."""
    every = mesh.all(DestinationRule)
    same: dict[tuple[str, str], list[DestinationRule]] = {}
    for rule in every:
        same.setdefault((rule.meta.ns, full_name(rule.host, rule.meta.ns)), []).append(rule)
    for rule in every:
        yield from _host(rule, mesh)
        yield from _subsets(rule, mesh)
        yield from _lost(rule)
        yield from _unverified(rule)
        yield from _ignored(rule, same[(rule.meta.ns, full_name(rule.host, rule.meta.ns))])
    yield from _hidden(mesh)


def _host(rule: DestinationRule, mesh: Mesh) -> Iterator[Problem]:
    host = full_name(rule.host, rule.meta.ns)
    if not hosts_known(host, mesh):
        said = f"host {rule.host} ({host}) is not in the registry: the rule applies to nothing"
        sure = populated(host, mesh)
        yield Problem(Code.UNKNOWN_RULE_HOST, said, rule.span, subject("DestinationRule", rule.meta), sure=sure)


def _subsets(rule: DestinationRule, mesh: Mesh) -> Iterator[Problem]:
    """A subset whose labels no workload has: routes to it are answered 503."""
    node = service_of_host(full_name(rule.host, rule.meta.ns), mesh)
    if node is None or not node.pods:
        return
    for subset in rule.subsets:
        # Where pods will run is not in the repository: a topology label is believed, unless it is empty.
        labels = {k: v for k, v in subset.labels.items() if not (v and k.startswith("topology."))}
        if not any(p.labels.contains(labels) for p in node.pods):
            pairs = ", ".join(f"{k}={v}" for k, v in subset.labels.items())
            said = f"no workload of {node.id} here has {pairs}: subset {subset.name} is empty"
            yield Problem(Code.EMPTY_SUBSET, said, subset.span, subject("DestinationRule", rule.meta))


def _lost(rule: DestinationRule) -> Iterator[Problem]:
    """A port-level entry replaces the top level whole: what it does not repeat is gone for that port."""
    if rule.policy is None:
        return
    for entry in rule.policy.port_level:
        gone = [name for name, has in _blocks(rule.policy).items() if has and not _blocks(entry.policy)[name]]
        if rule.policy.retry_budget is not None:
            gone.append("retryBudget")
        if gone:
            said = (
                f"portLevelSettings for port {entry.port} replace the top level: {', '.join(gone)} do not apply there"
            )
            above = Evidence("the top-level trafficPolicy", rule.policy.span)
            who = subject("DestinationRule", rule.meta)
            yield Problem(Code.LOST_BLOCKS, said, entry.policy.span, who, (above,))


def _blocks(policy: TrafficPolicy) -> dict[str, bool]:
    return {
        "connectionPool": policy.connection_pool is not None,
        "outlierDetection": policy.outlier_detection is not None,
        "tls": policy.tls_mode is not None,
    }


def _unverified(rule: DestinationRule) -> Iterator[Problem]:
    if rule.policy is None:
        return
    who = subject("DestinationRule", rule.meta)
    if _trusts_anyone(rule.policy, rule):
        said = f"tls {rule.policy.tls_mode} without caCertificates: the server's certificate is not verified"
        yield Problem(Code.UNVERIFIED_TOP, said, rule.policy.span, who)
    for entry in rule.policy.port_level:
        if _trusts_anyone(entry.policy, rule):
            said = f"tls {entry.policy.tls_mode} on port {entry.port} without caCertificates: not verified"
            yield Problem(Code.UNVERIFIED_PORT, said, entry.policy.span, who)


def _trusts_anyone(policy: TrafficPolicy, rule: DestinationRule) -> bool:
    """A credential counts for a rule with a workload selector only."""
    known = policy.tls_ca or (policy.tls_credential and rule.workload_selector is not None)
    return policy.tls_mode in ("SIMPLE", "MUTUAL") and not known


def _ignored(rule: DestinationRule, same: list[DestinationRule]) -> Iterator[Problem]:
    """Of several rules for one host in a namespace only one traffic policy counts: the oldest object's."""
    host = full_name(rule.host, rule.meta.ns)
    rivals = [
        r for r in same if r is not rule and r.policy is not None and r.workload_selector == rule.workload_selector
    ]
    if rule.policy is not None and rivals:
        names = ", ".join(sorted(f"{r.meta.ns}/{r.meta.name}" for r in rivals))
        said = f"DestinationRules {names} set a trafficPolicy for {host} too: only the oldest one's counts"
        yield Problem(Code.IGNORED_POLICY, said, rule.span, subject("DestinationRule", rule.meta))


def _hidden(mesh: Mesh) -> Iterator[Problem]:
    """An exact rule of a service's owner that a wildcard rule of a client's namespace hides for that namespace."""
    for rule in mesh.all(DestinationRule):
        host = full_name(rule.host, rule.meta.ns)
        node = service_of_host(host, mesh)
        if node is None or node.namespace != rule.meta.ns:
            continue
        for client in sorted({p.namespace for p in mesh.pods.values()} - {rule.meta.ns}):
            applied = rule_for(host, node.namespace, client, NO_LABELS, mesh, declared_counts=True)
            if applied is not None and rule in applied.hidden:
                other = f"{applied.rule.meta.ns}/{applied.rule.meta.name}"
                said = f"callers in {client} use DestinationRule {other} ({applied.rule.host}) instead of this one"
                above = Evidence(f"DestinationRule {other}", applied.rule.span)
                yield Problem(Code.HIDDEN_RULE, said, rule.span, subject("DestinationRule", rule.meta), (above,))
