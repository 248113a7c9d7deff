"""The whole product in one function: files, facts, mesh, graph, amplification, reachability, findings, report.

Pure: no clock, disk, environment or logging; ``tell`` hears what is being done.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
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
    from analyzer.report import Coverage, Report
    from analyzer.rules import Rule
    from parsers.diagnostics import Diagnostic
    from parsers.reading import Reading

Tell = Callable[[str], None]

#: Files that may hold a suppression.
_SUPPRESSING = (".py", ".yaml", ".yml")


def _silent(stage: str) -> None:
    """Tell nobody."""


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


def study(
    tree: Tree,
    options: Options,
    suppressions: Iterable[Suppression] = (),
    tell: Tell = _silent,
    *,
    judged: bool = True,
) -> Study:
    """The same, keeping what later questions (a scenario, an access) are answered from.

    ``judged`` false: no rules, for questions that need no findings.
    """
    from analyzer.amplification import amplify
    from analyzer.context import Context
    from analyzer.documents import documents
    from analyzer.graph import CallGraph
    from analyzer.reachability import reach

    mesh, reading, unlinked = linked(tree, options, tell)
    graph = CallGraph.build(mesh, options)
    tell("multiplying")
    amplification = amplify(graph.system, [e.operation for e in mesh.entries])
    tell("asking who may")
    reachability = reach(graph, options)
    report = _numbers(graph, amplification, reachability, options)
    report = replace(
        report,
        diagnostics=tuple(sorted({*reading.diagnostics, *unlinked}, key=lambda d: d.sort_key)),
        coverage=_coverage(tree, reading, mesh),
    )
    if judged:
        tell("checking")
        context = Context(mesh, graph, amplification, reachability, options, documents(tree), reading.facts)
        report = _judged(report, context, (*suppressions, *_suppressions(tree)))
    tell("")
    return Study(mesh, graph, amplification, reachability, options, report)


def linked(tree: Tree, options: Options, tell: Tell = _silent) -> tuple[Mesh, Reading, tuple[Diagnostic, ...]]:
    """Only read and link: for questions that need neither graph nor numbers."""
    from analyzer.linking import link
    from parsers.reading import read

    tell("reading")
    reading = read(tree)
    tell("linking")
    mesh, unlinked = link(reading.facts, options)
    tell("")
    return mesh, reading, unlinked


def _numbers(graph: CallGraph, amplification: Amplification, reachability: Reachability, options: Options) -> Report:
    from analyzer import assembly
    from analyzer.report import Report

    return Report(
        options=options,
        services=assembly.services(graph),
        calls=assembly.calls(graph, reachability.verdicts),
        amplification=assembly.amplification(amplification),
        scenarios=assembly.scenarios(amplification.scenarios),
        cycles=assembly.cycles(amplification),
        inversions=assembly.given_up(amplification),
        access=assembly.access(reachability),
        paths=assembly.paths(reachability),
    )


def _coverage(tree: Tree, reading: Reading, mesh: Mesh) -> Coverage:
    from analyzer.report import Coverage

    read = {span.path for fact in reading.facts if (span := getattr(fact, "span", None)) is not None}
    version = ".".join(map(str, mesh.istio_version))
    return Coverage(len(tree.paths()), len(read), len(reading.facts), version, mesh.istio_version_source)


def _judged(report: Report, context: Context, suppressions: tuple[Suppression, ...]) -> Report:
    """The report with its findings, the rules they come from, and the standards' checklist."""
    import analyzer.rules
    from analyzer import manual
    from analyzer.report import StandardView
    from analyzer.rules import Rule
    from analyzer.standards import checklist
    from parsers.plugins import collect

    every = {f for rule in collect(analyzer.rules, Rule) for f in _of(rule, context)}
    found = sorted(every, key=lambda f: (f.sort_key, f.subject))
    kept = suppress(lower(found, context.options.rules), suppressions)
    answers = checklist(context, found)
    standards = tuple(StandardView(a.text, a.status, a.rules, a.findings) for a in answers)
    return replace(report, findings=kept, rules=manual.views(), standards=standards)


def _of(rule: Rule, context: Context) -> Iterator[Finding]:
    if dict(context.options.rules).get(rule.id) != "off":
        yield from rule.check(context)


def _suppressions(tree: Tree) -> Iterator[Suppression]:
    """What the files themselves accept; only those are decoded that name the tool."""
    for path in tree.paths():
        if path.endswith(_SUPPRESSING) and MARK in tree.raw(path):
            file = tree.read(path)
            if isinstance(file, SourceFile):
                yield from written(file)
