"""``report``, ``graph`` and ``explain``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from analyzer import reports
from analyzer.cli.arguments import FAIL_ON, OUTPUT, PATH, exit_code, given, shared, store, terminal, write

PICTURES = (".png", ".svg", ".pdf")


@click.command(short_help="Amplification, reachability and findings of a monorepo.")
@click.argument("path", type=PATH, default=".")
@click.option("--format", "name", type=click.Choice(reports.names()), default="text", show_default=True)
@click.option("-o", "--output", type=OUTPUT, help="Write to a file instead of standard output.")
@click.option("--fail-on", type=FAIL_ON, help="Exit 1 from this severity on (error; with --format sarif never).")
@click.option(
    "--baseline",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Report only findings that this file does not hold.",
)
@click.option("--write-baseline", type=OUTPUT, help="Write today's findings as a baseline, and exit 0.")
@shared
def report(
    path: Path,
    name: str,
    output: Path | None,
    fail_on: str | None,
    baseline: Path | None,
    write_baseline: Path | None,
    **asked: Any,
) -> int:
    """What one request can become, who can reach what, and what is wrong, in the monorepo at PATH."""
    from analyzer.baseline import baseline_text, without_known

    asking = given(path, asked)
    found = asking.study().report
    if write_baseline is not None:
        store(baseline_text(found).encode(), write_baseline)
        return 0
    known = baseline or (path / asking.configuration.baseline if asking.configuration.baseline else None)
    if known is not None:
        found = without_known(found, _read(known))
    columns, colour = terminal(output)
    write(reports.load(name).render(found, reports.Page(columns, colour, asking.title)), output)
    default = "never" if name == "sarif" else asking.configuration.fail_on or "error"
    return exit_code(found, fail_on or default)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise click.UsageError(f"cannot read the baseline {path}: {error}") from error


@click.command()
@click.argument("path", type=PATH, default=".")
@click.option(
    "-o", "--output", type=OUTPUT, required=True, help="png, svg, pdf, html, mmd, dot or json, by its suffix."
)
@click.option("--theme", type=click.Choice(["light", "dark"]), default="light", show_default=True)
@click.option("--focus", metavar="SERVICE", help="Only this service and what it touches.")
@click.option("--all", "everything", is_flag=True, help="Fold nothing, however large the system is.")
@shared
def graph(path: Path, output: Path, theme: str, focus: str | None, everything: bool, **asked: Any) -> int:
    """Draw the call graph of the monorepo at PATH."""
    suffix = output.suffix.lower()
    by_suffix = {".html": "html", ".htm": "html", ".mmd": "mermaid", ".dot": "dot", ".gv": "dot", ".json": "json"}
    if suffix not in PICTURES and suffix not in by_suffix:
        raise click.UsageError(f"{output.name}: the suffix must be one of {', '.join((*PICTURES, *by_suffix))}")
    asking = given(path, asked)
    found = asking.study().report
    if suffix in PICTURES:
        from analyzer.figures import View, picture

        view = View(theme=theme, focus=_focus(found, focus), everything=everything)
        store(picture(found, suffix.removeprefix("."), view), output)
    else:
        write(reports.load(by_suffix[suffix]).render(found, reports.Page(title=asking.title)), output)
    return exit_code(found, "never")


def _focus(found: Any, name: str | None) -> str | None:
    from analyzer.naming import NamingError, service
    from analyzer.report import services_of

    try:
        return service(name, services_of(found)) if name else None
    except NamingError as error:
        raise click.UsageError(str(error)) from error


@click.command(short_help="Every layer of a call, or one failure scenario.")
@click.argument("path", type=PATH)
@click.argument("caller", required=False)
@click.argument("callee", required=False)
@click.option("--failing", metavar="SERVICE[ OPERATION]", help="Explain what arrives everywhere while this fails.")
@click.option("--cause", metavar="C", help="How it fails: 503, connect-failure, timeout, ... (with --failing).")
@click.option("--format", "name", type=click.Choice(["text", "json"]), default="text", show_default=True)
@shared
def explain(
    path: Path, caller: str | None, callee: str | None, failing: str | None, cause: str | None, name: str, **asked: Any
) -> int:
    """Every layer between CALLER and CALLEE, in order, with its line; or one scenario with --failing."""
    from analyzer import explanation
    from analyzer.naming import NamingError
    from analyzer.reports.text.answers import told

    if bool(failing) == bool(caller and callee):
        raise click.UsageError("name CALLER and CALLEE, or --failing SERVICE with --cause")
    asking = given(path, asked)
    columns, colour = terminal(None)
    page = reports.Page(columns, colour, asking.title)
    try:
        study = asking.study(judged=False)
        answer = (
            explanation.scenario(study, failing, cause, asked["entries"])
            if failing
            else explanation.calls(study, caller or "", callee or "")
        )
    except (NamingError, explanation.QuestionError) as error:
        raise click.UsageError(str(error)) from error
    write(json.dumps(answer.to_dict(), indent=1) + "\n" if name == "json" else told(answer, page), None)
    return exit_code(study.report, "never")


COMMANDS = (report, graph, explain)
