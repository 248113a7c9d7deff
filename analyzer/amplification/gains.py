"""The gain of each call: requests its callee receives per logical call, for each cause."""

from __future__ import annotations

from analyzer.amplification.causes import HANG
from analyzer.amplification.engine import Engine
from analyzer.amplification.numbers import Number, count, largest
from analyzer.amplification.system import CallFacts
from analyzer.model import Gain
from parsers.quantities import ONCE, Count


def gains(engine: Engine) -> dict[str, Gain]:
    """The gain of every call, by id."""
    return {key: _gain(engine, call) for key, call in sorted(engine.system.calls.items())}


def _gain(engine: Engine, call: CallFacts) -> Gain:
    by_cause = [(cause, count(_for(engine, call, cause))) for cause in engine.causes_for(call.callee)]
    cause, worst = max(by_cause, key=lambda pair: _rank(pair[1]), default=("", ONCE))
    return Gain(worst, cause, tuple(by_cause))


def _rank(value: Count) -> tuple[int, int]:
    return (1, 0) if value.value is None else (0, value.value)


def _for(engine: Engine, call: CallFacts, cause: str) -> Number:
    """The most requests this call sends when whoever receives it fails so and everything else is well."""
    answers = {o: {cause: float("inf") if cause == HANG else 0.0} for o, _ in call.callees}
    summary = engine.summary(call.caller, answers, loops=False)
    most: Number = 0
    for loads in summary.answers.values():
        most = largest((most, *(load.worth(lambda a: int(a.call == call.id and not a.shadow)) for load in loads)))
    return most
