"""The whole product in one function: files, facts, mesh, graph, amplification, reachability, findings, report.

Pure: no clock, disk, environment or logging; ``tell`` hears what is being done.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analyzer.options import Options
from analyzer.suppressions import MARK, Suppression, lower, suppress, written
from parsers.source import SourceFile, Tree

if TYPE_CHECKING:
    from analyzer.amplification import Amplification
    from analyzer.context import Context
    from analyzer.findings import Finding
    from analyzer.graph import CallGraph
    from analyzer.linking.mesh import Mesh
    from analyzer.reachability import Reachability
    from analyzer.report import Report

Tell = Callable[[str], None]

#: Prose that rules look at: decision records, and what watches the mesh.
_PROSE = (".md", ".rst", ".txt", ".adoc")
_PROSE_BYTES = 200_000


@dataclass(frozen=True, slots=True)
class Study:
    """A run with everything that questions after it need."""

    mesh: Mesh
    graph: CallGraph
    amplification: Amplification
    reachability: Reachability
    options: Options
    report: Report


def analyze(tree: Tree, options: Options = Options()) -> Report:  # noqa: B008  # frozen
    """Everything there is to say about a tree."""
    return study(tree, options).report


def study(tree: Tree, options: Options, suppressions: Iterable[Suppression] = (), tell: Tell = lambda _: None) -> Study:
    """The same, keeping what later questions (a scenario, an access) are answered from."""
    from analyzer.linking.topology import topology
    from analyzer.report import Coverage, Report, ServiceView
    from parsers.reading import read

    tell("reading")
    reading = read(tree)
    tell("linking")
    mesh, _ = topology(reading.facts, options)
    tell("")
    views = tuple(ServiceView(s.id, s.namespace, s.name) for s in mesh.services.values())
    version = ".".join(map(str, mesh.istio_version))
    coverage = Coverage(
        len(tree.paths()),
        len({d.span.path for d in reading.diagnostics}),
        len(reading.facts),
        version,
        mesh.istio_version_source,
    )
    report = Report(options=options, services=views, diagnostics=reading.diagnostics, coverage=coverage)
    return Study(mesh, None, None, None, options, report)  # type: ignore[arg-type]
