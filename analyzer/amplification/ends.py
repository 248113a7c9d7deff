"""How a step can end, and the small decisions that are taken there: what repeats, what is caught, what is left over."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from math import ceil, inf

from analyzer.amplification.causes import ANY, any_covers, covers, failed
from analyzer.amplification.numbers import Number, Unbounded, number
from analyzer.amplification.outcomes import NOW, Load, Ways
from analyzer.exceptions import caught, kinds
from parsers.facts.python import (
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
    Retry,
    Scope,
    Send,
    Step,
    children,
)

#: ``Answer.status`` where the answer is what the exception being handled carries.
CAUGHT = "caught"


class How(Enum):
    """How a step ends."""

    GOES_ON = "goes on"
    RAISES = "raises"
    ANSWERS = "answers"
    LEAVES = "leaves"
    NEXT = "next"
    HANGS = "hangs"


Known = tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class Exit:
    """One end of a step.

    ``known``: the status of every request answered so far that the program looks at later. ``classes``: of what is
    raised. ``status``: what is answered, or what an exception stands for. ``hurt``: some request of this attempt
    has failed, dealt with or not. ``cause``: of
    the failure behind an exception.
    """

    how: How
    known: Known = ()
    classes: tuple[str, ...] = ()
    status: str | None = None
    cause: str = ""
    hurt: bool = False


Exits = Mapping[Exit, Ways]
START: Exits = {Exit(How.GOES_ON): NOW}


@dataclass(frozen=True, slots=True)
class Seen:
    """What code sees of one request: an answer with a status, an exception, or nothing at all, ever (``hangs``)."""

    cause: str
    classes: tuple[str, ...] = ()
    hangs: bool = False


def leaving(step: Raise | Answer | Leave | Next, before: Exit, caught_now: Exit | None) -> Exit:
    """The end of a step that leaves what it stands in."""
    if isinstance(step, Leave | Next):
        return replace(before, how=How.LEAVES if isinstance(step, Leave) else How.NEXT)
    status = step.status
    if status is None and step.key is not None:
        status = dict(before.known).get(step.key, ANY if isinstance(step, Raise) else None)
    if isinstance(step, Answer):
        if status == CAUGHT:
            status = (caught_now.status or caught_now.cause or ANY) if caught_now else ANY
        return replace(before, how=How.ANSWERS, status=status)
    if not step.classes and caught_now is not None:
        return replace(caught_now, known=before.known, status=status or caught_now.status)
    known = dict(before.known)
    cause = known.get(step.about, "") if step.about is not None else caught_now.cause if caught_now else ""
    return Exit(How.RAISES, before.known, kinds(step.classes), status, cause=cause, hurt=before.hurt)


def beside(done: Exit, end: Exit, *, collects: bool) -> tuple[Exit, ...]:
    """How two branches end together; where both fail, either may be the one that is seen."""
    known = tuple(sorted({**dict(done.known), **dict(end.known)}.items()))
    hurt = done.hurt or end.hurt
    settled = (How.GOES_ON, How.ANSWERS, How.LEAVES, How.NEXT)
    if collects and end.how is How.RAISES:
        end = replace(end, how=How.GOES_ON, classes=(), status=None, cause="")
    loud = [e for e in (done, end) if e.how not in settled]
    hung = [e for e in loud if e.how is How.HANGS]
    raised = [e for e in loud if e.how is How.RAISES]
    ends = raised or hung
    if not ends:
        return (Exit(How.GOES_ON, known, hurt=hurt),)
    return tuple(dict.fromkeys(replace(e, known=known, hurt=hurt) for e in ends))


def steers_itself(step: Repeat) -> bool:
    """Whether the body's own steps say when it goes round: a hand-written loop with its handlers written out."""
    return step.retry.idiom == "loop" and _steers(step.body)


def _steers(step: Step) -> bool:
    match step:
        case Guard() | Leave() | Next() | Check() | Answer():
            return True
        case Block():
            return any(_steers(s) for s in step.steps)
        case Branch():
            return any(_steers(s) for s in step.options)
        case Loop() | Scope():
            return _steers(step.body)
        case _:
            return False


def goes_round(end: Exit) -> bool:
    """A hand-written loop goes round when its body says so, or comes to its end after a failure that it swallowed."""
    return end.how is How.NEXT or (end.how is How.GOES_ON and end.hurt)


def repeats(retry: Retry, end: Exit, inside: frozenset[int]) -> bool | None:
    """Whether a retry layer repeats a body that ended so; ``None`` where its condition is not understood."""
    condition = retry.condition
    if end.how is How.HANGS:
        return False
    if end.how is How.NEXT:
        return True
    if end.how is How.RAISES:
        return _repeats_raised(retry, end)
    statuses = [s for key, s in end.known if key in inside] if end.status is None else [end.status]
    if condition.statuses and any(any_covers(condition.statuses, s) for s in statuses):
        return True
    wants_results = condition.unknown or (condition.result and not condition.statuses)
    return None if wants_results and end.hurt else False


