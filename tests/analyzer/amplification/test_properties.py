"""What must hold of any system: compared with a concrete run, monotone, consistent, exact at any size."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from analyzer.amplification import CallFacts, System, amplify, outcomes, scenario
from analyzer.linking.mesh import Program
from analyzer.model import Layer, Operation, Passage, Precision
from parsers.facts.python import (
    NOTHING,
    Answer,
    Block,
    Branch,
    Call,
    Catch,
    Check,
    Guard,
    Handler,
    Leave,
    Loop,
    Next,
    Parallel,
    Raise,
    Repeat,
    Retry,
    RetryCondition,
    Scope,
    Send,
    Step,
)
from parsers.quantities import Count
from parsers.source import Span
from tests.analyzer.amplification.simulator import Run, TooManyError

HERE = Span("app.py", 1, 1, 1, 1)
CAUSES = ("503", "500", "429", "connect-failure", "truncated")
QUICK = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def _retry(idiom: str, attempts: int, condition: RetryCondition) -> Retry:
    return Retry(idiom, Count(attempts), None, condition, idiom, "f", HERE)


@st.composite
def layers(draw: st.DrawFn) -> Layer:
    fires = draw(st.sets(st.sampled_from(("503", "500", "5xx", "connect-failure", "429")), max_size=3))
    becomes = draw(st.sampled_from(((), (("connect-failure", "503"),))))
    attempts = draw(st.integers(1, 3))
    return Layer("sidecar", "istio", Count(attempts), (), frozenset(fires), "", True, HERE, becomes=becomes)


@st.composite
def clients(draw: st.DrawFn) -> Call:
    own = draw(st.sampled_from((0, 0, 2)))
    retries = (_retry("httpx.HTTPTransport", own, RetryCondition(causes=("connect-failure",))),) if own else ()
    return Call("httpx", "http", "GET", (), "f", HERE, layers=retries, timeout_s=5.0)


class _Keys:
    """Hands out the keys of a program's requests and keeps what each of them asks."""

    def __init__(self, callees: list[Operation]) -> None:
        self.callees = callees
        self.wires: dict[int, Operation] = {}


@st.composite
def trees(draw: st.DrawFn, keys: _Keys, depth: int, *, undecided: bool, looping: bool = False) -> Step:
    """A step and what is in it."""
    if depth == 0 or draw(st.integers(0, 3)) == 0:
        return draw(_leaves(keys, looping=looping))
    kinds = ["block", "guard", "repeat", "loop", "parallel", "scope", "hand"] + (["branch"] if undecided else [])

    def inner(*, looping: bool = False) -> st.SearchStrategy[Step]:
        return trees(keys, depth - 1, undecided=undecided, looping=looping)

    match draw(st.sampled_from(kinds)):
        case "block":
            return Block(tuple(draw(inner(looping=looping)) for _ in range(draw(st.integers(1, 3)))))
        case "guard":
            wanted = draw(st.sampled_from(("httpx.TransportError", "Exception", "app.Failed")))
            catch = Catch((wanted,), draw(inner(looping=looping)))
            return Guard(draw(inner(looping=looping)), (catch,), draw(st.just(NOTHING)), draw(st.just(NOTHING)))
        case "repeat":
            wanted = draw(st.sampled_from(("httpx.HTTPError", "Exception", "app.Failed")))
            return Repeat(
                _retry("tenacity.retry", draw(st.integers(1, 3)), RetryCondition(exceptions=(wanted,))), draw(inner())
            )
        case "hand":
            return Repeat(
                _retry("loop", draw(st.integers(1, 3)), RetryCondition()),
                Block((draw(inner(looping=True)), NOTHING_DONE)),
            )
        case "loop":
            return Loop(Count(draw(st.integers(1, 3))), draw(inner(looping=True)), HERE)
        case "parallel":
            branches = tuple(Scope("g", draw(inner()), HERE) for _ in range(2))
            return Parallel(branches, collects=draw(st.booleans()))
        case "scope":
            return Scope("g", draw(inner()), HERE)
        case _:
            return Branch(tuple(draw(inner(looping=looping)) for _ in range(2)))


#: Makes a body one that steers itself.
NOTHING_DONE = Guard(NOTHING, (), NOTHING, NOTHING)


@st.composite
def _leaves(draw: st.DrawFn, keys: _Keys, *, looping: bool) -> Step:
    if keys.callees and draw(st.integers(0, 4)) > 0:
        key = len(keys.wires) + 1
        keys.wires[key] = draw(st.sampled_from(keys.callees))
        send = Send(draw(clients()), key)
        after = draw(st.sampled_from(("raise", "status", "pass on", "answer")))
        if after == "raise":
            judged: Step = Check(key, (">=400",), Raise(("app.Failed",), None, HERE), NOTHING)
        elif after == "status":
            judged = Check(key, ("503",), Answer("500", None, HERE), NOTHING)
        else:
            judged = Check(
                key, (">=400",), Answer(None, key, HERE) if after == "pass on" else Answer("200", None, HERE), NOTHING
            )
        return Block((send, judged))
    if looping:
        in_loops: tuple[Step, ...] = (Leave(), Next(), NOTHING)
        return draw(st.sampled_from(in_loops))
    others: tuple[Step, ...] = (NOTHING, Answer("200", None, HERE), Raise(("app.Failed",), "503", HERE))
    return draw(st.sampled_from(others))


