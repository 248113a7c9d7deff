"""A call on its way: from what the callee answers, through mesh and client, to what the caller's code sees."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from math import inf

from analyzer.amplification.budgets import Traffic, long_run
from analyzer.amplification.causes import HANG, OK, any_covers, base, covers, failed, status_of
from analyzer.amplification.ends import Seen, attempts_of
from analyzer.amplification.layers import Attempt, Ends, Setting, setting, through
from analyzer.amplification.numbers import Number
from analyzer.amplification.outcomes import Arrivals, Load, Ways, ways
from analyzer.amplification.system import GRPC, CallFacts
from analyzer.exceptions import caught, kinds, raised_by
from analyzer.model import Operation
from parsers.facts.python import Call, Retry

#: What an operation may answer, sorted, each with the least time it takes.
Given = tuple[tuple[str, float], ...]
Answers = Mapping[Operation, Given]
HEALTHY: Given = ((OK, 0.0),)
_MARK = "!"  # cause!exception: a client layer gave up with an exception of its own


@dataclass(frozen=True)
class Way:
    """How requests of one call travel. With ``traffic``: attempts as budgets bound them in the long run."""

    facts: CallFacts
    client: Call | None
    arrivals: Arrivals
    traffic: Traffic | None = None

    def seen(self, answers: Answers) -> list[tuple[Seen, Ways]]:
        """Everything the caller's code may see, and what was sent for it."""
        ends = self.ended(answers)
        found: list[tuple[Seen, Ways]] = []
        for cause, loads in ends.items():
            never = tuple(load for load in loads if load.time_s == inf)
            some = tuple(load for load in loads if load.time_s < inf)
            if never:
                found.append((Seen(HANG, hangs=True), never))
            if some:
                found.extend((seen, some) for seen in self._told(cause))
        return found

    def ended(self, answers: Answers) -> Ends:
        """How the call ends at the client's own layers."""
        if self.facts.assumed is not None:
            return self._assumed(answers)
        return self._client(answers)(inf)

    # ---------------------------------------------------------------------------------------------------- inside out

    def _callee(self, answers: Answers) -> Attempt:
        ends: dict[str, list[Load]] = {}
        for callee, _ in self.facts.callees:
            for answer, takes in answers.get(callee, HEALTHY):
                load = Load({self.arrivals(self.facts.id, callee, answer): 1}, inf if answer == HANG else takes)
                ends.setdefault(answer, []).append(load)
        found = {answer: ways(loads) for answer, loads in ends.items()}
        return lambda _: found

    def _mesh(self, answers: Answers) -> Attempt:
        passage = self.facts.passage
        attempt: Attempt
        if passage.answered is not None:
            only = {passage.answered: (Load({}),)}
            return lambda _: only
        attempt = self._callee(answers)
        for one in reversed(self._settings):
            attempt = _around(one, attempt)
        if self.facts.shadows:
            copies = Load({self.arrivals(self.facts.id, o, OK, shadow=True): 1 for o in self.facts.shadows})
            attempt = _with(copies, attempt)
        return attempt

    @cached_property
    def _settings(self) -> list[Setting]:
        """The layers of the mesh, outermost first."""
        layers = self.facts.passage.layers
        first = next((x for x in layers if x.kind != "inbound"), None)
        return [setting(x, self.facts.method, self._bound if x is first else None) for x in layers]

    def _bound(self, attempts: Number) -> Number:
        """Budgets stand with the proxy that calls."""
        return attempts if self.traffic is None else long_run(self.facts.passage.budgets, attempts, self.traffic)

    @cached_property
    def _inside(self) -> list[Setting]:
        """The layers inside the client, or the application's own where no program is known, outermost first."""
        if self.client is None:
            return [setting(layer, self.facts.method) for layer in self.facts.layers]
        return [self._own(retry) for retry in self.client.layers]

    def _client(self, answers: Answers) -> Attempt:
        attempt = self._cut(self._mesh(answers))
        for one in reversed(self._inside):
            attempt = _around(one, attempt)
        return attempt

    def _own(self, retry: Retry) -> Setting:
        """A layer inside the client, as a setting."""
        attempts: Number = attempts_of(retry)
        condition, method = retry.condition, self.facts.method.upper()
        if condition.methods is not None and method != "*" and not self._grpc and method not in condition.methods:
            attempts = 1
        gives = retry.exhausted if retry.exhausted not in ("same", "return") else None

        def repeats(cause: str) -> bool:
            return self._repeats(retry, cause)

        def becomes(cause: str) -> str:
            return f"{cause}{_MARK}{gives}" if gives and attempts > 1 and repeats(cause) else cause

        return Setting(
            attempts,
            repeats,
            becomes,
            per_try_s=retry.per_try_timeout_s or inf,
            total_s=retry.deadline_s if retry.deadline_s and retry.per_try_timeout_s else inf,
            wait_s=retry.min_wait_s,
        )

    def _repeats(self, retry: Retry, cause: str) -> bool:
        plain, condition = cause.partition(_MARK)[0], retry.condition
        plain = HANG if plain == "per-try-timeout" else plain
        if condition.unknown:
            return failed(plain)
        if any(covers(p, plain) for p in (*condition.causes, *condition.statuses)):
            return True
        if not condition.exceptions:
            return False
        client = self.client.client if self.client else ""
        raised = raised_by(client, base(plain)) if status_of(plain) is None else ()
        return any(caught(kinds((r,)), condition.exceptions) for r in raised)

    def _cut(self, attempt: Attempt) -> Attempt:
        """The client's own timeout, and the words its protocol has for what a proxy says."""
        limit, unreadable = self._timeout()

        def cut(left: float) -> Ends:
            found: dict[str, list[Load]] = {}
            for cause, loads in attempt(min(limit, left)).items():
                for load in loads:
                    late = load.time_s >= limit  # inf is never, too
                    word = self._worded(HANG if late else cause)
                    found.setdefault(word, []).append(load.lasting(limit) if late else load)
            if unreadable and HANG in found:
                found[HANG] = [load.lasting(0.0) for load in found[HANG]]
            return {cause: ways(loads) for cause, loads in found.items()}

        return cut

    def _timeout(self) -> tuple[float, bool]:
        source = self.client.timeout_s if self.client else self.facts.timeout_s
        unreadable = self.client is not None and not self.client.timeout_known and source is None
        return (source or inf), unreadable

    @property
    def _grpc(self) -> bool:
        return self.facts.protocol.startswith(GRPC)

    def _worded(self, cause: str) -> str:
        """A cause as this client's protocol has it."""
        plain = cause.removeprefix("proxy-")
        if not self._grpc:
            return OK if plain.startswith("grpc-") else plain
        if plain == HANG or plain.startswith("grpc-") or not failed(plain):
            return plain
        if status_of(plain) is None or base(plain) in ("429", "502", "503", "504"):
            return "grpc-unavailable"
        return "grpc-unknown"

    # -------------------------------------------------------------------------------------------------------- the top

    def _told(self, cause: str) -> list[Seen]:
        plain, _, exception = cause.partition(_MARK)
        client = self.client.client if self.client else ""
        if self._grpc and plain == HANG:
            plain = "grpc-deadline-exceeded"
        if exception:
            return [Seen(plain, (exception,))]
        if not failed(plain):
            return [Seen(plain)]
        if self.client and self.client.raised and any_covers(self.client.raises, plain):
            return [Seen(plain, (self.client.raised,))]
        if status_of(plain) is not None and not self._grpc:
            return [Seen(plain)]
        classes = raised_by("grpc" if self._grpc and not client.startswith(GRPC) else client, plain)
        return [Seen(plain, (c,)) for c in classes or ("Exception",)]

    def _assumed(self, answers: Answers) -> Ends:
        """A what-if: so many attempts in all, and what the layers make of the cause."""
        once = self._plain(answers)
        times = self.facts.assumed or 1
        found: dict[str, Ways] = {}
        for cause, loads in once.items():
            ended = [load.times(times) if failed(cause) else load for load in loads]
            found[cause] = ways(ended)
        return found

    def _plain(self, answers: Answers) -> Ends:
        """Every layer once: only what it hands up."""
        attempt: Attempt = self._callee(answers)
        for one in reversed(self._settings):
            attempt = _around(_single(one), attempt)
        attempt = self._cut(attempt)
        return attempt(inf)


def _single(one: Setting) -> Setting:
    return replace(one, attempts=1, wait_s=0.0)


def _around(one: Setting, below: Attempt) -> Attempt:
    return lambda limit: through(one, below, limit)


def _with(copies: Load, below: Attempt) -> Attempt:
    return lambda limit: {c: tuple(copies.plus(load) for load in loads) for c, loads in below(limit).items()}
