"""Which DestinationRule applies to a call, and what its blocks come to for one port and subset.

Source: istio/istio pilot/pkg/model/push_context.go:1259-1345, 2040-2131 (lookup), destination_rule.go:46-202 (merging),
pilot/pkg/networking/util/util.go:865-921 (ports and subsets), core/cluster_traffic_policy.go:50-257, 477-560.
Units: percentages 0..100; durations in seconds.
Shape: first namespace with any matching host (client, service, root), then the most specific host; blocks replace one
another whole and are never merged field by field.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from analyzer.findings import Evidence
from analyzer.linking.mesh import Mesh
from analyzer.model import Budget
from analyzer.semantics.istio.flagger import canary_rules
from analyzer.semantics.istio.hosts import exported_to, full_name, most_specific
from analyzer.semantics.istio.memory import remembered
from analyzer.semantics.istio.validity import refused_destination_rule
from parsers.facts import Labels
from parsers.facts.istio import (
    ConnectionPool,
    DestinationRule,
    OutlierDetection,
    RetryBudget,
    RetryPolicy,
    Subset,
    TrafficPolicy,
)

#: Percent and concurrency of a retry budget that names none (destination_rule.proto:289-324).
DEFAULT_BUDGET_PERCENT = 20.0
DEFAULT_BUDGET_CONCURRENCY = 3
#: The default percent as 1.27 to 1.29.1 really set it (istio/istio#59504).
MISTAKEN_BUDGET_PERCENT = 0.2


@dataclass(frozen=True, slots=True)
class Applied:
    """The rule that applies, merged with those it is merged with."""

    rule: DestinationRule
    subsets: tuple[Subset, ...]
    policy: TrafficPolicy | None
    hidden: tuple[DestinationRule, ...] = ()

    def subset(self, name: str) -> Subset | None:
        return next((s for s in self.subsets if s.name == name), None)


@dataclass(frozen=True, slots=True)
class Effective:
    """The blocks that apply to one port and subset."""

    connection_pool: ConnectionPool | None = None
    outlier_detection: OutlierDetection | None = None
    retry_budget: RetryBudget | None = None
    tls_mode: str | None = None
    consistent_hash: bool = False
    declared_retries: RetryPolicy | None = None
    evidence: tuple[Evidence, ...] = ()


NOTHING = Effective()


@dataclass(frozen=True, slots=True)
class _Shelf:
    """The rules of each namespace: those for one host by its full name, those for wildcards apart."""

    exact: Mapping[tuple[str, str], tuple[DestinationRule, ...]]
    wild: Mapping[str, tuple[DestinationRule, ...]]
    default_export: tuple[str, ...]

    def naming(self, host: str, namespace: str) -> tuple[DestinationRule, ...]:
        """What of a namespace may apply to a host."""
        return (*self.exact.get((namespace, host), ()), *self.wild.get(namespace, ()))


def in_force(mesh: Mesh, *, declared_counts: bool) -> _Shelf:
    """The rules by namespace; where declared ``retries`` count, a rule refused only for them counts too."""
    return remembered(mesh, _counting if declared_counts else _stock)


def _counting(mesh: Mesh) -> _Shelf:
    return _shelf(mesh, (r for r in _every(mesh) if _stands(r, declared_counts=True)))


def _stock(mesh: Mesh) -> _Shelf:
    return _shelf(mesh, (r for r in _every(mesh) if _stands(r, declared_counts=False)))


def _every(mesh: Mesh) -> Iterator[DestinationRule]:
    """Those written, and those that Flagger makes."""
    yield from mesh.all(DestinationRule)
    yield from canary_rules(mesh)


def _stands(rule: DestinationRule, *, declared_counts: bool) -> bool:
    policies = (rule.policy, *(s.policy for s in rule.subsets))
    declared = any(p is not None and p.otherwise_empty and p.declared_retries is not None for p in policies)
    return (declared and declared_counts and bool(rule.host)) or refused_destination_rule(rule) is None


def _shelf(mesh: Mesh, rules: Iterable[DestinationRule]) -> _Shelf:
    exact: dict[tuple[str, str], list[DestinationRule]] = {}
    wild: dict[str, list[DestinationRule]] = {}
    for rule in rules:
        host = full_name(rule.host, rule.meta.ns)
        if host.startswith("*"):
            wild.setdefault(rule.meta.ns, []).append(rule)
        else:
            exact.setdefault((rule.meta.ns, host), []).append(rule)
    default = mesh.config.default_destination_rule_export_to if mesh.config else None
    return _Shelf(
        {key: tuple(items) for key, items in exact.items()},
        {ns: tuple(items) for ns, items in wild.items()},
        default or ("*",),
    )


def rule_for(
    host: str, owner: str | None, client: str, labels: Labels, mesh: Mesh, *, declared_counts: bool
) -> Applied | None:
    """The DestinationRule that a client in namespace ``client`` uses for ``host`` of a service in ``owner``."""
    shelf = in_force(mesh, declared_counts=declared_counts)
    root = mesh.root_namespace
    order = [client] if client != root else []
    order += [ns for ns in (owner, root) if ns is not None and ns not in order]
    for position, namespace in enumerate(order):
        rules = [
            r
            for r in shelf.naming(host, namespace)
            if exported_to(r.export_to, shelf.default_export, namespace, client)
            and (r.workload_selector is None or (namespace == client and labels.contains(r.workload_selector)))
        ]
        best = most_specific((full_name(r.host, namespace) for r in rules), host)
        if best is not None:
            chosen = [r for r in rules if full_name(r.host, namespace) == best]
            return replace(_merged(chosen), hidden=_hidden(host, order[position + 1 :], shelf, chosen, namespace))
    return None


def _hidden(
    host: str, later: list[str], shelf: _Shelf, chosen: list[DestinationRule], namespace: str
) -> tuple[DestinationRule, ...]:
    """Rules for exactly this host that stand behind a wildcard of an earlier namespace."""
    if not full_name(chosen[0].host, namespace).startswith("*"):
        return ()
    return tuple(r for ns in later for r in shelf.exact.get((ns, host), ()))


def _merged(rules: list[DestinationRule]) -> Applied:
    """Rules of one namespace and host: selectors first; subsets joined, the first traffic policy only."""
    ordered = sorted(rules, key=lambda r: (r.workload_selector is None, r.meta.name))
    first = ordered[0]
    same = [r for r in ordered if (r.workload_selector is None) == (first.workload_selector is None)]
    subsets: dict[str, Subset] = {}
    for rule in same:
        for subset in rule.subsets:
            subsets.setdefault(subset.name, subset)
    policy = next((r.policy for r in same if r.policy is not None), None)
    return Applied(first, tuple(subsets.values()), policy)


def effective(applied: Applied | None, port: int | None, subset: str | None, version: tuple[int, ...]) -> Effective:
    """The blocks for a Service port and, where the route names one, a subset."""
    if applied is None:
        return NOTHING
    base = _for_port(applied.policy, port)
    chosen = applied.subset(subset) if subset else None
    over = _for_port(chosen.policy, port) if chosen else None
    found = _blocks(_override(base, over))
    if over is not None and _loses_budgets(version):
        found = replace(found, retry_budget=None)
    declared = _declared(applied.policy, port)
    if chosen is not None and (own := _declared(chosen.policy, port)) is not None:
        declared = own
    where = Evidence(f"DestinationRule {applied.rule.meta.ns}/{applied.rule.meta.name} applies", applied.rule.span)
    return replace(found, declared_retries=declared, evidence=(where,))


def _for_port(policy: TrafficPolicy | None, port: int | None) -> TrafficPolicy | None:
    """A ``portLevelSettings`` entry replaces the top level, and can carry four blocks only (util.go:865-921)."""
    if policy is None:
        return None
    entry = next((p.policy for p in policy.port_level if p.port == port), None)
    return policy if entry is None else replace(entry, retry_budget=None)


def _declared(policy: TrafficPolicy | None, port: int | None) -> RetryPolicy | None:
    """``retries`` as somebody wrote them: on the port's entry, else at the top."""
    if policy is None:
        return None
    entry = next((p.policy for p in policy.port_level if p.port == port), None)
    own = entry.declared_retries if entry is not None else None
    return own or policy.declared_retries


