"""The places in a handler that send, each with what repeats it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from parsers.facts.python import (
    Block,
    Branch,
    Call,
    Check,
    Guard,
    Loop,
    Parallel,
    Repeat,
    Scope,
    Send,
    Step,
)
from parsers.quantities import ONCE, Count


@dataclass(frozen=True, slots=True)
class Site:
    """One ``Send``: the retries around it, outermost first; how often plain loops run it (``None``: data decides)."""

    call: Call
    key: int
    repeats: tuple[Repeat, ...]
    times: Count | None


def sites(step: Step) -> Iterator[Site]:
    """Every place of a tree, in execution order."""
    yield from _walk(step, (), ONCE)


def children(step: Step) -> tuple[Step, ...]:
    """The steps inside a step."""
    match step:
        case Block(steps):
            return steps
        case Repeat(body=body) | Loop(body=body) | Scope(body=body):
            return (body,)
        case Parallel(branches=branches):
            return branches
        case Branch(options):
            return options
        case Check(then=then, orelse=orelse):
            return (then, orelse)
        case Guard(body, catches, orelse, final):
            return (body, *(c.body for c in catches), orelse, final)
        case _:
            return ()


def _walk(step: Step, repeats: tuple[Repeat, ...], times: Count | None) -> Iterator[Site]:
    match step:
        case Send(call, key):
            yield Site(call, key, repeats, times)
        case Repeat(body=body):
            yield from _walk(body, (*repeats, step), times)
        case Loop(count, body):
            inner = None if times is None or count is None else times * count
            yield from _walk(body, repeats, inner)
        case _:
            for child in children(step):
                yield from _walk(child, repeats, times)
