"""Operations that call one another in a circle, and how much one turn multiplies."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from analyzer.amplification.causes import failed
from analyzer.amplification.engine import Engine
from analyzer.amplification.numbers import Number, count, largest
from analyzer.amplification.order import Order
from analyzer.amplification.system import CallFacts
from analyzer.model import Operation
from parsers.quantities import Count

#: Turns after which what is handed round must have come back to itself.
TURNS = 24
#: Calls of one component that are tried as the start of a turn.
STARTS = 400


@dataclass(frozen=True, slots=True)
class Cycle:
    """Operations that call one another in a circle; ``calls`` is the turn that multiplies most."""

    members: tuple[Operation, ...]
    gain_per_turn: Count
    calls: tuple[str, ...]


def cycles(engine: Engine, order: Order) -> tuple[Cycle, ...]:
    """Every cycle there is, by its members."""
    found = [_cycle(engine, sorted(g)) for g in order.groups if order.turns(g)]
    return tuple(sorted(found, key=lambda c: c.members))


def _cycle(engine: Engine, members: list[Operation]) -> Cycle:
    inside = set(members)
    best: tuple[Number, tuple[str, ...]] | None = None
    calls = [c for m in members for c in engine.system.outgoing.get(m, ()) if any(o in inside for o in c.receivers)]
    for call in calls[:STARTS]:
        ring = _ring(engine, call, inside)
        gain = _gain_per_turn(engine, ring)
        if best is None or gain > best[0]:
            best = (gain, tuple(c.id for c in ring))
    gain, ring_ids = best if best is not None else (1, ())
    return Cycle(tuple(members), count(gain), ring_ids)


def _ring(engine: Engine, first: CallFacts, inside: set[Operation]) -> list[CallFacts]:
    """The shortest way round that begins with a call."""
    goal = first.caller
    start = next(o for o in first.receivers if o in inside)
    back: dict[Operation, CallFacts | None] = {start: None}
    queue = deque([start])
    came: dict[Operation, Operation] = {}
    while queue and goal not in back:
        here = queue.popleft()
        for call in engine.system.outgoing.get(here, ()):
            for receiver in call.receivers:
                if receiver in inside and receiver not in back:
                    back[receiver], came[receiver] = call, here
                    queue.append(receiver)
    ring: list[CallFacts] = []
    here = goal
    while here != start and (step := back.get(here)) is not None:
        ring.append(step)
        here = came[here]
    return [first, *reversed(ring)]


def _gain_per_turn(engine: Engine, ring: list[CallFacts]) -> Number:
    """The worst cause that keeps itself going: handed round, it comes back as itself."""
    worst: Number = 1
    for cause in engine.causes_for(ring[0].callee):
        worst = largest((worst, _around(engine, ring, cause)))
    return worst


def _around(engine: Engine, ring: list[CallFacts], cause: str) -> Number:
    seen: dict[str, int] = {}
    factors: list[Number] = []
    now = cause
    for turn in range(TURNS):
        if now in seen:
            return largest(factors[seen[now] :])
        seen[now] = turn
        product: Number = 1
        for call in reversed(ring):
            step = _back(engine, call, now)
            if step is None:
                return 1
            sent, now = step
            product = product * sent
        factors.append(product)
    return 1


def _back(engine: Engine, call: CallFacts, cause: str) -> tuple[Number, str] | None:
    """What the caller sends when its callee answers so, and what it then answers itself: the worst failure."""
    answers = dict.fromkeys(call.receivers, ((cause, 0.0),))
    summary = engine.summary(call.caller, answers)
    best: tuple[Number, str] | None = None
    for answer, loads in sorted(summary.answers.items()):
        if not failed(answer):
            continue
        for load in loads:
            sent = load.worth(lambda a: int(a.call == call.id))
            if best is None or sent > best[0]:
                best = (sent, answer)
    return best
