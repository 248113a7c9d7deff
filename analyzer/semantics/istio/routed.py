"""One alternative of a route as a passage: destinations, subsets, mirrors, faults, policy, budgets.

Source: istio/istio pilot/pkg/networking/core/route/route.go:351-376, 548-554, 664-707, 903-947, 1331-1395;
measured: a route to a missing subset is a 503 that is not retried there; a mirror gets one copy per request.
Shape: what the proxy answers itself sends nothing: ``answered`` names the cause, and no layer of that proxy repeats it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from analyzer.findings import Evidence
from analyzer.linking.mesh import Mesh, Wire
from analyzer.model import Layer, Passage, Shadow
from analyzer.options import Options
from analyzer.semantics.istio.callees import Callee, destined, identity_lost, server_layers
from analyzer.semantics.istio.gateway_api import budget_of
from analyzer.semantics.istio.hosts import populated
from analyzer.semantics.istio.l4 import shares
from analyzer.semantics.istio.retries import (
    BUFFER_LIMIT_BYTES,
    Written,
    bytes_only,
    declared_only,
    outbound,
    written_for,
)
from analyzer.semantics.istio.route_match import Asked, Proxy
from analyzer.semantics.istio.routing import Alternative
from analyzer.semantics.istio.traffic_policy import Applied, Effective, budgets, effective, rule_for
from analyzer.semantics.istio.worst import joined
from parsers.facts.istio import Destination, Fault, HttpRoute


@dataclass(frozen=True, slots=True)
class Hop:
    """The proxy that decides, and the call it decides about. ``default``: its policy where no route is written."""

    kind: str
    proxy: Proxy
    callee: Callee
    asked: Asked
    wire: Wire
    mesh: Mesh
    options: Options
    evidence: tuple[Evidence, ...]
    default: Written | None = None


@dataclass(frozen=True, slots=True)
class _Target:
    callee: Callee
    share: float
    policy: Effective
    missing: Evidence | None
    hidden: tuple[Evidence, ...] = ()


def routed(hop: Hop, way: Alternative) -> Passage:
    """What becomes of the call on this way."""
    if way.unmatched:
        return answered("404", hop, way.evidence)
    if way.route is None:
        target = _target(hop, hop.callee, None, 1.0)
        written = hop.default or written_for(None, hop.mesh)
        return _sent(hop, [target], written, None, ())
    route, namespace = way.route, way.service.meta.ns if way.service is not None else hop.proxy.namespace
    if (direct := _direct(route)) is not None:
        return answered(direct.cause, hop, (*way.evidence, direct.evidence))
    targets = [_target(hop, _destined(hop, d, namespace), d, share) for d, share in shares(route.destinations)]
    there = [t for t in targets if t.missing is None]
    gone = tuple(t.missing for t in targets if t.missing is not None)
    if not there:
        return answered("proxy-503", hop, (*way.evidence, *gone))
    found = _sent(hop, there, written_for(route.retries, hop.mesh), route, (*way.evidence, *gone))
    return replace(found, shadows=tuple(_shadows(route, namespace, hop)))


def connected(hop: Hop, namespace: str, destinations: tuple[Destination, ...], why: Evidence) -> Passage:
    """A connection sent to destinations; one to a missing cluster is closed."""
    targets = [_target(hop, _destined(hop, d, namespace), d, share) for d, share in shares(destinations)]
    there = [t for t in targets if t.missing is None]
    gone = tuple(t.missing for t in targets if t.missing is not None)
    if not there:
        return answered("reset", hop, gone)
    inner, seen = _inner(there, hop)
    plain = {identity_lost(t.callee, t.policy.tls_mode, hop.mesh) for t in there}
    return Passage(
        layers=(bytes_only(hop.kind, why), *inner),
        callees=tuple((t.callee.id, t.share) for t in there),
        plaintext=next(iter(plain)) if len(plain) == 1 else None,
        evidence=(*gone, *hop.evidence, *seen),
    )


def answered(cause: str, hop: Hop, evidence: tuple[Evidence, ...]) -> Passage:
    """The proxy answers by itself."""
    return Passage(answered=cause, evidence=(*evidence, *hop.evidence))


@dataclass(frozen=True, slots=True)
class _Direct:
    cause: str
    evidence: Evidence


def _direct(route: HttpRoute) -> _Direct | None:
    """An answer without a call: a fault that aborts everything, a redirect, a direct response."""
    if (fault := route.fault) is not None and fault.abort_status is not None and fault.abort_percent >= 100:
        said = f"fault injection aborts every request with {fault.abort_status}; it comes before retries"
        return _Direct(_abort_cause(fault), Evidence(said, fault.span))
    if route.redirect:
        return _Direct("301", Evidence("the route redirects: nothing is sent on", route.span))
    if (status := route.direct_response_status) is not None:
        return _Direct(str(status), Evidence(f"the proxy answers {status} itself", route.span))
    return None


def _abort_cause(fault: Fault) -> str:
    status = fault.abort_status or ""
    if not status.isdecimal():
        return f"grpc-{status.lower().replace('_', '-')}"
    return "proxy-503" if status == "503" else status


def _destined(hop: Hop, destination: Destination, owner: str) -> Callee:
    return destined(destination, owner, hop.asked.port, hop.proxy.namespace, hop.mesh)


def _target(hop: Hop, callee: Callee, destination: Destination | None, share: float) -> _Target:
    mesh, proxy = hop.mesh, hop.proxy
    counts = hop.options.destination_rule_retries == "count"
    applied = rule_for(callee.host, callee.namespace, proxy.namespace, proxy.labels, mesh, declared_counts=counts)
    subset = destination.subset if destination is not None else None
    policy = effective(applied, callee.port, subset, mesh.istio_version)
    if policy.retry_budget is None:
        policy = replace(policy, retry_budget=budget_of(callee.id, mesh))
    hidden = tuple(
        Evidence(f"DestinationRule {r.meta.ns}/{r.meta.name} for {callee.host} is hidden by a wildcard rule", r.span)
        for r in (applied.hidden if applied is not None else ())
    )
    missing = _missing(callee, destination, applied, mesh) if destination is not None else None
    return _Target(callee, share, policy, missing, hidden)


def _missing(callee: Callee, destination: Destination, applied: Applied | None, mesh: Mesh) -> Evidence | None:
    """Why the destination has no cluster: then the proxy answers 503 (flag NC) and does not retry."""
    if not callee.known and populated(callee.host, mesh):
        return Evidence(f"{callee.host} is no Service of its namespace: 503", destination.span)
    if destination.subset and (applied is None or applied.subset(destination.subset) is None):
        said = f"subset {destination.subset} of {callee.host} is defined by no DestinationRule that applies: 503"
        return Evidence(said, destination.span)
    node = callee.node
    if node is not None and node.ports and destination.port is not None and node.port(destination.port) is None:
        return Evidence(f"{callee.id} has no port {destination.port}: 503", destination.span)
    return None


def _sent(
    hop: Hop, targets: list[_Target], written: Written, route: HttpRoute | None, evidence: tuple[Evidence, ...]
) -> Passage:
    first, version = targets[0], hop.mesh.istio_version
    inner, seen = _inner(targets, hop)
    plain = {identity_lost(t.callee, t.policy.tls_mode, hop.mesh) for t in targets}
    rules = tuple(dict.fromkeys(e for t in targets for e in (*t.policy.evidence, *t.hidden)))
    bounds = budgets(first.policy, version)
    same = all(budgets(t.policy, version) == bounds for t in targets)
    return Passage(
        layers=(*_own_layers(hop, targets, written, route), *inner),
        callees=tuple((t.callee.id, t.share) for t in targets),
        budgets=bounds if same else (),
        plaintext=next(iter(plain)) if len(plain) == 1 else None,
        evidence=(*evidence, *_faults(route), *rules, *hop.evidence, *seen),
    )


def _inner(targets: list[_Target], hop: Hop) -> tuple[tuple[Layer, ...], tuple[Evidence, ...]]:
    """The callees' own sidecars; where only some have one, the way without, which repeats more, counts."""
    every = [server_layers(t.callee, hop.wire, hop.mesh) for t in targets]
    layers = every[0][0] if all(layers for layers, _ in every) else ()
    return layers, tuple(dict.fromkeys(e for _, seen in every for e in seen))


