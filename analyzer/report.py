"""The result of a run: everything that a format may show, and nothing else.

Source: docs/concepts.md and docs/schema/meshgain-1.json, which describe ``to_dict`` field for field.
Shape: every tuple is sorted; ``to_dict`` holds only JSON types, with ``"inf"`` for a count without bound.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from math import inf

from analyzer.findings import Evidence, Finding, Severity
from analyzer.model import Decision, Gain, Layer, Operation, Precision, Verdict
from analyzer.options import Options
from parsers.diagnostics import Diagnostic
from parsers.quantities import ONCE, ZERO, Count
from parsers.source import Span

SCHEMA = "meshgain/1"


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


@dataclass(frozen=True)  # no slots: what is looked up often is kept
class Report:
    """A whole run."""

    options: Options = Options()  # noqa: RUF009  # frozen
    services: tuple[ServiceView, ...] = ()
    calls: tuple[CallView, ...] = ()
    amplification: tuple[AmplificationView, ...] = ()
    scenarios: tuple[ScenarioView, ...] = ()
    cycles: tuple[CycleView, ...] = ()
    inversions: tuple[InversionView, ...] = ()
    access: tuple[AccessView, ...] = ()
    paths: tuple[PathView, ...] = ()
    findings: tuple[Finding, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    coverage: Coverage = field(default_factory=Coverage)
    rules: tuple[RuleView, ...] = ()
    standards: tuple[StandardView, ...] = ()

    @cached_property
    def call_by_id(self) -> Mapping[str, CallView]:
        """Every call under its id."""
        return {c.id: c for c in self.calls}

    @cached_property
    def service_by_id(self) -> Mapping[str, ServiceView]:
        """Every service under its id."""
        return {s.id: s for s in self.services}

    @cached_property
    def short_names(self) -> Mapping[str, str]:
        """Every service by the name people use: without its namespace where that is clear enough."""
        named = {s: _bare(s) for s in services_of(self)}
        taken = Counter(named.values())
        return {s: name if taken[name] == 1 else s.removeprefix("external:") for s, name in named.items()}

    def plain(self, text: str) -> str:
        """A sentence with the services in it called as people call them."""
        return self._ids.sub(lambda found: self.short_names[found.group()], text) if self.short_names else text

    @cached_property
    def _ids(self) -> re.Pattern[str]:
        longest = sorted(self.short_names, key=len, reverse=True)
        return re.compile(rf"(?<![\w/.-])(?:{'|'.join(map(re.escape, longest))})(?![\w/-])")

    def name(self, operation: Operation) -> str:
        """An operation as people say it: ``payments POST /charge``."""
        service = self.short_names.get(operation.service, _bare(operation.service))
        return service if operation.name == "*" else f"{service} {operation.name}"

    @property
    def worst(self) -> AmplificationView | None:
        """The headline: the largest amplification there is, ties broken by name; ``None`` where nothing multiplies."""
        ranked = ranking(self.amplification)
        return ranked[0] if ranked and ranked[0].worst > ONCE else None

    @property
    def understood(self) -> bool:
        """False where nothing at all could be read from the tree."""
        return bool(self.services or self.calls or self.coverage.facts)

    @property
    def unexpected(self) -> tuple[PathView, ...]:
        """The paths that somebody should look at: without the ways round of which every hop was granted by name."""
        return tuple(p for p in self.paths if not p.granted)

    def to_dict(self) -> dict[str, object]:
        """The JSON document ``meshgain/1``."""
        return {
            "schema": SCHEMA,
            "tool": {"name": "meshgain", "version": version()},
            "options": self.options.to_dict(),
            "services": [s.to_dict() for s in self.services],
            "calls": [c.to_dict() for c in self.calls],
            "amplification": [a.to_dict() for a in self.amplification],
            "scenarios": [s.to_dict() for s in self.scenarios],
            "cycles": [c.to_dict() for c in self.cycles],
            "inversions": [i.to_dict() for i in self.inversions],
            "access": [a.to_dict() for a in self.access],
            "paths": [p.to_dict() for p in self.paths],
            "findings": [f.to_dict() for f in self.findings],
            "diagnostics": [d.to_dict() for d in self.diagnostics],
            "standards": [s.to_dict() for s in self.standards],
            "summary": self.summary(),
        }

    def summary(self) -> dict[str, object]:
        """The few numbers that say how it stands."""
        worst = self.worst
        kinds = Counter(p.kind for p in self.unexpected)
        severities = Counter(f.severity for f in self.findings)
        return {
            "services": sum(not s.external for s in self.services),
            "operations": sum(len(s.operations) for s in self.services),
            "calls": len(self.calls),
            "worst": worst.worst.to_json() if worst else 1,
            "worst_entry": worst.entry.to_dict() if worst else None,
            "worst_target": worst.target.to_dict() if worst else None,
            "paths": {kind: kinds[kind] for kind in sorted(kinds)},
            "findings": {s.name.lower(): severities[s] for s in Severity},
            "diagnostics": len(self.diagnostics),
            "coverage": self.coverage.to_dict(),
        }


def ranking(rows: tuple[AmplificationView, ...]) -> tuple[AmplificationView, ...]:
    """The largest first; a longer chain before a shorter one of the same number, then by name."""
    return tuple(sorted(rows, key=lambda a: (_descending(a.worst), -len(a.chain), a.entry, a.target)))


def _descending(count: Count) -> tuple[int, int]:
    return (0, 0) if count.value is None else (1, -count.value)


def requests_at(scenario: ScenarioView, operation: Operation) -> Count:
    """What arrives at one operation in a scenario."""
    return next((load.requests for load in scenario.load if load.operation == operation), ZERO)


def services_of(report: Report) -> Iterator[str]:
    """Every service id that appears anywhere, sorted."""
    named = {s.id for s in report.services}
    named |= {end.service for c in report.calls for end in (c.caller, c.callee)}
    named |= {end.service for a in report.amplification for end in (a.entry, a.target)}
    named |= {p.target.service for p in report.paths} | {a.to.service for a in report.access}
    yield from sorted(named)


def _bare(service: str) -> str:
    return service.removeprefix("external:") if service.startswith("external:") else service.rpartition("/")[2]


@cache
def version() -> str:
    """The version that is installed; a checkout that is not installed has none."""
    from importlib.metadata import PackageNotFoundError
    from importlib.metadata import version as installed

    try:
        return installed("meshgain")
    except PackageNotFoundError:
        return "unknown"


def _span(span: Span | None) -> dict[str, object] | None:
    return span.to_dict() if span else None
