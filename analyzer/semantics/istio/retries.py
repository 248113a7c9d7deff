"""Retry policies as layers: what a proxy of Istio repeats on one call, why, and what overrides it.

Source: istio/istio pilot/pkg/networking/core/route/route.go:680-707, 1294-1362; envoyproxy/envoy
source/common/router/router.cc (buffer limit, timeouts).
Units: attempts count requests; durations in seconds.
Shape: one layer per proxy. A proxy that repeats nothing is a layer too, for what it makes of a failure.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from analyzer.findings import Evidence
from analyzer.linking.mesh import Mesh, Wire
from analyzer.model import Layer
from analyzer.semantics.istio.conditions import TCP_BECOMES, becomes, fires_on
from analyzer.semantics.istio.overrides import overridden
from analyzer.semantics.istio.policy import Behaviour, EnvoyPolicy, behaviour, convert, convert_inbound
from parsers.facts.istio import HttpRoute, RetryPolicy
from parsers.quantities import ONCE
from parsers.source import Span

#: Request bodies above the connection's buffer limit are not kept, so not sent again (measured: 2 MiB, not 900 KiB).
BUFFER_LIMIT_BYTES = 1 << 20
SOURCE = "istio/istio pilot/pkg/networking/core/route/retry/retry.go:37"


@dataclass(frozen=True, slots=True)
class Written:
    """Where a route's policy comes from: the route, the mesh's default, or nothing."""

    policy: RetryPolicy | None
    origin: str  # route mesh declared; default and waypoint: nothing is written


def release(mesh: Mesh) -> Behaviour:
    """What the mesh's istiod does about retries: its version, or the older one it was told to behave as."""
    config = mesh.config
    version = mesh.istio_version
    if config is not None and config.compatibility_version:
        older = tuple(int(p) for p in config.compatibility_version.split(".")[:2] if p.isdecimal())
        if len(older) == 2 and (1, 24) <= version[:2] < (1, 27) and older < (1, 24):
            return behaviour(older, {})
    return behaviour(version, dict(config.pilot_env) if config is not None else {})


def written_for(route: RetryPolicy | None, mesh: Mesh) -> Written:
    """A route's own policy, else the mesh's default as a whole (route.go:680-684)."""
    if route is not None:
        return Written(route, "route")
    default = mesh.config.default_retries if mesh.config else None
    return Written(default, "mesh" if default is not None else "default")


def outbound(
    kind: str, written: Written, route: HttpRoute | None, wire: Wire, mesh: Mesh, *, consistent_hash: bool = False
) -> Layer:
    """The layer of an HTTP route at a sidecar, gateway or waypoint."""
    policy = convert(written.policy, release(mesh), consistent_hash=consistent_hash)
    quoted = written.policy if written.origin in ("route", "mesh", "declared") else None
    span, said = (quoted.span, quoted.declared) if quoted is not None else (None, "nothing written")
    layer = _layer(kind, policy, said, span, route.timeout_s if route is not None else None, wire)
    layer = replace(layer, evidence=(*_evidence(written, policy, mesh), *layer.evidence))
    layer = overridden(layer, policy, wire, mesh, route)
    return _buffered(layer, wire)


def _layer(
    kind: str, policy: EnvoyPolicy | None, said: str, span: Span | None, timeout_s: float | None, wire: Wire
) -> Layer:
    grpc = wire.protocol == "grpc"
    total = _total(timeout_s, wire)
    deadline = total is not None and total != timeout_s
    per_try = policy.per_try_timeout_s if policy is not None else None
    ignored = per_try is not None and total is not None and per_try >= total
    note = f"perTryTimeout {per_try:g}s is not below the timeout {total:g}s, so it is ignored" if ignored else None
    per_try = None if ignored else per_try
    return Layer(
        kind=kind,
        name="istio",
        attempts=policy.attempts if policy is not None else ONCE,
        retries_on=_words(policy),
        fires_on=fires_on(policy.conditions, policy.status_codes or ()) if policy is not None else frozenset(),
        declared=said,
        effective=True,
        span=span,
        note=note,
        becomes=_handed_up(grpc=grpc, limited=per_try is not None or total is not None, deadline=deadline),
        per_try_timeout_s=per_try,
        timeout_s=total,
    )


def _total(timeout_s: float | None, wire: Wire) -> float | None:
    """The route's timeout; a gRPC client's own deadline travels with the call and is kept (route.go:1347-1351)."""
    if wire.protocol != "grpc" or wire.timeout_s is None:
        return timeout_s or None
    return min(timeout_s, wire.timeout_s) if timeout_s else wire.timeout_s


def _handed_up(*, grpc: bool, limited: bool, deadline: bool) -> tuple[tuple[str, str], ...]:
    """A gRPC deadline that the client set itself ends as DEADLINE_EXCEEDED (measured), the route's as UNAVAILABLE."""
    pairs = becomes(grpc=grpc, limited=limited)
    return tuple((c, "grpc-deadline-exceeded" if deadline and c == "timeout" else to) for c, to in pairs)


