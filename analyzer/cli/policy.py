"""``access`` and ``suggest``: who may, which line says so, and who should."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from analyzer import reports
from analyzer.cli.arguments import OUTPUT, PATH, given, shared, terminal, write


@click.command(short_help="Who may ask whom, and which line decides.")
@click.argument("path", type=PATH)
@click.option("--from", "source", metavar="X", help="A service, a principal, or none (no identity).")
@click.option("--to", "target", metavar="Y", help="A service, or 'service OPERATION'.")
@click.option("--method", metavar="M", help="The request's method.")
@click.option("--path", "request_path", metavar="P", help="The request's path.")
@click.option("--host", metavar="H", help="The request's host.")
@click.option("--port", type=click.IntRange(1, 65535), metavar="N", help="The workload's port.")
@click.option(
    "--requests",
    type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path),
    help="JSON lines of questions; one answer a line, in order.",
)
@click.option("--format", "name", type=click.Choice(["text", "json"]), default="text", show_default=True)
@shared
def access(
    path: Path,
    source: str | None,
    target: str | None,
    method: str | None,
    request_path: str | None,
    host: str | None,
    port: int | None,
    requests: Path | None,
    name: str,
    **asked: Any,
) -> int:
    """Whether a request is let through; without --from and --to, the whole matrix."""
    from analyzer import permissions
    from analyzer.access import QuestionError
    from analyzer.naming import NamingError
    from analyzer.reports.text.permissions import told

    asking = given(path, asked)
    parts = {"method": method, "path": request_path, "host": host, "port": port}
    found: permissions.Answered | permissions.Matrix
    try:
        if requests is not None:
            text = sys.stdin.read() if str(requests) == "-" else requests.read_text(encoding="utf-8")
            for answer in permissions.answers(asking.mesh(), asking.options, text):
                write(json.dumps(answer.to_dict()) + "\n", None)
            return 0
        if source is not None and target is not None:
            given_parts = {k: v for k, v in parts.items() if v is not None}
            found = permissions.ask(asking.mesh(), asking.options, source, target, given_parts)
        else:
            found = permissions.matrix(asking.study(judged=False), source, target)
    except (NamingError, QuestionError) as error:
        raise click.UsageError(str(error)) from error
    document = json.dumps(found.to_dict(), indent=1) + "\n"
    columns, colour = terminal(None)
    write(document if name == "json" else told(found, reports.Page(columns, colour)), None)
    return 0


@click.group(short_help="Policies that let in what is called, and nothing else.")
def suggest() -> None:
    """Write what is missing."""


@suggest.command(short_help="AuthorizationPolicies: default deny, and exactly the calls there are.")
@click.argument("path", type=PATH, default=".")
@click.option("-o", "--output", type=OUTPUT, help="Write to a file instead of standard output.")
@shared
def authz(path: Path, output: Path | None, **asked: Any) -> int:
    """AuthorizationPolicies for the monorepo at PATH: default deny, and exactly the calls that it makes.

    What the files do not tell is listed in comments, not guessed: read them before applying.
    """
    from analyzer.suggest import suggest_authz

    found = suggest_authz(given(path, asked).study(judged=False).graph)
    head = "".join(f"# not known: {line}\n" for line in found.unknown)
    write(f"{head}---\n{found.text}" if head else found.text, output)
    return 0 if found.text else 3


COMMANDS = (access, suggest)
