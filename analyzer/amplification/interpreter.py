"""Abstract execution of a handler: every way its steps can end when its calls end as given, and what was sent by then.

Shape: ``Exits`` maps an ``Exit`` to the ways that lead there. Where nothing decides (``Branch``, an unknown condition)
every way is followed, so that the largest load is among them.
Units: seconds of ``Load.time_s``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from analyzer.amplification.causes import ANY, HANG, any_covers, failed
from analyzer.amplification.ends import (
    Exit,
    Exits,
    How,
    Known,
    Seen,
    attempts_of,
    beside,
    endless,
    goes_round,
    leaving,
    repeats,
    tries,
    used_up,
)
from analyzer.amplification.numbers import Number, Unbounded, number
from analyzer.amplification.outcomes import NOW, Load, Ways, then, ways
from analyzer.amplification.outcomes import beside as together
from analyzer.amplification.study import Study
from analyzer.exceptions import caught, kinds
from parsers.facts.python import (
    Answer,
    Block,
    Branch,
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
)

#: More different ends than this are not kept apart: what was answered is forgotten, so every ``Check`` goes both ways.
EXITS = 48
Sender = Callable[[Send], Iterable[tuple[Seen, Ways]]]


class Interpreter:
    """Runs the steps of one program.

    ``asked`` names what the answers to a request depend on, so that a step is run once for the same answers. ``loops``
    false: constant loops count once (for the gain of one logical call).
    """

    def __init__(self, study: Study, sender: Sender, asked: Callable[[int], object], *, loops: bool = True) -> None:
        self._study = study
        self._sender = sender
        self._asked = asked
        self._loops = loops
        self.joined = False

    def run(self, step: Step, before: Exit, caught_now: Exit | None = None) -> Exits:
        """Every end of a step that starts where ``before`` ended."""
        if isinstance(step, Send):
            return self._send(step, before)
        if isinstance(step, Raise | Answer | Leave | Next):
            return {leaving(step, before, caught_now): NOW}
        asked = tuple([self._asked(key) for key in self._study.sent(step)])
        mark = (id(step), before, caught_now, asked, self._loops)
        found = self._study.known.get(mark)
        if found is None:
            outer, self.joined = self.joined, False
            found = self._study.known[mark] = (self._composed(step, before, caught_now), self.joined)
            self.joined = outer
        self.joined = self.joined or found[1]
        return found[0]

    def _composed(self, step: Step, before: Exit, caught_now: Exit | None) -> Exits:
        match step:
            case Block():
                return self._block(step, before, caught_now)
            case Repeat():
                return self._repeat(step, before, caught_now)
            case Loop():
                return self._loop(step, before, caught_now)
            case Parallel():
                return self._parallel(step, before, caught_now)
            case Branch():
                return self._merge(self.run(o, before, caught_now) for o in step.options or (Block(()),))
            case Check():
                return self._check(step, before, caught_now)
            case Guard():
                return self._guard(step, before, caught_now)
            case Scope():
                return self._scope(step, before, caught_now)
            case _:
                raise TypeError(step)

    # ------------------------------------------------------------------------------------------------ one after another

    def _send(self, step: Send, before: Exit) -> Exits:
        found: list[tuple[Exit, Ways]] = []
        for seen, loads in self._sender(step):
            hurt = before.hurt or failed(seen.cause)
            if seen.hangs:
                end = replace(before, how=How.HANGS, hurt=True)
            elif seen.classes:
                status = seen.cause if seen.cause[:1].isdigit() or seen.cause.startswith("grpc-") else None
                known = self._knowing(before.known, step.key, status) if status else before.known
                end = Exit(How.RAISES, known, kinds(seen.classes), None, seen.cause, hurt)
            else:
                known = self._knowing(before.known, step.key, seen.cause)
                end = replace(before, known=known, hurt=hurt)
            found.append((end, loads))
        return self._collect(found)

    def _knowing(self, known: Known, key: int, status: str) -> Known:
        if key not in self._study.watched:
            return known
        return tuple(sorted({**dict(known), key: status}.items()))

    def _block(self, step: Block, before: Exit, caught_now: Exit | None) -> Exits:
        now: Exits = {before: NOW}
        for inner in step.steps:
            now = self._after(now, lambda e, s=inner: self.run(s, e, caught_now))  # type: ignore[misc]  # default binds
            if not any(e.how is How.GOES_ON for e in now):
                break
        return now

    def _after(self, now: Exits, follow: Callable[[Exit], Exits]) -> Exits:
        """What goes on is followed; what has left stays as it is."""
        found: list[tuple[Exit, Ways]] = []
        for end, loads in now.items():
            if end.how is How.GOES_ON:
                found.extend((e, then(loads, more)) for e, more in follow(end).items())
            else:
                found.append((end, loads))
        return self._collect(found)

    def _merge(self, several: Iterable[Exits]) -> Exits:
        return self._collect(pair for exits in several for pair in exits.items())

    def _collect(self, pairs: Iterable[tuple[Exit, Ways]]) -> Exits:
        found: dict[Exit, Ways] = {}
        for end, loads in pairs:
            found[end] = loads if end not in found else ways((*found[end], *loads))
        if len(found) <= EXITS:
            return found
        self.joined = True
        fewer: dict[Exit, Ways] = {}
        for end, loads in found.items():
            short = replace(end, known=(), cause="")
            fewer[short] = loads if short not in fewer else ways((*fewer[short], *loads))
        return fewer

    # ------------------------------------------------------------------------------------------------------- deciding

    def _check(self, step: Check, before: Exit, caught_now: Exit | None) -> Exits:
        status = dict(before.known).get(step.key)
        if status is None or status == ANY:
            return self._merge((self.run(step.then, before, caught_now), self.run(step.orelse, before, caught_now)))
        chosen = step.then if any_covers(step.statuses, status) else step.orelse
        return self.run(chosen, before, caught_now)

    def _guard(self, step: Guard, before: Exit, caught_now: Exit | None) -> Exits:
        body = self.run(step.body, before, caught_now)
        found: list[tuple[Exit, Ways]] = []
        for end, loads in body.items():
            if end.how is How.GOES_ON:
                found.extend((e, then(loads, more)) for e, more in self.run(step.orelse, end, caught_now).items())
            elif end.how is How.RAISES:
                found.extend((e, then(loads, more)) for e, more in self._catch(step, end, before).items())
            else:
                found.append((end, loads))
        after = self._collect(found)
        if step.final == Block(()):
            return after
        return self._finally(step.final, after, caught_now)

    def _catch(self, step: Guard, raised: Exit, before: Exit) -> Exits:
        taken: list[Exits] = []
        for one in step.catches:
            answer = caught(raised.classes, one.exceptions or ("BaseException",))
            if answer is False:
                continue
            start = Exit(How.GOES_ON, raised.known or before.known, hurt=True)
            taken.append(self.run(one.body, start, raised))
            if answer:
                return self._merge(taken)
        return self._merge((*taken, {raised: NOW}))

    def _finally(self, final: Step, after: Exits, caught_now: Exit | None) -> Exits:
        found: list[tuple[Exit, Ways]] = []
        for end, loads in after.items():
            if end.how is How.HANGS:
                found.append((end, loads))
                continue
            start = replace(end, how=How.GOES_ON)
            for last, more in self.run(final, start, caught_now).items():
                kept = end if last.how is How.GOES_ON else last
                found.append((kept, then(loads, more)))
        return self._collect(found)

    def _scope(self, step: Scope, before: Exit, caught_now: Exit | None) -> Exits:
        """A return inside comes out as going on; what it returned is known under its key."""
        found: list[tuple[Exit, Ways]] = []
        for end, loads in self.run(step.body, before, caught_now).items():
            outside = end.how in (How.ANSWERS, How.LEAVES, How.NEXT)
            told = end.status if step.key is not None and end.how is How.ANSWERS else None
            known = self._knowing(end.known, step.key or 0, told) if told is not None else end.known
            found.append((replace(end, how=How.GOES_ON, status=None, known=known) if outside else end, loads))
        return self._collect(found)

    # ------------------------------------------------------------------------------------------------ again and beside

    def _loop(self, step: Loop, before: Exit, caught_now: Exit | None) -> Exits:
        times: Number = 1 if step.count is None or not self._loops else number(step.count)
        if times == 0:
            return {before: NOW}
        body = self.run(step.body, before, caught_now)
        goes_on = (How.GOES_ON, How.NEXT)
        around = ways(load for e, loads in body.items() if e.how in goes_on for load in loads)
        found: list[tuple[Exit, Ways]] = []
        for end, loads in body.items():
            before_last = tuple(load.times(times - 1) for load in around) if around and times != 1 else NOW
            whole = then(before_last, loads)
            stays = end.how in (*goes_on, How.LEAVES)
            found.append((replace(end, how=How.GOES_ON) if stays else end, whole))
        return self._collect(found)

    def _parallel(self, step: Parallel, before: Exit, caught_now: Exit | None) -> Exits:
        now: dict[Exit, Ways] = {before: NOW}
        for branch in step.branches:
            found: list[tuple[Exit, Ways]] = []
            for done, loads in now.items():
                start = replace(done, how=How.GOES_ON, classes=(), status=None, cause="")
                for end, more in self.run(branch, start, caught_now).items():
                    both = together(loads, more)
                    found.extend((e, both) for e in beside(done, end, collects=step.collects))
            now = dict(self._collect(found))
        return now

    def _repeat(self, step: Repeat, before: Exit, caught_now: Exit | None) -> Exits:
        retry = step.retry
        body = self.run(step.body, replace(before, hurt=False), caught_now)
        if retry.per_try_timeout_s is not None:
            body = self._cut(body, retry.per_try_timeout_s)
        by_hand, inside = self._study.by_hand(step), frozenset(self._study.sent(step.body))
        again: list[Load] = []
        stops: list[tuple[Exit, Ways]] = []
        last: list[tuple[Exit, Ways]] = []
        for end, loads in body.items():
            verdict = goes_round(end) if by_hand else repeats(retry, end, inside)
            if verdict is not True:
                stops.append((replace(end, how=How.GOES_ON) if end.how is How.LEAVES else end, loads))
            if verdict is not False:
                again.extend(loads)
                last.extend((e, loads) for e in used_up(retry, end, by_hand=by_hand))
        ended = self._series(retry, ways(again), stops, last)
        if not before.hurt:
            return ended
        return self._collect((replace(end, hurt=True), loads) for end, loads in ended.items())

    def _series(
        self, retry: Retry, again: Ways, stops: list[tuple[Exit, Ways]], last: list[tuple[Exit, Ways]]
    ) -> Exits:
        """All attempts end so that it repeats, or all but the last."""
        attempts = attempts_of(retry)
        if attempts == 0:
            return {Exit(How.GOES_ON): NOW}
        found: list[tuple[Exit, Ways]] = []
        for end, loads in (*stops, *last):
            whole = ways(load for tried in again for load in tries(retry, attempts, tried, loads)) if again else loads
            found.append((end, whole))
        if isinstance(attempts, Unbounded) and last:
            used_up = {e for e, _ in last}
            found = [(replace(e, how=How.HANGS) if e in used_up and endless(retry) else e, w) for e, w in found]
        return self._collect(found)

    def _cut(self, body: Exits, limit_s: float) -> Exits:
        """Attempts that take too long end in a timeout of the retry's own."""
        found: list[tuple[Exit, Ways]] = []
        for end, loads in body.items():
            slow = tuple(load.lasting(limit_s) for load in loads if end.how is How.HANGS or load.time_s >= limit_s)
            fast = tuple(load for load in loads if end.how is not How.HANGS and load.time_s < limit_s)
            if slow:
                cut = Exit(How.RAISES, end.known, kinds(("TimeoutError",)), None, HANG, hurt=True)
                found.append((cut, slow))
            if fast:
                found.append((end, fast))
        return self._collect(found)