def _words(policy: EnvoyPolicy | None) -> tuple[str, ...]:
    if policy is None:
        return ()
    return (*policy.conditions, *(str(code) for code in policy.status_codes or ()))


def _evidence(written: Written, policy: EnvoyPolicy | None, mesh: Mesh) -> tuple[Evidence, ...]:
    """What is written, and every default that fills in what is not."""
    version = ".".join(map(str, mesh.istio_version))
    known = Evidence(f"Istio {version} ({mesh.istio_version_source})", mesh.istio_version_span)
    where = {
        "route": "the route says",
        "mesh": "meshConfig.defaultHttpRetryPolicy says",
        "declared": "DestinationRule trafficPolicy.retries says (stock Istio has no such field and drops it)",
    }
    if written.policy is None:
        said = f"no retries are written: Istio {version} retries {policy.retries if policy else 0} times on its default"
        return (Evidence(f"{said} conditions ({SOURCE})"), known)
    if written.origin == "waypoint":
        said = (
            f"no route is bound at the waypoint: Istio {version} retries {policy.retries if policy else 0} times there"
        )
        return (Evidence(f"{said} (pilot/pkg/networking/core/httproute.go:114-140)"), known)
    first = Evidence(f"{where[written.origin]} {written.policy.declared}", written.policy.span)
    if policy is None:
        off = "attempts is absent" if written.policy.attempts is None else "attempts is 0"
        return (first, Evidence(f"{off}, which switches retries off (retry.go:112)", written.policy.span))
    if not written.policy.retry_on:
        filled = f"no retryOn: the default conditions of Istio {version} apply ({SOURCE})"
        return (first, Evidence(filled, written.policy.span), known)
    return (first,)


def _buffered(layer: Layer, wire: Wire) -> Layer:
    """A body that does not fit the buffer is sent once; a connection that never was can still be tried again."""
    if wire.body_bytes is None or wire.body_bytes <= BUFFER_LIMIT_BYTES or layer.attempts == ONCE:
        return layer
    said = f"a request body of {wire.body_bytes} bytes is above the proxy's buffer of 1 MiB: sent once, never repeated"
    return replace(layer, fires_on=frozenset(), note=said, evidence=(*layer.evidence, Evidence(said, wire.span)))


# ------------------------------------------------------------------------------------------------------ other proxies


def inbound(wire: Wire, mesh: Mesh, *, grpc_port: bool) -> Layer:
    """The callee's own sidecar: it turns a dead application into an answer, and may try the connection again."""
    release_ = release(mesh)
    config = mesh.config
    default = config.default_inbound_retries if config is not None and mesh.istio_version[:2] >= (1, 32) else None
    policy = None if grpc_port else convert_inbound(default, release_)
    causes = fires_on(policy.conditions, policy.status_codes or ()) if policy is not None else frozenset()
    if policy is None:
        why = "gRPC ports have no inbound retries" if grpc_port else "inbound retries are off in this version"
    else:
        why = f"inbound sidecars retry {policy.retries} times on {', '.join(_words(policy))} (retry.go:64-68)"
    return Layer(
        kind="inbound",
        name="istio",
        attempts=policy.attempts if policy is not None else ONCE,
        retries_on=_words(policy),
        fires_on=causes,
        declared=default.declared if default is not None else "nothing written",
        effective=True,
        span=default.span if default is not None else None,
        becomes=becomes(grpc=wire.protocol == "grpc", limited=False),
        counts_arrivals=bool(causes - {"connect-failure", "refused-stream"}),
        evidence=(Evidence(why, default.span if default is not None else None),),
    )


def bytes_only(kind: str, why: Evidence) -> Layer:
    """A proxy that passes bytes: it repeats nothing, but its own connection to the caller always stands."""
    return Layer(
        kind=kind,
        name="istio",
        attempts=ONCE,
        retries_on=(),
        fires_on=frozenset(),
        declared="nothing written",
        effective=True,
        span=why.span,
        note=why.text,
        becomes=TCP_BECOMES,
        evidence=(why,),
    )


def declared_only(policy: RetryPolicy, mesh: Mesh) -> Layer:
    """``retries`` of a DestinationRule where only what stock Istio does counts: said, and without effect."""
    converted = convert(policy, release(mesh))
    why = "stock Istio has no trafficPolicy.retries: the field is dropped, or the object refused"
    return Layer(
        kind="sidecar",
        name="istio DestinationRule",
        attempts=converted.attempts if converted is not None else ONCE,
        retries_on=_words(converted),
        fires_on=frozenset(),
        declared=policy.declared,
        effective=False,
        span=policy.span,
        note=why,
        evidence=(Evidence(why, policy.span),),
    )
