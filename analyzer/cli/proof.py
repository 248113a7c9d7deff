"""``prove``: predicted beside measured, on a real proxy."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from analyzer.cli.arguments import PATH, given, shared, write


@click.command(short_help="Run the worst chains on a real Envoy and count.")
@click.argument("path", type=PATH, default=".")
@click.option("--chains", type=click.IntRange(1, 50), default=5, show_default=True, help="How many of the worst pairs.")
@click.option(
    "--entry-of", "entry", metavar="E", help="Only chains that start here: a service, or 'service OPERATION'."
)
@click.option("--target", metavar="T", help="Only chains that end here.")
@click.option("--cause", "causes", multiple=True, metavar="C", help="Only this way of failing. Repeatable.")
@click.option(
    "--seconds", type=click.FloatRange(1, 600), default=50.0, show_default=True, help="No experiment starts later."
)
@click.option(
    "--requests", type=click.IntRange(1, 20_000), default=2_000, show_default=True, help="The most one may take."
)
@click.option("--format", "name", type=click.Choice(["text", "json"]), default="text", show_default=True)
@shared
def prove(
    path: Path,
    chains: int,
    entry: str | None,
    target: str | None,
    causes: tuple[str, ...],
    seconds: float,
    requests: int,
    name: str,
    **asked: Any,
) -> int:
    """Predicted beside measured: the worst chains of the monorepo at PATH on a real Envoy, with the real clients.

    On this machine's loopback alone. Needs the extra: pip install 'meshgain[prove]'. Exit 1: more was measured than
    predicted.
    """
    from analyzer.explanation import pairs_between
    from analyzer.naming import NamingError
    from analyzer.prove import Limits, ProveOptions, render
    from analyzer.prove import prove as run

    study = given(path, asked).study(judged=False)
    try:
        pairs = pairs_between(study, entry, target) if entry or target else ()
    except NamingError as error:
        raise click.UsageError(str(error)) from error
    options = ProveOptions(chains, causes, pairs[:chains], seconds, Limits(requests=requests))
    result = run(study.amplification, options)
    write(json.dumps(result.to_dict(), indent=1) + "\n" if name == "json" else render(result), None)
    return 0 if result.sound else 1


COMMANDS = (prove,)
