"""The whole product in one function: files, facts, mesh, graph, amplification, reachability, findings, report.

Pure: no clock, disk, environment or logging; ``tell`` hears what is being done.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analyzer.options import Options
from analyzer.suppressions import Suppression
from parsers.source import Tree

if TYPE_CHECKING:
    from analyzer.amplification import Amplification
    from analyzer.graph import CallGraph
    from analyzer.linking.mesh import Mesh
    from analyzer.reachability import Reachability
    from analyzer.report import Report

Tell = Callable[[str], None]


def _silent(stage: str) -> None:
    """Tell nobody."""


#: Prose that rules look at: decision records, and what watches the mesh.
_PROSE = (".md", ".rst", ".txt", ".adoc")
_PROSE_BYTES = 200_000


@dataclass(frozen=True, slots=True)
class Study:
    """A run with everything that questions after it need."""

    mesh: Mesh
    graph: CallGraph
    amplification: Amplification
    reachability: Reachability | None
    options: Options
    report: Report


def analyze(tree: Tree, options: Options = Options()) -> Report:  # noqa: B008  # frozen
    """Everything there is to say about a tree."""
    return study(tree, options).report


def study(tree: Tree, options: Options, suppressions: Iterable[Suppression] = (), tell: Tell = _silent) -> Study:
    """The same, keeping what later questions (a scenario, an access) are answered from."""
    from analyzer import assembly
    from analyzer.amplification import amplify
    from analyzer.graph import CallGraph
    from analyzer.linking import link
    from analyzer.report import Coverage, Report
    from parsers.reading import read

    tell("reading")
    reading = read(tree)
    tell("linking")
    mesh, unlinked = link(reading.facts, options)
    graph = CallGraph.build(mesh, options)
    tell("multiplying")
    amplification = amplify(graph.system, [e.operation for e in mesh.entries])
    version = ".".join(map(str, mesh.istio_version))
    coverage = Coverage(len(tree.paths()), 0, len(reading.facts), version, mesh.istio_version_source)
    report = Report(
        options=options,
        services=assembly.services(graph),
        calls=assembly.calls(graph, {}),
        amplification=assembly.amplification(amplification),
        scenarios=assembly.scenarios(amplification.scenarios),
        cycles=assembly.cycles(amplification),
        diagnostics=tuple(sorted({*reading.diagnostics, *unlinked}, key=lambda d: d.sort_key)),
        coverage=coverage,
    )
    tell("")
    return Study(mesh, graph, amplification, None, options, report)
