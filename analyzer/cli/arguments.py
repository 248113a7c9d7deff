"""What the commands that analyse have in common: the tree, its configuration, the options, the output."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from analyzer.configuration import Configuration, ConfigurationError, assumption, configuration, istio_version
from analyzer.options import Options

if TYPE_CHECKING:
    from analyzer.findings import Severity
    from analyzer.linking.mesh import Mesh
    from analyzer.pipeline import Study
    from analyzer.report import Report
    from parsers.source import Tree

F = TypeVar("F", bound=Callable[..., object])

PATH = click.Path(exists=True, file_okay=False, path_type=Path)
OUTPUT = click.Path(dir_okay=False, path_type=Path)
FAIL_ON = click.Choice(["note", "warning", "error", "never"])

_SHARED = (
    click.option(
        "--istio-version",
        metavar="X.Y",
        help="Count with this release's defaults, not with what the repository states or the newest.",
    ),
    click.option(
        "--entry",
        "entries",
        multiple=True,
        metavar="NAME",
        help="A service, or 'service OPERATION', that the outside can start. Repeatable.",
    ),
    click.option(
        "--assume",
        "assumptions",
        multiple=True,
        metavar="'A->B: attempts=N'",
        help="What if all layers of these calls made N attempts together? Repeatable.",
    ),
    click.option(
        "--destination-rule-retries",
        type=click.Choice(["count", "ignore"]),
        help="Retries in a DestinationRule, which stock Istio drops: count as declared (default), or ignore.",
    ),
    click.option(
        "--max-amplification",
        type=click.IntRange(1),
        metavar="N",
        help="What one request may become at most (RA001), whatever the configuration says.",
    ),
    click.option("--exclude", multiple=True, metavar="GLOB", help="Files to leave out. Repeatable."),
)


def shared(command: F) -> F:
    """The options of every command that analyses."""
    for option in reversed(_SHARED):
        command = option(command)
    return command


@dataclass(frozen=True, slots=True)
class Given:
    """A tree with everything that was asked of it."""

    tree: Tree
    options: Options
    configuration: Configuration
    title: str

    def study(self, *, judged: bool = True) -> Study:
        """Analyse it, telling a terminal how far it is."""
        from analyzer.amplification.system import unmatched
        from analyzer.pipeline import study

        found = study(self.tree, self.options, self.configuration.suppressions, progress(), judged=judged)
        for one in unmatched(found.graph.system, self.options.assumptions):
            raise click.UsageError(f"no call is meant by the assumption {one.caller!r} -> {one.callee!r}")
        return found

    def mesh(self) -> Mesh:
        """Only link it: for questions that need neither graph nor numbers."""
        from analyzer.pipeline import linked

        return linked(self.tree, self.options, progress())[0]


def given(path: Path, asked: dict[str, Any]) -> Given:
    """The tree at ``path`` with its configuration; what the command line says wins."""
    from parsers.disk import DiskTree

    plain = of_tree(DiskTree(path), path.resolve().name, asked)
    excluded = plain.options.exclude
    return replace(plain, tree=DiskTree(path, excluded)) if excluded else plain


def of_tree(tree: Tree, title: str, asked: dict[str, Any]) -> Given:
    """The same of any tree."""
    try:
        configured = configuration(tree)
        options = _merged(configured.options, asked)
    except (ConfigurationError, ValueError) as error:
        raise click.UsageError(str(error)) from error
    return Given(tree, options, configured, title)


def _merged(options: Options, asked: dict[str, Any]) -> Options:
    version = asked.get("istio_version")
    return replace(
        options,
        istio_version=istio_version(version) if version else options.istio_version,
        entries=tuple(asked.get("entries") or ()) or options.entries,
        assumptions=(*options.assumptions, *(assumption(a) for a in asked.get("assumptions") or ())),
        destination_rule_retries=asked.get("destination_rule_retries") or options.destination_rule_retries,
        max_amplification=asked.get("max_amplification") or options.max_amplification,
        limits=() if asked.get("max_amplification") else options.limits,
        exclude=(*options.exclude, *(asked.get("exclude") or ())),
    )


def progress() -> Callable[[str], None]:
    """Say on a terminal's stderr what is being done, on one line that is wiped; say nothing anywhere else."""
    if not sys.stderr.isatty():
        return lambda _: None

    def tell(stage: str) -> None:
        click.echo(f"\r\x1b[2K{stage} …" if stage else "\r\x1b[2K", err=True, nl=False)

    return tell


def write(text: str, output: Path | None) -> None:
    """To the file, or to standard output."""
    if output is None:
        sys.stdout.buffer.write(text.encode("utf-8", "backslashreplace"))
        sys.stdout.flush()
    else:
        store(text.encode("utf-8", "backslashreplace"), output)


def store(data: bytes, output: Path) -> None:
    """Write a file; a folder that is not there or may not be written is the user's to mend."""
    try:
        output.write_bytes(data)
    except OSError as error:
        raise click.FileError(str(output), error.strerror or "cannot be written") from error


def terminal(output: Path | None) -> tuple[int, bool]:
    """Columns, and whether to colour: only a terminal gets colours, and never against NO_COLOR."""
    tty = output is None and sys.stdout.isatty()
    forced = os.environ.get("FORCE_COLOR", "") not in ("", "0")
    colour = output is None and (tty or forced) and not os.environ.get("NO_COLOR")
    return min(shutil.get_terminal_size((100, 24)).columns, 132) if tty else 100, colour


def exit_code(report: Report, fail_on: str) -> int:
    """What the run's end says."""
    from analyzer.findings import Severity
    from parsers.diagnostics import Code

    if any(d.code is Code.INTERNAL for d in report.diagnostics):
        return 4
    if not report.understood:
        return 3
    return int(_reached(report, None if fail_on == "never" else Severity[fail_on.upper()]))


def _reached(report: Report, threshold: Severity | None) -> bool:
    return threshold is not None and any(f.severity >= threshold for f in report.findings)
