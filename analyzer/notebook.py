"""The door for notebooks and programs: analyse a folder, look at it, ask what if.

>>> from analyzer import analyze_path
>>> report = analyze_path("sample_repos/payments")
>>> report.figure()
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import fields
from functools import cached_property
from html import escape
from typing import TYPE_CHECKING, Any

from analyzer.configuration import assumption, configuration, istio_version
from analyzer.model import Decision
from analyzer.pipeline import Study, study
from analyzer.report import Report, ScenarioView, ranking
from parsers.quantities import ONCE

if TYPE_CHECKING:
    import networkx as nx
    import pandas as pd
    from matplotlib.figure import Figure

    from analyzer.explanation import CallsTold
    from parsers.source import Tree

ROWS = 15


class Exploration(Report):
    """A report that can be looked at and asked: what ``analyze_path`` returns."""

    _study: Study
    _tree: Tree

    @classmethod
    def of(cls, found: Study, tree: Tree) -> Exploration:
        """The report of a run, with the run."""
        self = cls(**{f.name: getattr(found.report, f.name) for f in fields(Report)})
        object.__setattr__(self, "_study", found)
        object.__setattr__(self, "_tree", tree)
        return self

    @cached_property
    def graph(self) -> nx.MultiDiGraph[str]:
        """Services and calls as a networkx graph; an edge's key is the call's id."""
        return self._study.graph.to_networkx()

    @cached_property
    def operation_graph(self) -> nx.MultiDiGraph[str]:
        """The same with operations as nodes."""
        return self._study.graph.to_networkx("operation")

    def figure(self, theme: str = "light", focus: str | None = None, *, everything: bool = False) -> Figure:
        """The picture; ``focus`` on one service and what it touches."""
        from analyzer.figures import View, figure
        from analyzer.naming import service
        from analyzer.report import services_of

        wanted = service(focus, services_of(self)) if focus else None
        return figure(self, View(theme, wanted, everything))

    def explain(self, caller: str, callee: str) -> Answer:
        """Every layer between two services, and what they make of each cause."""
        from analyzer.explanation import calls

        return Answer(calls(self._study, caller, callee))

    def scenario(self, failing: str, cause: str | None = None, entry: str | None = None) -> ScenarioView:
        """What arrives everywhere while ``failing`` fails."""
        from analyzer.explanation import scenario

        return scenario(self._study, failing, cause, [entry] if entry else []).scenario

    def what_if(self, *assumptions: str, istio: str | None = None) -> Exploration:
        """The report as it would be: ``report.what_if("orders->payments: attempts=1")``."""
        from dataclasses import replace

        options = replace(
            self.options,
            assumptions=(*self.options.assumptions, *(assumption(a) for a in assumptions)),
            istio_version=istio_version(istio) if istio else self.options.istio_version,
        )
        return Exploration.of(study(self._tree, options), self._tree)

    def to_dataframe(self, table: str = "amplification") -> pd.DataFrame:
        """A table of the JSON document (``amplification``, ``calls``, ``services``, ``paths``, ``findings``, ...)."""
        import pandas as pd

        rows = self.to_dict()[table]
        if not isinstance(rows, list):
            raise ValueError(f"{table} is not a table")
        return pd.DataFrame([_flat(row) for row in rows])

    def __repr__(self) -> str:
        worst = self.worst
        told = f"up to {worst.worst} at {self.name(worst.target)}" if worst else "nothing multiplies"
        return f"<report of {len(self.services)} services and {len(self.calls)} calls: {told}>"

    def _repr_html_(self) -> str:
        return f"{_headline(self)}{_chains(self)}{_totals(self)}"


class Answer:
    """An answer to ``explain`` that prints and renders."""

    def __init__(self, told: CallsTold) -> None:
        self.told = told

    def __repr__(self) -> str:
        from analyzer.reports import PLAIN
        from analyzer.reports.text.answers import told

        return told(self.told, PLAIN)

    def to_dict(self) -> dict[str, object]:
        return self.told.to_dict()

    def _repr_html_(self) -> str:
        return f"<pre>{escape(repr(self))}</pre>"


def analyze_path(
    path: str | os.PathLike[str],
    *,
    istio: str | None = None,
    entries: Iterable[str] = (),
    assume: Iterable[str] = (),
) -> Exploration:
    """Analyse a folder with its own configuration; arguments win over it."""
    from dataclasses import replace

    from parsers.disk import DiskTree

    folder = os.fspath(path)
    tree = DiskTree(folder)
    configured = configuration(tree)
    if configured.options.exclude:
        tree = DiskTree(folder, configured.options.exclude)
    options = replace(
        configured.options,
        istio_version=istio_version(istio) if istio else configured.options.istio_version,
        entries=tuple(entries) or configured.options.entries,
        assumptions=(*configured.options.assumptions, *(assumption(a) for a in assume)),
    )
    return Exploration.of(study(tree, options, configured.suppressions), tree)


def _flat(row: Any) -> dict[str, object]:  # noqa: ANN401  # a JSON object
    """One level of a row: operations as text, other objects by dotted names."""
    found: dict[str, object] = {}
    for key, value in row.items():
        if isinstance(value, dict) and set(value) == {"service", "operation"}:
            found[key] = value["service"] if value["operation"] == "*" else f"{value['service']} {value['operation']}"
        elif isinstance(value, dict):
            found |= {f"{key}.{inner}": v for inner, v in value.items()}
        else:
            found[key] = float("inf") if value == "inf" else value
    return found


def _headline(report: Report) -> str:
    worst = report.worst
    if worst is None:
        return "<p><b>No call repeats another.</b></p>"
    most = "without bound" if worst.worst.unbounded else f"up to {worst.worst}"
    entry, target = escape(report.name(worst.entry)), escape(report.name(worst.target))
    return f"<p><b>1 request at {entry} can become {most} at {target}</b></p>"


def _chains(report: Report) -> str:
    rows = [r for r in ranking(report.amplification) if r.worst > ONCE][:ROWS]
    if not rows:
        return ""
    head = "".join(f"<th>{h}</th>" for h in ("up to", "entry", "target", "fails with", "precision"))
    body = "".join(
        "<tr>"
        + "".join(
            f"<td>{escape(str(cell))}</td>"
            for cell in (r.worst, report.name(r.entry), report.name(r.target), r.cause, r.precision.value)
        )
        + "</tr>"
        for r in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _totals(report: Report) -> str:
    denied = sum(c.verdict is not None and c.verdict.decision is Decision.DENIED for c in report.calls)
    parts = (
        f"{sum(not s.external for s in report.services)} services",
        f"{len(report.calls)} calls ({denied} denied)",
        f"{len(report.unexpected)} unauthorised paths",
        f"{len(report.findings)} findings",
        f"{len(report.diagnostics)} things not understood",
    )
    return f"<p>{', '.join(parts)}</p>"
