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

from analyzer.findings import Finding, Severity
from analyzer.model import Operation
from analyzer.options import Options
from analyzer.views import (
    AccessView,
    AmplificationView,
    CallView,
    Coverage,
    CycleView,
    Hop,
    InversionView,
    LoadView,
    PathView,
    RuleView,
    ScenarioView,
    ServiceView,
    StandardView,
)
from parsers.diagnostics import Diagnostic
from parsers.quantities import ONCE, ZERO, Count

SCHEMA = "meshgain/1"

__all__ = [
    "AccessView",
    "AmplificationView",
    "CallView",
    "Coverage",
    "CycleView",
    "Hop",
    "InversionView",
    "LoadView",
    "PathView",
    "Report",
    "RuleView",
    "SCHEMA",
    "ScenarioView",
    "ServiceView",
    "StandardView",
    "ranking",
    "requests_at",
    "services_of",
    "version",
]


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
