"""The gain of each call: requests its callee receives per logical call, for each cause."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import inf

from analyzer.amplification.causes import HANG, OK
from analyzer.amplification.engine import Engine
from analyzer.amplification.numbers import Number, count, largest
from analyzer.amplification.passing import Answers, Given
from analyzer.amplification.system import CallFacts
from analyzer.model import Gain, Operation
from parsers.quantities import ONCE, ZERO, Count


class Gains(Mapping[str, Gain]):
    """The gain of every call by id, each worked out when it is asked for."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._known: dict[str, Gain] = {}

    def __getitem__(self, key: str) -> Gain:
        if key not in self._known:
            self._known[key] = _gain(self._engine, self._engine.system.calls[key])
        return self._known[key]

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._engine.system.calls))

    def __len__(self) -> int:
        return len(self._engine.system.calls)


def gains(engine: Engine) -> Mapping[str, Gain]:
    """The gain of every call, by id."""
    return Gains(engine)


def _gain(engine: Engine, call: CallFacts) -> Gain:
    causes = engine.causes_for(call.callee)
    by_cause = [(cause, count(_for(engine, call, cause, {}))) for cause in causes]
    if all(n == ZERO for _, n in by_cause) and call.passage.answered is None:
        others = {o: _in_any_way(engine, o) for o in engine.callees(call.caller)}
        by_cause = [(cause, count(_for(engine, call, cause, others))) for cause in causes]
    cause, worst = max(by_cause, key=lambda pair: _rank(pair[1]), default=("", ONCE))
    return Gain(worst, cause, tuple(by_cause))


def _rank(value: Count) -> tuple[int, int]:
    return (1, 0) if value.value is None else (0, value.value)


def _in_any_way(engine: Engine, operation: Operation) -> Given:
    """Well or failing, whichever: for calls that are made only when another has failed."""
    return tuple(sorted([(OK, 0.0), *((c, 0.0) for c in engine.causes_for(operation) if c != HANG)]))


def _for(engine: Engine, call: CallFacts, cause: str, others: Answers) -> Number:
    """The most requests this call sends when whoever receives it fails so and everything else is well."""
    answers = {**others, **{o: ((cause, inf if cause == HANG else 0.0),) for o, _ in call.callees}}
    summary = engine.summary(call.caller, answers, loops=False)
    most: Number = 0
    for loads in summary.answers.values():
        most = largest((most, *(load.worth(lambda a: int(a.call == call.id and not a.shadow)) for load in loads)))
    return most
