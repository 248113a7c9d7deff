"""Short ways to read the retries of a text."""

from __future__ import annotations

from textwrap import dedent

from parsers.facts.python import Retry
from parsers.python.program import Program
from parsers.python.retries import Retries
from parsers.python.values import Values
from parsers.source import MemoryTree


def sites(text: str, **files: str) -> list[Retry]:
    """Every retry of ``app.py`` and other modules, by path and line."""
    tree = MemoryTree({"app.py": dedent(text), **{f"{name}.py": dedent(code) for name, code in files.items()}})
    program = Program(tree)
    return list(Retries(program, Values(program)).sites())


def only(text: str, **files: str) -> Retry:
    """The one retry of ``app.py``."""
    found = [r for r in sites(text, **files) if r.span.path == "app.py"]
    assert len(found) == 1, found
    return found[0]


def attempts(text: str, **files: str) -> str:
    """Attempts of the one retry: a number, ``inf``, or ``dynamic`` with its default."""
    retry = only(text, **files)
    if retry.attempts is not None:
        return str(retry.attempts)
    return "dynamic" if retry.default is None else f"dynamic {retry.default}"
