"""Whole systems: cycles, what-if, guesses and what they do to precision, gains, and large sizes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from analyzer.amplification import CallFacts, System, amplify, assume, results, scenario
from analyzer.amplification.components import components
from analyzer.findings import Evidence
from analyzer.linking.mesh import Program
from analyzer.model import Layer, Passage, Precision, Shadow
from analyzer.options import Assumption
from parsers.facts.python import NOTHING, Answer, Block, Branch, Catch, Guard, Handler, Loop, Parallel, Scope, Step
from parsers.quantities import UNBOUNDED, Count
from tests.analyzer.amplification.chains import HERE, Hop, asks, chain, op, passes_on, sidecar, tries
from tests.benchmarks.bench_amplification import build


def _ring(*attempts: int, cause: str = "508", uncaught: str = "508") -> System:
    names = [f"r{i}" for i in range(len(attempts))]
    calls, programs = {}, {}
    for i, (name, n) in enumerate(zip(names, attempts, strict=True)):
        callee = names[(i + 1) % len(names)]
        call = CallFacts(name, op(name), op(callee), passage=Passage(layers=(sidecar(n, cause),)))
        calls[name] = call
        body = Branch((passes_on(1), Answer("200", None, HERE)))
        programs[op(name)] = Program(
            op(name), Handler("f", "http", "*", "*", "f", HERE, body, uncaught), ((1, (name,)),)
        )
    return System(programs, calls)


def test_a_cycle_that_multiplies_is_without_bound() -> None:
    found = amplify(_ring(2, 1), (op("r0"),))
    assert [p.worst for p in found.pairs] == [UNBOUNDED]
    (cycle,) = found.cycles
    assert cycle.members == (op("r0"), op("r1"))
    assert cycle.gain_per_turn == Count(2)


def test_a_cycle_that_hands_on_one_request_is_worth_one_turn() -> None:
    found = amplify(_ring(1, 1, 1), (op("r0"),))
    assert [p.worst for p in found.pairs] == [Count(1), Count(1)]
    assert found.cycles[0].gain_per_turn == Count(1)


def test_a_cause_that_does_not_come_round_does_not_multiply() -> None:
    assert amplify(_ring(3, 3, cause="connect-failure"), (op("r0"),)).cycles[0].gain_per_turn == Count(1)


def test_an_operation_that_calls_itself_is_a_cycle() -> None:
    assert amplify(_ring(3), (op("r0"),)).cycles[0].members == (op("r0"),)


def test_what_lies_below_a_multiplying_cycle_is_without_bound_too() -> None:
    ring = _ring(2, 1, cause="*")
    out = CallFacts("out", op("r1"), op("end"))
    body = Block((passes_on_unless(2), passes_on(1)))
    handler = Handler("f", "http", "*", "*", "f", HERE, body, uncaught="508")
    programs = {**ring.programs, op("r1"): Program(op("r1"), handler, ((1, ("r1",)), (2, ("out",))))}
    found = scenario(System(programs, {**ring.calls, "out": out}), op("r0"), op("end"), "503")
    assert found.at(op("end")) == UNBOUNDED


def passes_on_unless(key: int) -> Step:
    return Branch((passes_on(key), NOTHING))


def test_what_if_one_call_had_fewer_attempts() -> None:
    hops = [Hop(n, tries(3, asks(1)), (sidecar(4, "5xx"),), "503") for n in "ab"]
    system = chain(hops, "c")
    assumed = assume(system, (Assumption("b", "c", 1),))
    for changed, requests in ((system, 144), (assumed, 12)):
        assert scenario(changed, op("a"), op("c"), "503").at(op("c")).value == requests


def test_a_guess_is_not_called_exact() -> None:
    call = CallFacts("b->c", op("b"), op("c"), passage=Passage(layers=(sidecar(2, "503"),)))
    first = chain([Hop("a", passes_on(1), (sidecar(2, "503"),))], "b")
    found = amplify(System(first.programs, {**first.calls, call.id: call}), (op("a"),))
    assert {p.target.service: p.precision for p in found.pairs} == {
        "shop/b": Precision.EXACT,
        "shop/c": Precision.UPPER_BOUND,
    }
    assert {p.target.service: p.worst.value for p in found.pairs} == {"shop/b": 2, "shop/c": 4}


def test_attempts_that_nobody_knows_make_the_number_unknown() -> None:
    layer = replace(sidecar(2, "503"), attempts=None)
    (pair,) = amplify(chain([Hop("a", passes_on(1), (layer,))], "b"), (op("a"),)).pairs
    assert (pair.worst, pair.precision) == (Count(1), Precision.UNKNOWN)


def _fan(body: Step, layers: tuple[Layer, ...] = ()) -> System:
    calls = {n: CallFacts(n, op("a"), op(n), passage=Passage(layers=layers)) for n in ("x", "y")}
    handler = Handler("f", "http", "*", "*", "f", HERE, body, uncaught="500")
    return System({op("a"): Program(op("a"), handler, ((1, ("x",)), (2, ("y",))))}, calls)


def test_a_handler_that_stops_at_the_first_failure_asks_nobody_else() -> None:
    found = scenario(_fan(Block((asks(1), asks(2)))), op("a"), op("x"), "503")
    assert (found.at(op("x")).value, found.at(op("y")).value) == (1, 0)


def test_branches_in_parallel_are_all_asked() -> None:
    body = Parallel((Scope("f", asks(1), HERE), Scope("g", asks(2), HERE)))
    found = scenario(_fan(body), op("a"), op("x"), "503")
    assert (found.at(op("x")).value, found.at(op("y")).value) == (1, 1)


def test_a_fallback_is_asked_only_where_the_first_has_failed() -> None:
    system = _fan(Guard(asks(1), (Catch(("app.Failed",), asks(2)),), NOTHING, NOTHING), (sidecar(3, "503"),))
    assert scenario(system, op("a"), op("x"), "503").at(op("y")).value == 1
    assert scenario(system, op("a"), op("y"), "503").at(op("y")).value == 0
    gain = amplify(system, (op("a"),)).gains["y"]
    assert dict(gain.by_cause)["503"] == Count(3)


def test_a_constant_loop_counts_and_one_over_data_counts_once() -> None:
    for times, requests in ((Count(4), 4), (None, 1)):
        body = Loop(times, passes_on_only(1), HERE)
        assert scenario(_fan(body), op("a"), op("nobody"), "503").at(op("x")).value == requests


def passes_on_only(key: int) -> Step:
    return Scope("f", asks(key), HERE)


def test_a_mirror_does_not_multiply_with_attempts() -> None:
    system = chain([Hop("a", tries(2, asks(1)), (sidecar(3, "503"),))], "b")
    call = system.calls["a->b"]
    copied = replace(call, passage=replace(call.passage, shadows=(Shadow("shop/m", 50.0, Evidence("mirror")),)))
    found = scenario(System(system.programs, {call.id: copied}), op("a"), op("b"), "503")
    assert (found.at(op("b")).value, found.at(op("m")).value) == (6, 2)


def test_a_target_that_fails_now_and_then_may_get_more_than_one_that_always_does() -> None:
    system = _fan(Block((asks(1), asks(2))), (sidecar(3, "503"),))
    same = System(system.programs, {k: replace(c, callee=op("z")) for k, c in system.calls.items()})
    (pair,) = amplify(same, (op("a"),)).pairs
    assert (pair.single, pair.worst, pair.intermittent) == (Count(3), Count(3), Count(6))


def test_pairs_name_the_calls_of_their_chain() -> None:
    hops = [Hop(n, passes_on(1), (sidecar(2, "503"),)) for n in "ab"]
    pairs = amplify(chain(hops, "c"), (op("a"),)).pairs
    assert {p.target.service: p.chain for p in pairs} == {"shop/b": ("a->b",), "shop/c": ("a->b", "b->c")}


def test_large_systems_are_bounded_where_they_cannot_be_walked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "WORK", 3_000)
    system, entry = build(400)
    found = amplify(system, (entry,))
    assert len(found.pairs) > 350
    assert all(p.single <= p.worst for p in found.pairs)
    bounds = {p.target for p in found.pairs if not p.chain}
    assert bounds
    some = sorted(bounds)[:3]
    for target in some:
        pair = next(p for p in found.pairs if p.target == target)
        assert scenario(system, entry, target, "503").at(target) <= pair.worst


def test_components_come_callees_first_however_deep() -> None:
    edges = {i: [i + 1] for i in range(20_000)} | {20_000: [19_999]}
    found = components(range(20_001), lambda n: edges[n])
    assert sorted(found[0]) == [19_999, 20_000]
    assert found[-1] == [0]


@pytest.mark.parametrize("name", ["b", "shop/b", "shop/b *", "*"])
def test_an_assumption_names_a_service_in_any_usual_way(name: str) -> None:
    system = chain([Hop("a", passes_on(1), (sidecar(4, "503"),))], "b")
    found = scenario(assume(system, (Assumption("shop/a", name, 1),)), op("a"), op("b"), "503")
    assert found.at(op("b")).value == (1 if name != "shop/b *" else 4)
