"""Hand-written retry loops, by what they do: the same call again after it failed, until it succeeds.

Source: the decision procedure of spec/python_retries.md section 3; counts by trial (``parsers.python.trial``).
Shape: a loop is a retry where its call, failing always, is made more than once, and, succeeding, ends the loop.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass

from parsers.facts.python import Retry, RetryCondition
from parsers.python.handmade import shape
from parsers.python.handmade.conditions import of_answers
from parsers.python.handmade.polling import per_item, polls, serves
from parsers.python.handmade.variance import varies
from parsers.python.idioms import short_builtin
from parsers.python.module import Scope
from parsers.python.trial.exceptions import DATA
from parsers.python.trial.focus import LoopNode
from parsers.python.trial.question import Laboratory, LoopTrial
from parsers.python.trial.run import Way
from parsers.python.trial.search import Counted
from parsers.quantities import UNBOUNDED, Count

TWICE = Count(2)


@dataclass(frozen=True, slots=True)
class Finding:
    """A loop that repeats a call."""

    call: ast.Call
    counted: Counted
    trial: LoopTrial
    way: Way


def read(laboratory: Laboratory, loop: LoopNode, scope: Scope) -> Retry | None:
    """The loop as a retry, if it is one."""
    if not shape.exits(loop) or per_item(loop):
        return None
    found = _by_exception(laboratory, loop, scope) or _by_answer(laboratory, loop, scope)
    return None if found is None else _fact(loop, scope, found)


def _by_exception(laboratory: Laboratory, loop: LoopNode, scope: Scope) -> Finding | None:
    tries = list(shape.guarded(loop))
    if not tries:
        return None
    calls = [c for c in shape.candidates(tries) if not varies(c, loop) and not polls(c, loop, scope)]
    return _tried(laboratory, loop, scope, calls, Way.RAISES)


def _by_answer(laboratory: Laboratory, loop: LoopNode, scope: Scope) -> Finding | None:
    calls = [c for c in shape.answered(loop) if not varies(c, loop) and not polls(c, loop, scope, answer=True)]
    return _tried(laboratory, loop, scope, calls, Way.ANSWERS)


def _tried(laboratory: Laboratory, loop: LoopNode, scope: Scope, calls: list[ast.Call], way: Way) -> Finding | None:
    best: Finding | None = None
    for call, trial in laboratory.loop(loop, scope, calls):
        if not trial.ends_on_success():
            continue
        counted = trial.count(way)
        if counted is None or not _repeats(counted) or (_endless(counted) and serves(loop)):
            continue
        names = caught(counted)
        if way is Way.RAISES and names and all(n.rpartition(".")[2] in DATA for n in names):
            continue
        found = Finding(call, counted, trial, way)
        if best is None or _rank(counted) > _rank(best.counted):
            best = found
    return best


def _repeats(counted: Counted) -> bool:
    worst = counted.attempts
    return worst is None or worst >= TWICE


def _endless(counted: Counted) -> bool:
    if counted.attempts == UNBOUNDED:
        return True
    return counted.attempts is None and counted.leaf.run.endless and not counted.leaf.run.sampled


def _rank(counted: Counted) -> tuple[bool, Count]:
    return (counted.attempts is None, counted.attempts or counted.default or Count(0))


def _fact(loop: LoopNode, scope: Scope, found: Finding) -> Retry:
    module = scope.module
    counted = found.counted
    ended = found.trial.ending(counted.leaf)
    condition = _condition(loop, found)
    head = loop.test if isinstance(loop, ast.While) else loop.iter
    word = "while" if isinstance(loop, ast.While) else f"for {module.source(loop.target)} in"
    return Retry(
        idiom="loop",
        attempts=counted.attempts,
        default=counted.default,
        condition=condition,
        declared=f"{word} {module.source(head)}"[:240],
        symbol=scope.symbol,
        span=module.span(loop),
        exhausted=exhausted(ended),
        min_wait_s=min(counted.leaf.run.waits, default=0.0),
        evidence=(module.span(found.call),),
    )


def exhausted(ended: str) -> str:
    """What comes out when all attempts are used."""
    if ended in ("return", "finished"):
        return "return"
    name = ended.partition(" ")[2]
    return "same" if not name or name.startswith("?") else short_builtin(name)


def _condition(loop: LoopNode, found: Finding) -> RetryCondition:
    return of_answers(loop, () if found.way is Way.ANSWERS else caught(found.counted))


def caught(counted: Counted) -> tuple[str, ...]:
    """What the handlers catch that lead to one more call."""
    repeating = [leaf for leaf in counted.leaves if leaf.run.hits >= TWICE] or list(counted.leaves)
    handlers = {h: names for leaf in repeating for h, names in leaf.run.caught.items()}
    ordered = sorted(handlers, key=lambda h: (h.lineno, h.col_offset))
    return tuple(dict.fromkeys(n for h in ordered for n in handlers[h]))
