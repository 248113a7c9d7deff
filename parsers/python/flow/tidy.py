"""Pruning: what sends nothing and decides nothing is left out of a handler's steps.

Shape: the result means the same to whoever runs it; marks that nobody looks at are gone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from parsers.facts.python import (
    NOTHING,
    Answer,
    Block,
    Branch,
    Catch,
    Check,
    Guard,
    Leave,
    Loop,
    Next,
    Parallel,
    Raise,
    Repeat,
    Scope,
    Send,
    Step,
    children,
)
from parsers.quantities import ONCE


def tidy(step: Step) -> Step:
    """The steps that matter."""
    for _ in range(4):
        watched = frozenset(_watched(step))
        pruned = _prune(step, watched)
        if pruned == step:
            break
        step = pruned
    return step


def walk(step: Step) -> Iterator[Step]:
    """The step and all inside it, in order; what is shared is met once."""
    stack, seen = [step], set()
    while stack:
        current = stack.pop()
        if id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        stack.extend(reversed(children(current)))


def sends(step: Step) -> bool:
    """Whether anything is sent."""
    return any(isinstance(s, Send) for s in walk(step))


def fails(step: Step) -> bool:
    """Whether an exception may come out of it: something is sent or raised."""
    return any(isinstance(s, Send | Raise) for s in walk(step))


def _watched(step: Step) -> Iterator[int]:
    for current in walk(step):
        match current:
            case Check(key=key) | Answer(key=int() as key) | Raise(key=int() as key) | Raise(about=int() as key):
                yield key


def _alike(a: Step, b: Step) -> bool:
    """Whether two steps do the same; where they are written does not matter."""
    if isinstance(a, Answer) and isinstance(b, Answer):
        return (a.status, a.key) == (b.status, b.key)
    return a == b


def _decided(step: Step, key: int, marks: tuple[str, ...], holds: bool) -> Step:  # noqa: FBT001 -- which way was taken
    """The step where it is known that the way under ``key`` is one of the marks, or none of them."""
    match step:
        case Check(key=same, statuses=statuses) if same == key:
            inside = set(statuses) >= set(marks) if holds else False
            outside = not set(statuses) & set(marks) if holds else set(statuses) <= set(marks)
            if inside:
                return _decided(step.then, key, marks, holds)
            return _decided(step.orelse, key, marks, holds) if outside else step
        case Check():
            then, orelse = (_decided(s, key, marks, holds) for s in (step.then, step.orelse))
            return replace(step, then=then, orelse=orelse)
        case Block(steps=[first, *rest]):
            return Block((_decided(first, key, marks, holds), *rest))
        case Branch(options=options):
            return Branch(tuple(_decided(o, key, marks, holds) for o in options))
        case _:
            return step


def _check(step: Check, watched: frozenset[int]) -> Step:
    then, orelse = step.then, step.orelse
    if all(s.startswith("#") for s in step.statuses):
        then = _decided(then, step.key, step.statuses, holds=True)
        orelse = _decided(orelse, step.key, step.statuses, holds=False)
    then, orelse = _prune(then, watched), _prune(orelse, watched)
    return then if _alike(then, orelse) else replace(step, then=then, orelse=orelse)


def _prune(step: Step, watched: frozenset[int]) -> Step:
    match step:
        case Block(steps=steps):
            return _block(steps, watched)
        case Scope():
            return _scope(step, watched)
        case Branch(options=options):
            return _branch([_prune(o, watched) for o in options])
        case Check():
            return _check(step, watched)
        case Guard():
            return _guard(step, watched)
        case Loop():
            body = _prune(step.body, watched)
            return NOTHING if _idle(body) else replace(step, body=body)
        case Repeat():
            body = _prune(step.body, watched)
            if sends(body):
                return replace(step, body=body)
            return NOTHING if _idle(body) else Loop(ONCE, body, step.retry.span)
        case Parallel():
            branches = tuple(b for b in (_prune(b, watched) for b in step.branches) if not _idle(b))
            return replace(step, branches=branches) if branches else NOTHING
        case _:
            return step


def _idle(step: Step) -> bool:
    """Nothing but the end of an iteration."""
    return step in (NOTHING, Next(), Leave())


def _block(steps: tuple[Step, ...], watched: frozenset[int]) -> Step:
    kept: list[Step] = []
    for inner in steps:
        pruned = _prune(inner, watched)
        kept += pruned.steps if isinstance(pruned, Block) else (pruned,)
        if kept and isinstance(kept[-1], Raise | Answer | Leave | Next):
            break
    return kept[0] if len(kept) == 1 else Block(tuple(kept))


def _branch(options: list[Step]) -> Step:
    distinct = [o for i, o in enumerate(options) if not any(_alike(o, p) for p in options[:i])]
    return distinct[0] if len(distinct) == 1 else Branch(tuple(distinct))


def _scope(step: Scope, watched: frozenset[int]) -> Step:
    body = _prune(step.body, watched)
    if step.key is not None and step.key in watched:
        return replace(step, body=body)
    body = _unmarked(body)
    if not sends(body) and not _decides(body):
        return NOTHING
    return replace(step, body=body, key=None)


def _unmarked(step: Step) -> Step:
    """Answers of the scope without their marks; scopes inside keep theirs."""
    match step:
        case Answer(status=str() as status) if status.startswith("#"):
            return replace(step, status=None)
        case Block(steps=steps):
            return Block(tuple(_unmarked(s) for s in steps))
        case Branch(options=options):
            return Branch(tuple(_unmarked(o) for o in options))
        case Check():
            return replace(step, then=_unmarked(step.then), orelse=_unmarked(step.orelse))
        case Guard():
            catches = tuple(Catch(c.exceptions, _unmarked(c.body)) for c in step.catches)
            body, orelse, final = (_unmarked(s) for s in (step.body, step.orelse, step.final))
            return Guard(body, catches, orelse, final)
        case Loop() | Repeat():
            return replace(step, body=_unmarked(step.body))
        case _:
            return step


def _decides(step: Step) -> bool:
    """Whether a function that sends nothing decides anything: it raises for certain, or names a status."""
    if any(isinstance(s, Raise) and (s.status is not None or s.key is not None) for s in walk(step)):
        return True
    if any(isinstance(s, Check) for s in walk(step)):
        return any(isinstance(s, Raise | Scope) for s in walk(step))
    if any(isinstance(s, Scope) and s.key is not None for s in walk(step)):
        return True
    last = step.steps[-1] if isinstance(step, Block) and step.steps else step
    return isinstance(last, Raise)


def _guard(step: Guard, watched: frozenset[int]) -> Step:
    body, orelse, final = (_prune(s, watched) for s in (step.body, step.orelse, step.final))
    catches = tuple(Catch(c.exceptions, _prune(c.body, watched)) for c in step.catches)
    if not fails(body):
        rest = [s for s in (body, orelse, final) if s != NOTHING]
        if catches:
            ways = [_prune(Block((body, orelse)), watched), *(c.body for c in catches)]
            return _prune(Block((_branch(ways), final)), watched)
        return _prune(Block(tuple(rest)), watched) if rest else NOTHING
    if not catches and final == NOTHING:
        return _prune(Block((body, orelse)), watched)
    return Guard(body, catches, orelse, final)


def limited(step: Step, seconds: float) -> Step:
    """The step with every request in it cut after so many seconds."""
    match step:
        case Send(call=call):
            shorter = call.timeout_s is None or call.timeout_s > seconds
            return replace(step, call=replace(call, timeout_s=seconds, timeout_known=True)) if shorter else step
        case Block(steps=steps):
            return Block(tuple(limited(s, seconds) for s in steps))
        case Branch(options=options):
            return Branch(tuple(limited(o, seconds) for o in options))
        case Parallel():
            return replace(step, branches=tuple(limited(b, seconds) for b in step.branches))
        case Check():
            return replace(step, then=limited(step.then, seconds), orelse=limited(step.orelse, seconds))
        case Scope() | Loop() | Repeat():
            return replace(step, body=limited(step.body, seconds))
        case Guard():
            catches = tuple(Catch(c.exceptions, limited(c.body, seconds)) for c in step.catches)
            body, orelse, final = (limited(s, seconds) for s in (step.body, step.orelse, step.final))
            return Guard(body, catches, orelse, final)
        case _:
            return step
