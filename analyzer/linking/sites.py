"""The places in a handler that send, each with what repeats it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from parsers.facts.python import (
    Answer,
    Block,
    Branch,
    Call,
    Catch,
    Check,
    Guard,
    Loop,
    Parallel,
    Raise,
    Repeat,
    Scope,
    Send,
    Step,
    children,
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


def shifted(step: Step, by: int) -> Step:
    """The same tree with every key moved, so that it can stand beside another one."""
    match step:
        case Send(key=key):
            return replace(step, key=key + by)
        case Raise(key=key, about=about):
            return replace(step, key=_moved(key, by), about=_moved(about, by))
        case Answer(key=key):
            return replace(step, key=_moved(key, by))
        case Block(steps):
            return Block(tuple(shifted(s, by) for s in steps))
        case Scope(body=body, key=key):
            return replace(step, body=shifted(body, by), key=_moved(key, by))
        case Repeat(body=body) | Loop(body=body):
            return replace(step, body=shifted(body, by))
        case Parallel(branches=branches):
            return replace(step, branches=tuple(shifted(b, by) for b in branches))
        case Branch(options):
            return Branch(tuple(shifted(o, by) for o in options))
        case Check(key, statuses, then, orelse):
            return Check(key + by, statuses, shifted(then, by), shifted(orelse, by))
        case Guard(body, catches, orelse, final):
            moved = tuple(Catch(c.exceptions, shifted(c.body, by)) for c in catches)
            return Guard(shifted(body, by), moved, shifted(orelse, by), shifted(final, by))
        case _:
            return step


def _moved(key: int | None, by: int) -> int | None:
    return None if key is None else key + by


def highest_key(step: Step) -> int:
    """The largest key in a tree; -1 where there is none."""
    own = [step.key] if isinstance(step, Send | Check | Raise | Answer | Scope) else []
    own += [step.about] if isinstance(step, Raise) else []
    return max((*(k for k in own if k is not None), *(highest_key(c) for c in children(step))), default=-1)


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
