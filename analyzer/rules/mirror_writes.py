"""TM010: a mirror replays writes.

A mirrored POST is executed twice: by the service and by its shadow. The answer of the shadow is thrown away, what it
wrote, sent or charged is not.

Fix: mirror only reads (match on the method), or point the shadow at a database and at notification channels of its own.

Source: docs/standards.md, Traffic Mirroring.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.context import Context
from analyzer.findings import Confidence, Evidence, Finding, Severity
from analyzer.rules import Rule
from parsers.facts.istio import HttpRoute, VirtualService

#: Methods that may change something (RFC 9110 section 9.2.1 calls the others safe).
WRITES = ("POST", "PUT", "PATCH", "DELETE")


def _check(context: Context) -> Iterator[Finding]:
    for service in context.mesh.all(VirtualService):
        for route in service.http:
            if not _may_write(route):
                continue
            for mirror in route.mirrors:
                target = context.mesh.service_for_host(mirror.destination.host, service.meta.ns)
                written = (
                    [o for o in context.mesh.operations.get(target.id, ()) if _method(o.name) in WRITES]
                    if target
                    else []
                )
                if written and mirror.percent > 0:
                    yield RULE.at(
                        mirror.span,
                        f"requests that write are copied to {mirror.destination.host}: "
                        f"{', '.join(o.name for o in written[:3])}",
                        subject=f"{service.meta.ns}/{service.meta.name}->{mirror.destination.host}",
                        evidence=(Evidence("the mirrored route", route.span),),
                        confidence=Confidence.MEDIUM,
                    )


def _may_write(route: HttpRoute) -> bool:
    methods = [m.method.value for m in route.matches if m.method is not None and m.method.kind == "exact"]
    return len(methods) < len(route.matches) or not methods or any(m in WRITES for m in methods)


def _method(operation: str) -> str:
    return operation.partition(" ")[0]


RULE = Rule("TM010", "mirror-writes", Severity.WARNING, _check)
