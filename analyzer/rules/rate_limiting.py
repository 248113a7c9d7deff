"""TM017: nothing in the mesh limits the rate of requests.

A caller that retries in a storm is stopped by a limit in front of the callee, not by the callee. In the application it
costs the very resources that are short.

Fix: a local rate limit at the gateway or at the sidecars of the services that many call.

Source: docs/standards.md, Defaults (Rate Limiting).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from analyzer.context import Context
from analyzer.findings import Confidence, Finding, Severity
from analyzer.rules import Rule
from parsers.facts.istio import Gateway

_LIMIT = re.compile(r"local_?ratelimit|rate_?limit|BackendTrafficPolicy|HTTPLocalRateLimitPolicy", re.I)
_MANIFEST = re.compile(r"^kind:\s*[\"']?(EnvoyFilter|BackendTrafficPolicy|HTTPLocalRateLimitPolicy|WasmPlugin)\b", re.M)


def _check(context: Context) -> Iterator[Finding]:
    gateways = context.mesh.all(Gateway)
    if not context.in_mesh or not gateways:
        return
    if not any(_MANIFEST.search(t) and _LIMIT.search(t) for t in context.documents.values()):
        yield RULE.at(
            gateways[0].span,
            "no rate limit is configured in the mesh, and traffic comes in through this gateway",
            subject="mesh",
            confidence=Confidence.LOW,
        )


RULE = Rule("TM017", "rate-limiting", Severity.NOTE, _check)