@st.composite
def systems(draw: st.DrawFn, *, undecided: bool) -> tuple[System, Operation, Operation, str]:
    """A few services that call later ones, the entry, the failing operation and its cause."""
    operations = [Operation(f"shop/s{i}", "*") for i in range(draw(st.integers(2, 4)))]
    calls: dict[str, CallFacts] = {}
    programs: dict[Operation, Program] = {}
    for number, operation in enumerate(operations[:-1]):
        keys = _Keys(operations[number + 1 :])
        body = draw(trees(keys, 3, undecided=undecided))
        wires = []
        for key, callee in keys.wires.items():
            name = f"{operation.service}#{key}"
            passage = Passage(layers=tuple(draw(st.lists(layers(), max_size=2))))
            calls[name] = CallFacts(name, operation, callee, passage=passage)
            wires.append((key, (name,)))
        handler = Handler("flask", "http", "*", "*", "f", HERE, body, uncaught=draw(st.sampled_from(("500", "503"))))
        programs[operation] = Program(operation, handler, tuple(wires))
    return System(programs, calls), operations[0], operations[-1], draw(st.sampled_from(CAUSES))


def _well(system: System, target: Operation) -> frozenset[Operation]:
    """Operations that have nothing to do with the failure and do well in some run on their own."""
    found = set()
    for operation in system.programs:
        tried = Run(system, Operation("nobody", "*"), "", random.Random(1))
        reaches = _reaches(system, operation, target)
        if not reaches and any(tried.request(operation) == "200" for _ in range(12)):
            found.add(operation)
    return frozenset(found)


def _reaches(system: System, operation: Operation, target: Operation) -> bool:
    return any(c.callee == target or _reaches(system, c.callee, target) for c in system.outgoing.get(operation, ()))


def _run(system: System, entry: Operation, target: Operation, cause: str, seed: int) -> Run:
    run = Run(system, target, cause, random.Random(seed), _well(system, target))
    try:
        run.request(entry)
    except TooManyError:
        assume(False)  # hypothesis
    return run


@QUICK
@given(systems(undecided=False))
def test_a_load_said_to_be_exact_is_what_a_run_counts(case: tuple[System, Operation, Operation, str]) -> None:
    system, entry, target, cause = case
    run = _run(system, entry, target, cause, 0)
    loads = {o.operation: o for o in scenario(system, entry, target, cause).load}
    sure = {o for o, load in loads.items() if load.precision is Precision.EXACT}
    assert {o: loads[o].requests.value for o in sure} == {o: run.arrived[o] for o in sure}
    assert set(run.arrived) <= set(loads)


@QUICK
@given(systems(undecided=True), st.integers(0, 2**16))
def test_no_run_ever_sends_more_than_the_load(case: tuple[System, Operation, Operation, str], seed: int) -> None:
    system, entry, target, cause = case
    found = {o.operation: o.requests.value or 0 for o in scenario(system, entry, target, cause).load}
    for n in range(6):
        run = _run(system, entry, target, cause, seed + n)
        assert {o: (m, found.get(o, 0)) for o, m in run.arrived.items() if m > found.get(o, 0)} == {}


@QUICK
@given(systems(undecided=True), st.integers(0, 2**16), st.sampled_from((1, 2)))
def test_choices_left_open_lose_nothing(
    case: tuple[System, Operation, Operation, str], seed: int, kept_apart: int
) -> None:
    """With hardly any ways kept apart everything is a choice: the same numbers, and still no run sends more."""
    system, entry, target, cause = case
    plain = scenario(system, entry, target, cause)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(outcomes, "WAYS", kept_apart)
        found = scenario(System(system.programs, system.calls), entry, target, cause)
    assert found.at(target) == plain.at(target)
    loads = {o.operation: o.requests.value or 0 for o in found.load}
    run = _run(system, entry, target, cause, seed)
    assert {o: (m, loads.get(o, 0)) for o, m in run.arrived.items() if m > loads.get(o, 0)} == {}


@QUICK
@given(systems(undecided=True))
def test_a_single_chain_is_never_more_than_the_worst(case: tuple[System, Operation, Operation, str]) -> None:
    system, entry, _, _ = case
    for pair in amplify(system, (entry,)).pairs:
        assert pair.single <= pair.worst <= pair.intermittent
        assert dict(pair.by_cause)[pair.cause] == pair.worst


@QUICK
@given(systems(undecided=False), st.data())
def test_more_attempts_anywhere_never_make_less(
    case: tuple[System, Operation, Operation, str], data: st.DataObject
) -> None:
    system, entry, target, cause = case
    layered = sorted(k for k, c in system.calls.items() if c.passage.layers)
    assume(bool(layered))
    call = system.calls[data.draw(st.sampled_from(layered))]
    first, *rest = call.passage.layers
    more = replace(first, attempts=Count((first.attempts or Count(1)).value or 1) + Count(1))
    changed = replace(call, passage=replace(call.passage, layers=(more, *rest)))
    larger = System(system.programs, {**system.calls, call.id: changed})
    before, after = (scenario(s, entry, target, cause).at(target) for s in (system, larger))
    assert before <= after
