"""The rows of a report: services, calls, numbers, scenarios, verdicts and paths, in the words that formats show.

Shape: frozen; ``to_dict`` holds only JSON types, with ``"inf"`` for a count without bound.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

from analyzer.findings import Evidence, Severity
from analyzer.model import Decision, Gain, Layer, Operation, Precision, Verdict
from parsers.quantities import ONCE, Count
from parsers.source import Span


@dataclass(frozen=True, slots=True)
class ServiceView:
    """A service, where it stands in the mesh and what it can be asked to do."""

    id: str
    namespace: str
    name: str
    principal: str | None = None
    mesh: str = "none"
    mtls: str | None = None
    operations: tuple[str, ...] = ()
    entry: str | None = None
    span: Span | None = None

    @property
    def external(self) -> bool:
        return self.id.startswith("external:") or self.id == "unresolved"

    def to_dict(self) -> dict[str, object]:
        return {
            "id": self.id,
            "namespace": self.namespace,
            "name": self.name,
            "principal": self.principal,
            "mesh": {"kind": self.mesh, "mtls": self.mtls},
            "operations": list(self.operations),
            "entry": self.entry,
            "span": _span(self.span),
        }


@dataclass(frozen=True, slots=True)
class CallView:
    """One call with its layers, its gain and, where policies have a say, whether it is let through.

    ``times`` is how often the caller's handler sends it; ``None``: data decides (shown as xN).
    """

    id: str
    caller: Operation
    callee: Operation
    provenance: str
    precision: Precision
    span: Span
    layers: tuple[Layer, ...] = ()
    gain: Gain = Gain()  # noqa: RUF009  # frozen
    times: Count | None = ONCE
    verdict: Verdict | None = None
    answered: str | None = None
    mirror: bool = False
    note: str | None = None
    evidence: tuple[Evidence, ...] = ()

    @property
    def denied(self) -> bool:
        return self.verdict is not None and self.verdict.decision is Decision.DENIED

    def to_dict(self) -> dict[str, object]:
        return {
            "id": self.id,
            "caller": self.caller.to_dict(),
            "callee": self.callee.to_dict(),
            "provenance": self.provenance,
            "precision": self.precision.value,
            "span": _span(self.span),
            "layers": [layer.to_dict() for layer in self.layers],
            "gain": self.gain.to_dict(),
            "times": self.times.to_json() if self.times else None,
            "verdict": self.verdict.decision.value if self.verdict else None,
            "answered": self.answered,
            "mirror": self.mirror,
            "note": self.note,
            "evidence": [e.to_dict() for e in self.evidence],
        }


@dataclass(frozen=True, slots=True)
class Hop:
    """One call of a chain while its end fails: what the caller is shown, what each layer makes of it, what arrives.

    ``factors`` has one count for each layer of the call: 1 where the layer does not fire on what it is shown.
    ``requests`` is the product along the chain up to and including this call.
    """

    call: str
    cause: str
    factors: tuple[Count, ...]
    requests: Count

    def to_dict(self) -> dict[str, object]:
        return {
            "call": self.call,
            "cause": self.cause,
            "factors": [f.to_json() for f in self.factors],
            "requests": self.requests.to_json(),
        }


@dataclass(frozen=True, slots=True)
class AmplificationView:
    """What one request at ``entry`` can become at ``target``."""

    entry: Operation
    target: Operation
    single: Count
    worst: Count
    sustained: Count | None
    cause: str
    by_cause: tuple[tuple[str, Count], ...]
    chain: tuple[str, ...]
    precision: Precision
    hops: tuple[Hop, ...] = ()
    note: str | None = None

    def to_dict(self) -> dict[str, object]:
        return {
            "entry": self.entry.to_dict(),
            "target": self.target.to_dict(),
            "single": self.single.to_json(),
            "worst": self.worst.to_json(),
            "sustained": self.sustained.to_json() if self.sustained else None,
            "cause": self.cause,
            "by_cause": {cause: count.to_json() for cause, count in self.by_cause},
            "chain": list(self.chain),
            "precision": self.precision.value,
            "hops": [h.to_dict() for h in self.hops],
            "note": self.note,
        }


@dataclass(frozen=True, slots=True)
class LoadView:
    """Requests that arrive at one operation."""

    operation: Operation
    requests: Count
    precision: Precision

    def to_dict(self) -> dict[str, object]:
        return {
            **self.operation.to_dict(),
            "requests": self.requests.to_json(),
            "precision": self.precision.value,
        }


@dataclass(frozen=True, slots=True)
class ScenarioView:
    """What arrives everywhere for one request at ``entry`` while ``failing`` fails with ``cause``."""

    entry: Operation
    failing: Operation
    cause: str
    load: tuple[LoadView, ...]

    def to_dict(self) -> dict[str, object]:
        return {
            "entry": self.entry.to_dict(),
            "failing": self.failing.to_dict(),
            "cause": self.cause,
            "load": [load.to_dict() for load in self.load],
        }


@dataclass(frozen=True, slots=True)
class CycleView:
    """Operations that call one another in a circle."""

    members: tuple[Operation, ...]
    gain_per_turn: Count
    calls: tuple[str, ...]

    def to_dict(self) -> dict[str, object]:
        return {
            "members": [m.to_dict() for m in self.members],
            "gain_per_turn": self.gain_per_turn.to_json(),
            "calls": list(self.calls),
        }


@dataclass(frozen=True, slots=True)
class InversionView:
    """A caller that gives up before its callee: ``wasted`` of the ``requests`` that follow are made for nobody.

    ``call`` is given up after ``limit_s`` by what ``by`` names; its callee goes on with ``inner`` for ``needs_s``.
    """

    call: str
    limit_s: float
    by: str
    inner: str
    needs_s: float
    requests: Count
    wasted: Count

    def to_dict(self) -> dict[str, object]:
        return {
            "call": self.call,
            "limit_s": self.limit_s,
            "by": self.by,
            "inner": self.inner,
            "needs_s": self.needs_s if self.needs_s != inf else "inf",
            "requests": self.requests.to_json(),
            "wasted": self.wasted.to_json(),
        }


@dataclass(frozen=True, slots=True)
class AccessView:
    """May this principal (``None``: a peer without identity) ask for this operation?"""

    source: str | None
    to: Operation
    verdict: Verdict

    def to_dict(self) -> dict[str, object]:
        return {"from": self.source or "none", "to": self.to.to_dict(), **self.verdict.to_dict()}


@dataclass(frozen=True, slots=True)
class PathView:
    """A way that should not be there (or should): ``kind`` is open, bypass, lateral, broken, unused or intent."""

    kind: str
    source: str
    target: Operation
    via: tuple[Operation, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    cut: tuple[Evidence, ...] = ()
    message: str = ""
    granted: bool = False  # a bypass whose every hop was granted to its sender by name

    def to_dict(self) -> dict[str, object]:
        return {
            "kind": self.kind,
            "granted": self.granted,
            "from": self.source,
            "to": self.target.to_dict(),
            "via": [v.to_dict() for v in self.via],
            "evidence": [e.to_dict() for e in self.evidence],
            "cut": [e.to_dict() for e in self.cut],
            "message": self.message,
        }


@dataclass(frozen=True, slots=True)
class RuleView:
    """A rule that was checked, for formats that list them."""

    id: str
    slug: str
    severity: Severity
    summary: str
    text: str


@dataclass(frozen=True, slots=True)
class StandardView:
    """A line of the standards' checklist: ``status`` is ``pass``, ``fail`` or ``not decidable``."""

    text: str
    status: str
    rules: tuple[str, ...] = ()
    findings: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, object]:
        return {
            "text": self.text,
            "status": self.status,
            "rules": list(self.rules),
            "findings": list(self.findings),
        }


@dataclass(frozen=True, slots=True)
class Coverage:
    """What was looked at: how much of the tree was read, and how much of that was understood."""

    files: int = 0
    read: int = 0
    facts: int = 0
    istio_version: str = ""
    istio_version_source: str = ""

    def to_dict(self) -> dict[str, object]:
        return {
            "files": self.files,
            "read": self.read,
            "facts": self.facts,
            "istio_version": self.istio_version,
            "istio_version_source": self.istio_version_source,
        }


def _span(span: Span | None) -> dict[str, object] | None:
    return span.to_dict() if span else None
