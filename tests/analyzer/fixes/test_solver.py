"""The smallest set of edits, held against every set there is."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.amplification import CallFacts, System
from analyzer.fixes import solver
from analyzer.fixes.knobs import Knob
from analyzer.fixes.model import Model
from analyzer.fixes.solver import solve
from analyzer.model import Layer, Operation
from parsers.quantities import UNBOUNDED, Count
from parsers.source import Span

ENTRY = Operation("entry", "*")
Edges = list[tuple[int, int, tuple[int | None, ...]]]


def _service(number: int) -> Operation:
    return Operation(f"s{number}", "*") if number else ENTRY


def _system(edges: Edges) -> System:
    """Calls between numbered services, each with the attempts of its layers; every layer repeats on everything."""
    calls = {}
    for i, (caller, callee, attempts) in enumerate(edges):
        layers = tuple(
            Layer("app", f"l{j}", UNBOUNDED if n is None else Count(n), (), frozenset({"*"}), "", True, _span(i, j))
            for j, n in enumerate(attempts)
        )
        calls[f"c{i}"] = CallFacts(f"c{i}", _service(caller), _service(callee), layers=layers)
    return System({}, calls)


def _span(call: int, layer: int) -> Span:
    return Span("a.py", 100 * call + layer + 1, 1, 100 * call + layer + 1, 2)


def _knobs(system: System) -> frozenset[Knob]:
    return frozenset(
        Knob("code", x.name, x.span) for c in system.calls.values() for x in c.layers if x.attempts != Count(1)
    )


def _model(system: System, most: int) -> Model:
    return Model(system, (ENTRY,), lambda _: Count(most))


def _plan(edges: Edges, most: int, *, lowers: bool = False) -> tuple[dict[str, int], list[str], bool]:
    """Knobs as ``call.layer`` with what they are left, and the services that stay above the limit."""
    system = _system(edges)
    plan = solve(_model(system, most), _knobs(system), lambda _k, _n: lowers)
    named = {f"c{(k.span.line - 1) // 100}.{k.name}": n for k, n in plan.setting if k.span is not None}
    return named, [p.target.service for p in plan.beyond], plan.exact


def test_one_edit_where_one_is_enough_however_tempting_two_are() -> None:
    assert _plan([(0, 1, (2,)), (1, 2, (5,)), (2, 3, (2,))], 4)[0] == {"c1.l0": 1}


def test_the_retry_nearest_to_the_failure_stays() -> None:
    assert _plan([(0, 1, (3,)), (1, 2, (3,)), (2, 3, (3,))], 3)[0] == {"c0.l0": 1, "c1.l0": 1}


def test_of_two_layers_of_a_call_the_outer_one_goes() -> None:
    assert _plan([(0, 1, (3, 3))], 3)[0] == {"c0.l0": 1}


def test_an_edge_that_many_chains_share_is_worth_more() -> None:
    fan = [(0, 1, (3,)), *((1, n, (3,)) for n in range(2, 6))]
    assert _plan(fan, 3)[0] == {"c0.l0": 1}


def test_a_retry_without_end_is_ended() -> None:
    assert _plan([(0, 1, (None,)), (1, 2, (3,))], 3)[0] == {"c0.l0": 1}


def test_the_last_retry_keeps_what_the_limit_allows() -> None:
    assert _plan([(0, 1, (9,))], 4, lowers=True)[0] == {"c0.l0": 4}
    assert _plan([(0, 1, (9,))], 4, lowers=False)[0] == {"c0.l0": 1}


def test_what_cannot_be_reached_is_made_as_small_as_it_can_be() -> None:
    system = _system([(0, 1, (3,)), (1, 2, (5,))])
    only = frozenset(k for k in _knobs(system) if k.span == _span(0, 0))
    plan = solve(_model(system, 4), only, lambda _k, _n: False)
    assert [(p.target.service, p.worst) for p in plan.beyond] == [("s2", Count(5))]
    assert [k.span for k, _ in plan.setting] == [_span(0, 0)]


def test_nothing_is_done_where_nothing_helps() -> None:
    assert solve(_model(_system([(0, 1, (9,))]), 4), frozenset(), lambda _k, _n: False).setting == ()


def test_a_search_that_is_too_long_still_gets_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(solver, "MOST", 2)
    monkeypatch.setattr(solver, "FEWEST", 2)
    edges: Edges = [(n, n + 1, (2,)) for n in range(6)]
    found, beyond, exact = _plan(edges, 4)
    assert (len(found), beyond, exact) == (4, [], False)
    assert "c5.l0" not in found


@st.composite
def _edges(draw: st.DrawFn) -> Edges:
    count = draw(st.integers(2, 4))
    found: Edges = []
    for callee in range(1, count + 1):
        callers = draw(st.lists(st.integers(0, callee - 1), min_size=1, max_size=2, unique=True))
        layers = st.lists(st.integers(1, 4), min_size=0, max_size=2).map(tuple)
        found += [(caller, callee, draw(layers)) for caller in callers]
    return found


@settings(max_examples=15, deadline=None)
@given(_edges(), st.integers(1, 12))
def test_no_smaller_set_does_it(edges: Edges, most: int) -> None:
    system = _system(edges)
    knobs = sorted(_knobs(system))[:6]
    plan = solve(_model(system, most), frozenset(knobs), lambda _k, _n: False)
    least = _model(system, most).over(dict.fromkeys(knobs, 1))
    assert {p.target: p.worst for p in plan.beyond} == {p.target: p.worst for p in least}
    model = _model(system, most).with_floor(least)
    assert model.over(dict(plan.setting)) == []
    smaller = combinations(knobs, max(len(plan.setting) - 1, 0))
    assert not plan.setting or all(model.over(dict.fromkeys(s, 1)) for s in smaller)