def _override(base: TrafficPolicy | None, over: TrafficPolicy | None) -> TrafficPolicy | None:
    if base is None or over is None:
        return over or base
    return replace(
        over,
        connection_pool=over.connection_pool or base.connection_pool,
        outlier_detection=over.outlier_detection or base.outlier_detection,
        retry_budget=over.retry_budget or base.retry_budget,
        tls_mode=over.tls_mode or base.tls_mode,
        consistent_hash=over.consistent_hash or base.consistent_hash,
    )


def _loses_budgets(version: tuple[int, ...]) -> bool:
    """Before 1.29.2 a subset with a traffic policy had no retry budget, neither its own nor the top one."""
    return version[:2] < (1, 29) or (version[:2] == (1, 29) and len(version) > 2 and version[2] < 2)


def _blocks(policy: TrafficPolicy | None) -> Effective:
    if policy is None:
        return NOTHING
    return Effective(
        connection_pool=policy.connection_pool,
        outlier_detection=policy.outlier_detection,
        retry_budget=policy.retry_budget,
        tls_mode=policy.tls_mode,
        consistent_hash=policy.consistent_hash,
    )


# ---------------------------------------------------------------------------------------------------------- budgets


def budgets(found: Effective, version: tuple[int, ...]) -> tuple[Budget, ...]:
    """What bounds retries in the aggregate; a retry budget takes the place of ``maxRetries``."""
    bounds: list[Budget] = []
    budget = found.retry_budget
    if budget is not None and version[:2] >= (1, 27):
        bounds.append(_retry_budget(budget, version))
    elif found.connection_pool is not None and found.connection_pool.max_retries:
        pool = found.connection_pool
        said = f"maxRetries: {pool.max_retries} retries at one time per proxy, whatever one request asks for"
        bounds.append(Budget("max-retries", None, pool.max_retries, Evidence(said, pool.span)))
    if (outlier := found.outlier_detection) is not None:
        bounds.append(_outlier(outlier))
    return tuple(bounds)


