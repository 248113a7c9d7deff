"""``facts`` and ``rules``: what was read, and what is checked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from analyzer.cli.arguments import PATH, given, write


@click.command(short_help="What the parsers read, one JSON object a line.")
@click.argument("path", type=PATH, default=".")
@click.option("--kind", metavar="K", help="Only facts of this kind: retry, call, handler, virtual_service, ...")
@click.option("--exclude", multiple=True, metavar="GLOB", help="Files to leave out. Repeatable.")
@click.option("--skip-tests", is_flag=True, help="Leave out test files and examples, as the analysis does.")
def facts(path: Path, kind: str | None, skip_tests: bool, **asked: Any) -> int:
    """What the parsers read, one JSON object a line, before anything is linked."""
    from analyzer.extraction import lines
    from parsers.reading import Scope, read

    reading = read(given(path, asked).tree, Scope(everything=not skip_tests, only_retries=kind == "retry"))
    write("".join(json.dumps(row) + "\n" for row in lines(reading.facts, kind)), None)
    return 0 if reading.facts else 3


@click.command()
@click.argument("rule", required=False, metavar="[ID]")
def rules(rule: str | None) -> int:
    """The rules, or the page of one."""
    from analyzer.manual import index, page
    from analyzer.naming import NamingError

    try:
        write(page(rule) if rule else index(), None)
    except NamingError as error:
        raise click.UsageError(str(error)) from error
    return 0


COMMANDS = (facts, rules)
