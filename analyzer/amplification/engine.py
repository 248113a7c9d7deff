"""What one operation does for given answers of its callees: programs interpreted once per distinct question.

Shape: ``Summary.answers`` maps what the operation answers to the ways that lead there. A summary is kept for its
question, so that scenarios share the work.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from math import inf

from analyzer.amplification import causes
from analyzer.amplification.budgets import Traffic
from analyzer.amplification.causes import ANY, HANG, OK, failed
from analyzer.amplification.ends import Exit, How, Seen, depth, steps
from analyzer.amplification.interpreter import Interpreter, Sender
from analyzer.amplification.numbers import number
from analyzer.amplification.outcomes import NOW, Arrivals, Load, Ways, choice, then, ways
from analyzer.amplification.passing import Answers, Given, Way
from analyzer.amplification.study import Study
from analyzer.amplification.system import CallFacts, System
from analyzer.amplification.worth import Counted
from analyzer.exceptions import caught
from analyzer.linking.mesh import Program
from analyzer.model import Operation, Precision, weaker
from parsers.facts.python import NOTHING, Call, Check, Handler, Repeat, Retry, Send, Step

#: Steps nested deeper than this are not interpreted; the operation then does whatever is worst.
DEEPEST = 100


@dataclass(frozen=True)
class Summary:
    """``answers`` and the ways that lead there; ``exact`` where there is one way only and nothing was guessed."""

    answers: Mapping[str, Ways]
    exact: bool

    @cached_property
    def times(self) -> Given:
        """Each answer with the least time it takes."""
        return tuple(sorted((a, min(load.time_s for load in loads)) for a, loads in self.answers.items()))

    def counted(self) -> Mapping[str, Counted]:
        """The ways of each answer, ready to be counted."""
        return self._counted

    @cached_property
    def _counted(self) -> Mapping[str, Counted]:
        return {a: Counted(loads) for a, loads in self.answers.items()}


class _Studied:
    """A program with the calls that each of its requests stands for."""

    def __init__(self, system: System, program: Program) -> None:
        self.too_deep = depth(program.handler.body) > DEEPEST
        self.of = Study(NOTHING if self.too_deep else program.handler.body)
        self.calls = {key: tuple(system.calls[w] for w in wires if w in system.calls) for key, wires in program.wires}
        self.callees = {
            key: tuple(dict.fromkeys(o for c in calls for o, _ in c.callees)) for key, calls in self.calls.items()
        }


class Engine:
    """Summaries of a system's operations. ``traffic``: with retries as budgets bound them in the long run."""

    def __init__(self, system: System, traffic: Traffic | None = None) -> None:
        self.system = system
        self.traffic = traffic
        self.arrivals = Arrivals()
        self._memo: dict[object, Summary] = {}
        self._studies: dict[Operation, _Studied] = {}
        self._seen_before: dict[object, tuple[tuple[Seen, Ways], ...]] = {}
        self._ways: dict[tuple[str, int], Way] = {}
        self._callees: dict[Operation, tuple[Operation, ...]] = {}

    # ------------------------------------------------------------------------------------------------------ questions

    def summary(self, operation: Operation, answers: Answers, *, loops: bool = True) -> Summary:
        """What the operation does when its callees answer so; a callee that is not named is healthy."""
        key = (operation, tuple([answers.get(c) for c in self.callees(operation)]), loops)
        found = self._memo.get(key)
        if found is None:
            found = self._memo[key] = self._summarise(operation, answers, loops=loops)
        return found

    def callees(self, operation: Operation) -> tuple[Operation, ...]:
        """Whom the operation may ask, sorted; mirrors are not asked."""
        if operation not in self._callees:
            calls = self.system.outgoing.get(operation, ())
            self._callees[operation] = tuple(sorted({o for c in calls for o, _ in c.callees}))
        return self._callees[operation]

    def precision(self, operation: Operation) -> Precision:
        """How far what the operation does follows from lines."""
        program = self.system.programs.get(operation)
        calls = self.system.outgoing.get(operation, ())
        found = Precision.EXACT if program is not None or not calls else Precision.UPPER_BOUND
        for call in calls:
            found = weaker(found, call_precision(call))
        if program is not None:
            for retry in retries_of(program.handler.body):
                found = weaker(found, _retry_precision(retry))
        return found

    # ----------------------------------------------------------------------------------------------------- summarising

    def _summarise(self, operation: Operation, answers: Answers, *, loops: bool) -> Summary:
        program = self.system.programs.get(operation)
        if program is None or self._too_deep(operation, program):
            return self._whatever(operation, answers)
        study = self._study(operation, program)
        interpreter = Interpreter(study.of, *self._sender(study, answers), loops=loops)
        exits = interpreter.run(program.handler.body, Exit(How.GOES_ON))
        found: dict[str, list[Load]] = {}
        for end, loads in exits.items():
            for answer in self._answered(operation, program.handler, end):
                found.setdefault(answer, []).extend(loads)
        summed = {a: ways(loads) for a, loads in found.items()}
        single = len(summed) == 1 and all(len(w) == 1 for w in summed.values())
        return Summary(summed, exact=single and not interpreter.joined)

    def _study(self, operation: Operation, program: Program) -> _Studied:
        if operation not in self._studies:
            self._studies[operation] = _Studied(self.system, program)
        return self._studies[operation]

    def _too_deep(self, operation: Operation, program: Program) -> bool:
        return self._study(operation, program).too_deep

    def _sender(self, studied: _Studied, answers: Answers) -> tuple[Sender, Callable[[int], object]]:
        """What the code may see of each request, and what that depends on."""

        def send(step: Send) -> Iterable[tuple[Seen, Ways]]:
            calls = studied.calls.get(step.key, ())
            if len(calls) == 1:
                return self._seen(calls[0], step.call, answers)
            return tuple(p for c in calls for p in self._seen(c, step.call, answers)) or ((Seen(OK), NOW),)

        def asked(key: int) -> object:
            return tuple([answers.get(o) for o in studied.callees.get(key, ())])

        return send, asked

    def _seen(self, call: CallFacts, client: Call | None, answers: Answers) -> tuple[tuple[Seen, Ways], ...]:
        """What the code may see of a call, worked out once for the same answers."""
        key = (call.id, id(client), tuple([answers.get(c) for c, _ in call.callees]))
        found = self._seen_before.get(key)
        if found is None:
            found = self._seen_before[key] = tuple(self.way(call, client).seen(answers))
        return found

    def way(self, call: CallFacts, client: Call | None) -> Way:
        """How requests of a call travel."""
        key = (call.id, id(client))
        if key not in self._ways:
            self._ways[key] = Way(call, client, self.arrivals, self.traffic)
        return self._ways[key]

    def _whatever(self, operation: Operation, answers: Answers) -> Summary:
        """No program: every call is made, in any order; a failure is handed up in any way, or swallowed."""
        whole, fails, hangs = NOW, False, False
        for call in self.system.outgoing.get(operation, ()):
            seen = self._seen(call, None, answers)
            hangs = hangs or any(one.hangs for one, _ in seen)
            fails = fails or any(failed(one.cause) and not one.hangs for one, _ in seen)
            times = number(call.times) if call.times else 1
            loads = ways(load.lasting(0.0) for _, each in seen for load in each)
            whole = then(whole, (choice(loads).times(times),))
        ends = [OK, *(self.candidates(operation) if fails else ()), *((HANG,) if hangs else ())]
        late = tuple(load.lasting(inf) for load in whole)
        return Summary({a: late if a == HANG else whole for a in ends}, exact=len(ends) == 1)

    # ------------------------------------------------------------------------------------------------------- answering

    def _answered(self, operation: Operation, handler: Handler, end: Exit) -> tuple[str, ...]:
        """What the caller gets when the handler ends so."""
        if end.how is How.HANGS:
            return (HANG,)
        if end.how is How.RAISES:
            return self._expanded(operation, _status_of_raised(handler, end))
        if end.how is How.ANSWERS and end.status is not None:
            return self._expanded(operation, end.status)
        if end.how is not How.ANSWERS or not end.hurt:
            return (OK,)
        return (OK, *self._expanded(operation, ANY))

    def _expanded(self, operation: Operation, status: str) -> tuple[str, ...]:
        grpc = self.system.is_grpc(operation)
        if not failed(status):
            return (OK if grpc else status,)
        known = status.startswith("grpc-") if grpc else status[:1].isdigit()
        return (status,) if known else self.candidates(operation)

    def candidates(self, operation: Operation) -> tuple[str, ...]:
        """What an answer may be of which only the failure is known: one of each kind that some layer tells apart."""
        if self.system.is_grpc(operation):
            return self._candidates[1]
        return self._candidates[0]

    @cached_property
    def _candidates(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        patterns = self.patterns
        return (
            causes.distinguished(patterns, ("500", "503"), (*causes.HTTP_ANSWERS, *self._named)),
            causes.distinguished(patterns, ("grpc-unavailable", "grpc-internal"), causes.GRPC_ANSWERS),
        )

    @cached_property
    def patterns(self) -> tuple[str, ...]:
        """Every cause pattern that any layer, check or condition of the system names."""
        found: set[str] = set()
        for call in self.system.calls.values():
            for layer in (*call.layers, *call.passage.layers):
                found |= layer.fires_on
                found.update(p for p, _ in layer.becomes)
        for program in self.system.programs.values():
            for step in steps(program.handler.body):
                found.update(_patterns(step))
        return tuple(sorted(found))

    @cached_property
    def _named(self) -> tuple[str, ...]:
        """Failing statuses that something names."""
        return tuple(p for p in self.patterns if p.isdecimal() and len(p) == 3 and failed(p))

    def causes_for(self, operation: Operation) -> tuple[str, ...]:
        """The causes worth asking about when the operation fails."""
        if self.system.is_grpc(operation):
            return self._causes[1]
        return self._causes[0] if self.system.is_http(operation) else causes.OTHER_BASE

    @cached_property
    def _causes(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        return (
            causes.distinguished(self.patterns, causes.HTTP_BASE, (*causes.HTTP_MORE, *self._named)),
            causes.distinguished(self.patterns, causes.GRPC_BASE, causes.GRPC_MORE),
        )


def engine_of(system: System) -> Engine:
    """The engine of a system, kept with it: every question shares what others have worked out."""
    kept = vars(system)
    found = kept.get("_engine")
    if not isinstance(found, Engine):
        found = kept["_engine"] = Engine(system)
    return found


def _status_of_raised(handler: Handler, end: Exit) -> str:
    if end.status is not None:
        return end.status
    for name, status in handler.errors:
        if caught(end.classes, (name,)):
            return status
    return handler.uncaught or ANY


def _patterns(step: Step) -> Iterable[str]:
    if isinstance(step, Check):
        yield from step.statuses
    elif isinstance(step, Repeat):
        yield from _of_retry(step.retry)
    elif isinstance(step, Send):
        yield from step.call.raises
        for retry in step.call.layers:
            yield from _of_retry(retry)


def _of_retry(retry: Retry) -> Iterable[str]:
    yield from retry.condition.statuses
    yield from retry.condition.causes


def retries_of(body: Step) -> Iterable[Retry]:
    """Every retry layer in a program, those inside clients included."""
    for step in steps(body):
        if isinstance(step, Repeat):
            yield step.retry
        elif isinstance(step, Send):
            yield from step.call.layers


def call_precision(call: CallFacts) -> Precision:
    """The call's own precision, weakened by layers whose attempts nobody knows and by splits."""
    found = weaker(call.precision, call.passage.precision)
    if any(layer.attempts is None for layer in (*call.layers, *call.passage.layers)):
        found = weaker(found, Precision.UNKNOWN)
    if len(call.passage.callees) > 1 or call.times is None:
        found = weaker(found, Precision.UPPER_BOUND)
    return found


def _retry_precision(retry: Retry) -> Precision:
    if retry.attempts is not None:
        return Precision.UPPER_BOUND if retry.condition.unknown else Precision.EXACT
    return Precision.UPPER_BOUND if retry.default is not None else Precision.UNKNOWN