def _own_layers(hop: Hop, targets: list[_Target], written: Written, route: HttpRoute | None) -> tuple[Layer, ...]:
    """The proxy's layer; with ``retries`` of a DestinationRule instead of a default, or beside a route's."""
    hashing = len(targets) == 1 and targets[0].policy.consistent_hash
    layer = outbound(hop.kind, written, route, hop.wire, hop.mesh, consistent_hash=hashing)
    declared = next((t.policy.declared_retries for t in targets if t.policy.declared_retries is not None), None)
    if declared is None:
        return (layer,)
    if hop.options.destination_rule_retries != "count":
        return (layer, declared_only(declared, hop.mesh))
    counted = outbound(hop.kind, Written(declared, "declared"), route, hop.wire, hop.mesh)
    stock = "; ".join(e.text for e in layer.evidence[:1])
    note = f"stock Istio drops trafficPolicy.retries; without it: {layer.attempts} attempts ({stock})"
    counted = replace(counted, note=note, evidence=(*counted.evidence, Evidence(note, declared.span)))
    return (joined([counted, layer]),) if written.origin == "route" else (counted,)


def _faults(route: HttpRoute | None) -> Iterator[Evidence]:
    if route is None or (fault := route.fault) is None:
        return
    if fault.abort_percent:
        yield Evidence(f"fault injection aborts {fault.abort_percent:g} % of requests", fault.span)
    if fault.delay_percent and fault.delay_s is not None:
        yield Evidence(
            f"fault injection delays {fault.delay_percent:g} % of requests by {fault.delay_s:g}s", fault.span
        )


def _shadows(route: HttpRoute, namespace: str, hop: Hop) -> Iterator[Shadow]:
    """Mirrors: one copy per request; a body above the buffer limit is not copied."""
    if hop.wire.body_bytes is not None and hop.wire.body_bytes > BUFFER_LIMIT_BYTES:
        return
    for mirror in route.mirrors:
        if mirror.percent > 0:
            target = _destined(hop, mirror.destination, namespace)
            said = f"mirrors {mirror.percent:g} % of requests to {target.id}: one copy per request, not per attempt"
            yield Shadow(target.id, mirror.percent, Evidence(said, mirror.span))
