"""All ways a trial can go: its decisions are searched, the worst count and the surest success are found.

Shape: a failing call is counted on the worst of all ways; a succeeding one must end the loop whatever else happens.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from parsers.python.trial.run import (
    MAX_STEPS,
    Broke,
    Continued,
    Decision,
    Exhausted,
    Finished,
    Raised,
    Returned,
    Run,
    Way,
)
from parsers.quantities import UNBOUNDED, Count

#: Ways that are looked at for one question.
MAX_WAYS = 48
#: Calls before a run that may be bounded counts as unbounded.
FAR = 700
FAR_STEPS = 40_000
#: Steps of all ways of one question together.
MAX_WORK = 20_000
#: What samples of unknown inputs are, first and second; by how much defaults are moved.
SAMPLES = (5, 8)
SHIFT = 3

Execute = Callable[[Run], None]


@dataclass(frozen=True, slots=True)
class Leaf:
    """One way to its end."""

    run: Run
    path: tuple[Decision, ...]
    ended: str  # raise, kept, return, finished, exhausted


@dataclass(frozen=True, slots=True)
class Counted:
    """How often the call is made: exact, unbounded, or ``attempts`` ``None`` with the count that defaults give."""

    attempts: Count | None
    default: Count | None
    leaf: Leaf
    leaves: tuple[Leaf, ...]


def leaves(execute: Execute, way: Way, *, sample: int = SAMPLES[0], shift: int = 0) -> Iterator[Leaf]:
    """Every way, at most ``MAX_WAYS``, in a fixed order."""
    waiting: list[tuple[Decision, ...]] = [()]
    work = MAX_WORK
    for _ in range(MAX_WAYS):
        if not waiting or work < 0:
            return
        prefix = waiting.pop()
        leaf = go(execute, prefix, way, sample=sample, shift=shift)
        work -= MAX_STEPS - max(0, leaf.run.steps)
        yield leaf
        for at in range(len(prefix), len(leaf.path)):
            decision = leaf.path[at]
            for taken in range(decision.ways - 1, -1, -1):
                if taken != decision.taken:
                    other = Decision(decision.place, taken, decision.ways, decision.outcome)
                    waiting.append((*leaf.path[:at], other))


def go(execute: Execute, prefix: tuple[Decision, ...], way: Way, *, sample: int, shift: int, far: bool = False) -> Leaf:
    """Run once with these decisions; further ones are taken as they come."""
    run = Run(way, {d.place: d.taken for d in prefix}, sample, shift)
    if way is Way.SUCCEEDS:
        run.max_hits = 2
    if far:
        run.max_hits, run.steps = FAR, FAR_STEPS
    ended = _ended(execute, run)
    return Leaf(run, (*prefix, *run.decisions), ended)


def _ended(execute: Execute, run: Run) -> str:
    try:
        execute(run)
    except Raised as failure:
        return "raise" if failure.name is None else f"raise {failure.name}"
    except (Returned, Broke, Continued):
        return "return"
    except Finished:
        return "finished"
    except (Exhausted, RecursionError):
        run.endless = True
        return "exhausted"
    return "return"


def count(execute: Execute, way: Way) -> Counted | None:
    """The worst count of a failing call, and whether inputs decide it."""
    found = tuple(leaves(execute, way))
    entered = [leaf for leaf in found if leaf.run.places]
    if not entered:
        return None
    worst = max(entered, key=lambda leaf: (leaf.run.endless, leaf.run.hits))
    base = _total(execute, worst, SAMPLES[0], 0)
    inputs = set().union(*(leaf.run.inputs for leaf in entered))
    sampled = set().union(*(leaf.run.sampled for leaf in entered))
    if worst.run.dynamic or (base is not None and base.unbounded and worst.run.judged):
        return Counted(None, None if base is None or base.unbounded or sampled else base, worst, found)
    if sampled and _again(execute, way, SAMPLES[1], 0) != base:
        return Counted(None, None, worst, found)
    if inputs - sampled and _again(execute, way, SAMPLES[0], SHIFT) != base:
        return Counted(None, base, worst, found)
    return Counted(base, None, worst, found)


def _again(execute: Execute, way: Way, sample: int, shift: int) -> Count | None:
    found = [leaf for leaf in leaves(execute, way, sample=sample, shift=shift) if leaf.run.places]
    if not found:
        return None
    return _total(execute, max(found, key=lambda leaf: (leaf.run.endless, leaf.run.hits)), sample, shift)


def _total(execute: Execute, worst: Leaf, sample: int, shift: int) -> Count | None:
    """The count; a run that was cut short goes on further, and a sized loop says its size."""
    if not worst.run.endless or worst.run.hits == UNBOUNDED:
        return worst.run.hits
    if worst.run.left.startswith("length "):
        return Count(int(worst.run.left.removeprefix("length ")))
    far = go(execute, worst.path, worst.run.way, sample=sample, shift=shift, far=True)
    return UNBOUNDED if far.run.endless else far.run.hits


def ends_on_success(execute: Execute) -> bool:
    """Whether a success ends it: for all that has nothing to do with the answer, some answer ends after one call."""
    found = [leaf for leaf in leaves(execute, Way.SUCCEEDS) if leaf.run.places and not leaf.run.raised]
    return bool(found) and _wins([(leaf.path, _done(leaf)) for leaf in found], 0)


def _done(leaf: Leaf) -> bool:
    return not leaf.run.endless and leaf.run.hits.value == 1 and leaf.ended not in ("exhausted",)


def _wins(rows: list[tuple[tuple[Decision, ...], bool]], at: int) -> bool:
    """The game over the tree of decisions: the answer is ours to choose, all else is not."""
    open_rows = [row for row in rows if len(row[0]) > at]
    if not open_rows:
        return all(done for _, done in rows)
    if len(open_rows) < len(rows):
        return any(done for path, done in rows if len(path) <= at)
    groups: dict[int, list[tuple[tuple[Decision, ...], bool]]] = {}
    for row in rows:
        groups.setdefault(row[0][at].taken, []).append(row)
    results = [_wins(group, at + 1) for group in groups.values()]
    return any(results) if rows[0][0][at].outcome else all(results)


def places(counted: Counted) -> tuple[ast.AST, ...]:
    """The places of the calls on the worst way, in order, each once."""
    return tuple(dict.fromkeys(counted.leaf.run.places))
