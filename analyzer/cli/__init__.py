"""The command line: arguments in, text out, exit codes. No logic; whatever is heavy is imported where it is used.

Errors: 0 nothing at or above ``--fail-on``; 1 findings; 2 usage or configuration; 3 no input understood; 4 internal.
"""

from __future__ import annotations

import gc
import sys
import traceback
from pathlib import Path

import click

from analyzer.cli import analysis, changes, fixing, inspection, policy, proof
from analyzer.configuration import ConfigurationError

_INTERRUPTED = 130
#: New objects between two collections. Syntax trees are kept while they are read: looking through them again and again
#: for garbage costs as much as parsing them (docs/benchmarks.md).
_GC_THRESHOLD = 500_000


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 clean, 1 findings at --fail-on, 2 usage, 3 no input understood, 4 internal error.",
)
@click.version_option(package_name="meshgain")
def root() -> None:
    """How many requests can one request become, and who can reach what they should not.

    Reads a monorepo (service code, Kubernetes and mesh configuration); runs nothing of it and needs no cluster.
    """


for command in (
    *analysis.COMMANDS,
    *policy.COMMANDS,
    *changes.COMMANDS,
    *fixing.COMMANDS,
    *proof.COMMANDS,
    *inspection.COMMANDS,
):
    root.add_command(command)


def main() -> None:
    """The console script: every end is an exit code, none is a traceback."""
    gc.set_threshold(_GC_THRESHOLD)
    try:
        sys.exit(root.main(prog_name="meshgain", standalone_mode=False) or 0)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except ConfigurationError as error:
        click.echo(f"meshgain: {error}", err=True)
        sys.exit(2)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(_INTERRUPTED)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
    except Exception as error:  # noqa: BLE001 -- the outermost door: one line instead of a traceback
        click.echo(_internal(error), err=True)
        sys.exit(4)


def _internal(error: Exception) -> str:
    place = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{Path(place.filename).parent.name}/{Path(place.filename).name}:{place.lineno}"
    return (
        f"meshgain: internal error: {type(error).__name__} at {where}: {error}\n"
        "This is a bug of meshgain. Please report this line, the output of 'meshgain --version' and, where you can, "
        "the smallest input that shows it."
    )
