"""RA011: retries that nobody wrote.

Istio retries every HTTP route twice where nothing is said, which makes three attempts. Until 1.23 that covers a 503
answer; since 1.24 it covers connection failures, refused streams and two gRPC codes only.

Fix: nothing, if that is meant. To say so, write ``retries`` on the routes, or ``defaultHttpRetryPolicy`` in the mesh
configuration (``attempts: 0`` for none).

Source: istio/istio pilot/pkg/networking/core/route/retry/retry.go:37 and releasenotes 50506 (1.24).
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.context import Context
from analyzer.findings import Evidence, Finding, Severity
from analyzer.graph import Call
from analyzer.rules import Rule
from parsers.quantities import ONCE


def _check(context: Context) -> Iterator[Finding]:
    silent = [c for c in context.graph.calls if _by_default(c)]
    if not silent:
        return
    causes = sorted({cause for c in silent for cause, n in c.gain.by_cause if n > ONCE})
    version = ".".join(map(str, context.mesh.istio_version))
    fires = f"which fires on {', '.join(causes)}" if causes else "which fires on none of the failures considered here"
    yield RULE.at(
        silent[0].span,
        f"{len(silent)} call(s) have Istio's default of 3 attempts, which no file here states and {fires} "
        f"(Istio {version})",
        subject="mesh",
        evidence=(
            Evidence(f"Istio {version}: {context.mesh.istio_version_source}", context.mesh.istio_version_span),
            *(Evidence(f"{c.caller} -> {c.callee}", c.span) for c in silent[:10]),
        ),
    )


def _by_default(call: Call) -> bool:
    layers = [x for x in call.layers if x.kind in ("sidecar", "gateway", "waypoint")]
    return (
        bool(layers) and all(x.span is None for x in layers) and any(x.attempts and x.attempts > ONCE for x in layers)
    )


RULE = Rule("RA011", "default-retries", Severity.NOTE, _check)