def _repeats_raised(retry: Retry, end: Exit) -> bool | None:
    condition = retry.condition
    if condition.not_exceptions and caught(end.classes, condition.not_exceptions):
        return False
    if condition.causes and any(covers(p, end.cause) for p in condition.causes):
        return True
    if condition.statuses and end.cause and any_covers(condition.statuses, end.cause):
        return True
    if condition.exceptions:
        answer = caught(end.classes, condition.exceptions)
        if answer is not False:
            return answer
    return None if condition.unknown else False


def used_up(retry: Retry, end: Exit, *, by_hand: bool) -> tuple[Exit, ...]:
    """What comes out when the last attempt was not good enough either."""
    if retry.exhausted not in ("same", "return"):
        return (replace(end, how=How.RAISES, classes=kinds((retry.exhausted,)), status=None),)
    if by_hand or end.how is How.NEXT or (retry.exhausted == "return" and end.how is How.RAISES):
        return (replace(end, how=How.GOES_ON, classes=(), status=None, cause=""),)
    return (end,)


def attempts_of(retry: Retry) -> Number:
    """What a retry layer counts: its attempts, what it has where nothing else is said, or 1 where nobody knows."""
    known = retry.attempts or retry.default
    return number(known) if known else 1


def tries(retry: Retry, attempts: Number, tried: Load, final: Ways) -> Iterable[Load]:
    """All attempts together: those that fire, and the one that is the last."""
    for load in final:
        n = _within(retry, attempts, tried.time_s)
        if n == 1:
            yield load
        elif load is tried:
            yield tried.times(n, retry.min_wait_s)
        else:
            before = tried.times(n - 1, retry.min_wait_s)
            yield before.plus(load).lasting(before.time_s + retry.min_wait_s + load.time_s)


def _within(retry: Retry, attempts: Number, each_s: float) -> Number:
    """Attempts that can start before the deadline: it is looked at after each attempt, then comes the wait.

    The k-th starts if (k-1) attempts and (k-2) waits took less (tenacity
    ``stop_after_delay``: T 0.5 and wait 0.1 give 6).
    """
    step = each_s + retry.min_wait_s
    if retry.deadline_s is None or step <= 0 or each_s == inf:
        return attempts
    most = max(1, ceil(round((retry.deadline_s + step + retry.min_wait_s) / step, 9)) - 1)
    return attempts if not isinstance(attempts, Unbounded) and attempts <= most else most


def endless(retry: Retry) -> bool:
    """Whether nothing but success ever ends it."""
    return retry.deadline_s is None


def keys_looked_at(step: Step) -> frozenset[int]:
    """The requests whose answers some later step looks at."""
    found: set[int] = set()
    stack: list[Step] = [step]
    while stack:
        current = stack.pop()
        if isinstance(current, Check | Answer | Raise) and current.key is not None:
            found.add(current.key)
        if isinstance(current, Repeat) and (current.retry.condition.statuses or current.retry.condition.result):
            found.update(s.key for s in steps(current.body) if isinstance(s, Send))
        stack.extend(children(current))
    return frozenset(found)


def can_end_well(step: Step) -> bool:
    """Whether some way through the step neither raises nor answers a failure, as far as its shape says."""
    match step:
        case Raise():
            return False
        case Answer():
            return step.status is None or not failed(step.status)
        case Block():
            return all(can_end_well(s) for s in step.steps)
        case Parallel():
            return step.collects or all(can_end_well(s) for s in step.branches)
        case Branch():
            return not step.options or any(can_end_well(s) for s in step.options)
        case Check():
            return can_end_well(step.then) or can_end_well(step.orelse)
        case Guard():
            return (can_end_well(step.body) and can_end_well(step.orelse)) or any(map(_caught_well, step.catches))
        case Repeat() | Loop() | Scope():
            return can_end_well(step.body)
        case _:
            return True


def _caught_well(one: Catch) -> bool:
    return can_end_well(one.body)


def steps(step: Step) -> Iterable[Step]:
    """The step and everything inside it."""
    stack = [step]
    while stack:
        current = stack.pop()
        yield current
        stack.extend(children(current))


def depth(step: Step) -> int:
    """How deep steps are nested."""
    deepest, stack = 0, [(step, 1)]
    while stack:
        current, level = stack.pop()
        deepest = max(deepest, level)
        stack.extend((c, level + 1) for c in children(current))
    return deepest
