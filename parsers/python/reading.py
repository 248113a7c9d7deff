"""From the Python files of a tree to facts: handlers, calls, retries, listeners, and what could not be followed.

Shape: facts in the order of files and lines. Only files that can matter are parsed at first; what they import is, when
it is needed.
Errors: a file that cannot be parsed, and a function too deep or too large to follow, cost themselves only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from parsers import screen
from parsers.diagnostics import Code, Diagnostic
from parsers.facts.python import Call, Handler, Listener, Retry, Send
from parsers.python.flow.handlers import Following
from parsers.python.flow.tidy import walk
from parsers.python.program import Program
from parsers.python.retries import Retries
from parsers.python.values import Values
from parsers.source import Span, Tree

#: Up to so many files all are parsed: an object may be made in a file that imports no library at all.
SMALL = 400

Fact = Handler | Call | Retry | Listener | Diagnostic


def read_python(tree: Tree, paths: Iterable[str] | None = None, *, only_retries: bool = False) -> Iterator[Fact]:
    """Everything that the Python files of the tree say; ``only_retries`` follows no handler."""
    names = [p for p in (tree.paths() if paths is None else paths) if p.endswith(".py")]
    kept = names if len(names) <= SMALL else [p for p in names if screen.python_matters(tree.raw(p))]
    program = Program(tree, kept)
    values = Values(program)
    retries = Retries(program, values)
    if not only_retries:
        following = Following(values, retries)
        yield from _handled(following)
        yield from following.listeners()
    yield from _retried(retries)
    yield from program.diagnostics


def _handled(following: Following) -> Iterator[Fact]:
    reached: set[Span] = set()
    calls: dict[Call, None] = {}
    for made in following.handlers():
        yield made
        if isinstance(made, Handler):
            for step in walk(made.body):
                if isinstance(step, Send):
                    calls[step.call] = None
                    reached.add(step.call.span)
    yield from calls
    yield from following.loose_calls(frozenset(reached))


def _retried(retries: Retries) -> Iterator[Fact]:
    try:
        yield from retries.sites()
    except RecursionError:
        yield Diagnostic.at(Span(".", 1, 1, 1, 1), Code.TOO_DEEP)