def _retry_budget(budget: RetryBudget, version: tuple[int, ...]) -> Budget:
    default = MISTAKEN_BUDGET_PERCENT if mistaken_default(version) else DEFAULT_BUDGET_PERCENT
    percent = default if budget.percent is None else budget.percent
    least = budget.min_retry_concurrency or DEFAULT_BUDGET_CONCURRENCY
    filled = "" if budget.percent is not None else f" (the default of Istio {'.'.join(map(str, version))})"
    said = f"retryBudget: {percent:g} % of active requests{filled}, at least {least} at one time"
    return Budget("retry-budget", percent, least, Evidence(said, budget.span), budget.budget_interval_s)


def mistaken_default(version: tuple[int, ...]) -> bool:
    """Whether the release sets 0.2 % where it documents 20 %; a release without patch is its newest."""
    fixed: dict[tuple[int, ...], int | None] = {(1, 27): None, (1, 28): 6, (1, 29): 2}
    if version[:2] not in fixed:
        return False
    first = fixed[version[:2]]
    return first is None or (len(version) > 2 and version[2] < first)


def _outlier(outlier: OutlierDetection) -> Budget:
    errors = outlier.consecutive_5xx_errors
    percent = outlier.max_ejection_percent
    said = (
        f"outlierDetection: ejects after {5 if errors is None else errors} errors, at most {percent or 10} % of hosts"
    )
    return Budget("outlier", float(percent or 10), None, Evidence(said, outlier.span))
