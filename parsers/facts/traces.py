"""Facts of recorded traces: who was seen calling whom.

Source: opentelemetry-proto (OTLP JSON), Jaeger's query API, Zipkin v2.
Units: ``times`` counts requests seen, all attempts included.
Shape: one fact for each caller, callee and operation of a file, in that order; names as the programs report them.
"""

from __future__ import annotations

from dataclasses import dataclass

from parsers.source import Span


@dataclass(frozen=True, slots=True, order=True)
class ObservedCall:
    """A call that was seen. ``operation`` is ``GET /route`` or ``/pkg.Service/Method``, ``*`` where none is told."""

    caller: str
    caller_namespace: str | None
    callee: str
    callee_namespace: str | None
    operation: str
    protocol: str
    times: int
    span: Span
