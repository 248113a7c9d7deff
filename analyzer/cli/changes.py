"""``diff`` and ``comment``: what a change does."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from analyzer import reports
from analyzer.cli.arguments import FAIL_ON, OUTPUT, PATH, of_tree, shared, store, terminal, write

if TYPE_CHECKING:
    from analyzer.comment import Links
    from analyzer.comparison import Comparison
    from parsers.quantities import Count
    from parsers.source import Tree


@click.command(short_help="What a change multiplies, opens and closes.")
@click.argument("base")
@click.argument("head", required=False)
@click.option("--repo", type=PATH, default=".", show_default=True, help="The folder that revisions are looked up in.")
@click.option("--format", "name", type=click.Choice(["text", "json", "markdown"]), default="text", show_default=True)
@click.option("-o", "--output", type=OUTPUT, help="Write to a file instead of standard output.")
@click.option("--fail-on", type=FAIL_ON, help="Exit 1 on new findings from this severity on (never).")
@shared
def diff(
    base: str, head: str | None, repo: Path, name: str, output: Path | None, fail_on: str | None, **asked: Any
) -> int:
    """What the change from BASE to HEAD does: two folders, or two git revisions (HEAD: the files as they are)."""
    from analyzer.comment import comment
    from analyzer.reports.text.changes import told

    found = _compared(base, head, repo, asked)
    if name == "json":
        text = json.dumps(found.to_dict(), indent=1) + "\n"
    elif name == "markdown":
        text = comment(found)
    else:
        columns, colour = terminal(output)
        text = told(found, reports.Page(columns, colour))
    write(text, output)
    return _code(found, fail_on or "never")


@click.command(short_help="What other Istio releases make of the same files.")
@click.argument("path", type=PATH)
@click.argument("versions", nargs=-1, required=True, metavar="X.Y...")
@click.option("--format", "name", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("-o", "--output", type=OUTPUT, help="Write to a file instead of standard output.")
@shared
def upgrade(path: Path, versions: tuple[str, ...], name: str, output: Path | None, **asked: Any) -> int:
    """The pairs whose worst amplification depends on the Istio release, with the number under each release asked."""
    from analyzer.cli.arguments import given, progress
    from analyzer.configuration import istio_version
    from analyzer.upgrade import matrix

    try:
        wanted = [istio_version(version) for version in versions]
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    asking = given(path, asked)
    rows = matrix(asking.tree, asking.options, wanted, progress())
    if name == "json":
        text = json.dumps({"versions": versions, "pairs": [r.to_dict(versions) for r in rows]}, indent=1) + "\n"
    else:
        head = "".join(f"{version:>8}" for version in versions)
        lines = [f"{head}  entry → target", *(_numbers(r.worst) + f"  {r.entry} → {r.target}" for r in rows)]
        text = "\n".join(lines if rows else [f"no number depends on the release ({', '.join(versions)})"]) + "\n"
    write(text, output)
    return 0


def _numbers(counts: tuple[Count, ...]) -> str:
    return "".join(f"{count!s:>8}" for count in counts)


def _compared(base: str, head: str | None, repo: Path, asked: dict[str, Any]) -> Comparison:
    from analyzer.comparison import compare
    from analyzer.reachability.changes import policy_changes

    before = of_tree(_tree(base, repo, asked), base, asked).study()
    after = of_tree(_tree(head, repo, asked), head or "the files", asked).study()
    return compare(before.report, after.report, policy_changes(before.mesh, after.mesh, after.options))


def _tree(name: str | None, repo: Path, asked: dict[str, Any]) -> Tree:
    """A folder where there is one of that name, else a git revision."""
    from parsers.disk import DiskTree
    from parsers.revisions import RevisionError, RevisionTree

    exclude = tuple(asked.get("exclude") or ())
    if name is None:
        return DiskTree(repo, exclude)
    if Path(name).is_dir():
        return DiskTree(name, exclude)
    try:
        return RevisionTree(repo, name, exclude)
    except RevisionError as error:
        raise click.UsageError(f"{name!r} is neither a folder nor a revision of {repo}: {error}") from error


def _code(found: Comparison, fail_on: str) -> int:
    from analyzer.findings import Severity

    if not found.head.understood:
        return 3
    return int(fail_on != "never" and any(f.severity >= Severity[fail_on.upper()] for f in found.found))


@click.command(short_help="Post what a change does to its pull request.")
@click.option("--base", required=True, metavar="REV", help="The revision (or folder) before.")
@click.option("--head", metavar="REV", help="The revision (or folder) after; the files as they are.")
@click.option("--repo", type=PATH, default=".", show_default=True, help="The folder that revisions are looked up in.")
@click.option("--dry-run", is_flag=True, help="Print the comment, post nothing.")
@click.option("--pull-request", type=int, metavar="N", help="Its number; known in CI.")
@click.option("--header", default="", help="Keeps several comments of one pull request apart.")
@click.option(
    "--picture",
    type=click.Choice(["none", "artifact", "branch"]),
    default="none",
    show_default=True,
    help="Where the picture goes: a file to keep as an artifact, or a branch (GitHub) or upload (GitLab).",
)
@click.option("--picture-file", type=OUTPUT, default="meshgain.png", show_default=True, help="For --picture artifact.")
@click.option("--fail-on", type=FAIL_ON, help="Exit 1 on new findings from this severity on (never).")
@shared
def comment(
    base: str,
    head: str | None,
    repo: Path,
    dry_run: bool,
    pull_request: int | None,
    header: str,
    picture: str,
    picture_file: Path,
    fail_on: str | None,
    **asked: Any,
) -> int:
    """Comment on the pull request whose CI this runs in; the same comment is updated every time."""
    from analyzer.comment import comment as body
    from analyzer.comment import marker, run_address

    found = _compared(base, head, repo, asked)
    if picture == "artifact":
        store(_drawn(found), picture_file)
    if dry_run:
        write(body(found, _links(None, run_address(os.environ)), header), None)
        return _code(found, fail_on or "never")
    try:
        from analyzer.forges import ForbiddenError, ForgeError, from_environment
    except ModuleNotFoundError as error:
        raise click.ClickException(
            "posting needs the extra 'comment': pip install 'meshgain[comment]'; --dry-run prints without it"
        ) from error
    try:
        forge = from_environment(os.environ, pull_request)
        address = forge.picture(f"pull-{pull_request or 'request'}.png", _drawn(found)) if picture == "branch" else None
        text = body(found, _links(address, run_address(os.environ)), header)
        click.echo(forge.upsert(marker(header), text), err=True)
    except ForbiddenError as error:
        _summarise(body(found, _links(None, run_address(os.environ)), header), error)
    except ForgeError as error:
        raise click.ClickException(str(error)) from error
    return _code(found, fail_on or "never")


def _links(picture: str | None, run: str | None) -> Links:
    from analyzer.comment import Links

    return Links(picture, run)


def _drawn(found: Comparison) -> bytes:
    from analyzer.figures import View, picture

    touched = found.touched()
    return picture(found.head, "png", View(only=touched or None))


def _summarise(text: str, error: Exception) -> None:
    """Where the token may not comment, the job's summary still says it."""
    click.echo(f"meshgain: {error}", err=True)
    summary = os.environ.get("GITHUB_STEP_SUMMARY")
    if summary:
        with Path(summary).open("a", encoding="utf-8") as stream:
            stream.write(text)
    else:
        write(text, None)


COMMANDS = (diff, comment, upgrade)
