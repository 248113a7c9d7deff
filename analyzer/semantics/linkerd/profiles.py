"""What a ServiceProfile does: which one applies, which of its routes, and what its budget lets one request become.

Source: linkerd/linkerd2 controller/api/destination/{server,fallback_profile_listener,profile_translator}.go;
linkerd/linkerd2-proxy linkerd/app/outbound/src/http/retry.rs, linkerd/service-profiles/src/proto.rs; tower
src/retry/budget/tps_budget.rs (deposits and withdrawals).
Units: requests, seconds; ratios 0..1000 as written.
Shape: there is no count per request: a failing request is repeated until the budget is empty.
"""

from __future__ import annotations

from dataclasses import dataclass

from analyzer.linking.mesh import CLUSTER_DOMAIN, Mesh, ServiceNode
from analyzer.requestsets.matching import Answer, both, either, opposite, taken
from analyzer.semantics.linkerd.annotations import status_patterns
from parsers.facts.linkerd import ProfileBudget, ProfileMatch, ProfileRoute, ResponseClass, ServiceProfile

#: Where a profile has none (profile_translator.go:159-167).
DEFAULT_RATIO, DEFAULT_PER_S, DEFAULT_TTL_S = 0.2, 10, 10.0
#: What the proxy takes (service-profiles/src/proto.rs, convert_retry_budget).
_TTL_S = (1.0, 60.0)
_MAX_RATIO = 1000.0
#: gRPC codes that are failures where no class says otherwise (linkerd2-proxy linkerd/http/classify).
_FAILED_CODES = ("data-loss", "deadline-exceeded", "internal", "permission-denied", "unavailable", "unknown")
_MAX_DEPTH = 10
_MAX_COINS = 1 << 62


@dataclass(frozen=True, slots=True)
class Tps:
    """A budget as the proxy works with it. ``burst``: retries that stand ready; ``share``: retries a request earns."""

    per_s: int
    burst: int
    share: float


def profile_of(service: ServiceNode, client: str, mesh: Mesh) -> ServiceProfile | None:
    """The profile in force: the client's namespace's, else the service's; never both."""
    name = f"{service.name}.{service.namespace}.svc.{CLUSTER_DOMAIN}"
    found = [p for p in mesh.all(ServiceProfile) if p.meta.name == name and _translated(p)]
    for namespace in (client, service.namespace):
        for profile in found:
            if profile.meta.ns == namespace:
                return profile
    return None


def _translated(profile: ServiceProfile) -> bool:
    """A budget that is incomplete is refused with its object; one whose ttl is no duration drops the whole update."""
    budget = profile.budget
    return budget is None or None not in (budget.ratio, budget.min_retries_per_s, budget.ttl_s)


def takes_over(profile: ServiceProfile) -> bool:
    """Whether it stands in for routes and annotations: only with routes or overrides (service-profiles/src/lib.rs)."""
    return bool(profile.routes or profile.overrides)


def budget_of(written: ProfileBudget | None) -> Tps | None:
    """The budget in force; ``None``: the proxy throws it away, and with it every retry."""
    ratio = DEFAULT_RATIO if written is None or written.ratio is None else written.ratio
    per_s = DEFAULT_PER_S if written is None or written.min_retries_per_s is None else written.min_retries_per_s
    ttl_s = DEFAULT_TTL_S if written is None or written.ttl_s is None else written.ttl_s
    if not _TTL_S[0] <= ttl_s <= _TTL_S[1] or not 0 <= ratio <= _MAX_RATIO:
        return None
    deposit, withdraw = _coins(ratio)
    return Tps(per_s, per_s * int(ttl_s), deposit / withdraw)


def _coins(ratio: float) -> tuple[int, int]:
    """What a request puts in and a retry takes out: whole numbers, so that 0.6 comes to 1."""
    if ratio == 0:
        return 0, 1
    if ratio <= 1:
        return 1, int(min(1 / ratio, _MAX_COINS))
    return 1000, max(1, int(1000 / ratio))


def routes_for(profile: ServiceProfile, method: str | None, path: str | None) -> list[ProfileRoute | None]:
    """The routes that may take a request, in order, up to the first that surely does; ``None``: none of them."""
    found: list[ProfileRoute | None] = []
    bare = None if path is None else path.partition("?")[0]
    for route in profile.routes:
        answer = _request(route.match, method, bare, 0)
        if answer is not False:
            found.append(route)
        if answer:
            return found
    return [*found, None]


def _request(match: ProfileMatch, method: str | None, path: str | None, depth: int) -> Answer:
    if depth > _MAX_DEPTH:
        return None
    parts: list[Answer] = []
    if match.path_regex is not None:
        parts.append(taken("regex", match.path_regex, path))
    if match.method is not None:
        parts.append(None if method is None else method.upper() == match.method.upper())
    parts += [_request(m, method, path, depth + 1) for m in match.every]
    if match.some:
        parts.append(either(_request(m, method, path, depth + 1) for m in match.some))
    if match.negated is not None:
        parts.append(opposite(_request(match.negated, method, path, depth + 1)))
    return both(parts)


def failures(route: ProfileRoute, *, grpc: bool) -> tuple[str, ...]:
    """Patterns of answers that are failures: by the first class that takes them, else 500 and above."""
    if grpc:
        return tuple(f"grpc-{code}" for code in _FAILED_CODES)
    return status_patterns(frozenset(s for s in range(100, 600) if _fails(route.classes, s)))


def _fails(classes: tuple[ResponseClass, ...], status: int) -> bool:
    for each in classes:
        if _response(each.match, status, 0):
            return each.failure
    return status >= 500


def _response(match: ProfileMatch, status: int, depth: int) -> bool:
    if depth > _MAX_DEPTH:
        return False
    low, high = match.status or (None, None)
    parts = [low is None or status >= low, high is None or status <= high]
    parts += [_response(m, status, depth + 1) for m in match.every]
    if match.some:
        parts.append(any(_response(m, status, depth + 1) for m in match.some))
    if match.negated is not None:
        parts.append(not _response(match.negated, status, depth + 1))
    return all(parts)
