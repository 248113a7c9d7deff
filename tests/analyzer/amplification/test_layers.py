"""One layer at a time: what it repeats, what it hands up, and what time does to it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from analyzer.amplification import CallFacts, System, scenario
from analyzer.model import Layer, Operation, Passage
from parsers.facts.python import NOTHING, Answer, Block, Call, Catch, Guard, Repeat, Retry, RetryCondition, Scope, Send
from parsers.quantities import UNBOUNDED, Count
from tests.analyzer.amplification.chains import HERE, Hop, asks, chain, op, passes_on, sidecar, tries


def _arrived(layers: tuple[Layer, ...], cause: str, timeout_s: float | None = None, **call: object) -> int | None:
    system = chain([Hop("a", passes_on(1, timeout_s), layers)], "b")
    facts = replace(system.calls["a->b"], **call)  # type: ignore[arg-type]  # the fields of a call
    return scenario(System(system.programs, {facts.id: facts}), op("a"), op("b"), cause).at(op("b")).value


@pytest.mark.parametrize(
    ("pattern", "cause", "requests"),
    [
        ("503", "503", 3),
        ("503", "500", 1),
        ("5xx", "599", 3),
        ("5xx", "429", 1),
        ("4xx", "429", 3),
        ("*", "reset", 3),
        ("503", "503+retry-after", 3),
        ("503+retry-after", "503", 1),
        ("503+retry-after", "503+retry-after", 3),
        ("429", "429+x-envoy-ratelimited", 1),
        ("*+x-envoy-ratelimited", "429+x-envoy-ratelimited", 3),
        ("connect-failure", "reset", 1),
        ("grpc-unavailable", "grpc-unavailable", 3),
        ("grpc-*", "grpc-internal", 3),
        ("per-try-timeout", "timeout", 1),
        ("timeout", "504", 1),
    ],
)
def test_a_sidecar_repeats_what_its_conditions_cover(pattern: str, cause: str, requests: int) -> None:
    assert _arrived((sidecar(3, pattern),), cause) == requests


def test_an_application_layer_repeats_an_answer_marked_as_rate_limited() -> None:
    layer = replace(sidecar(3, "429"), kind="app")
    assert _arrived((layer,), "429+x-envoy-ratelimited") == 3


def test_the_outer_layer_sees_what_the_inner_one_hands_up() -> None:
    gateway, inner = sidecar(2, "503"), sidecar(3, "connect-failure")
    assert _arrived((gateway, inner), "connect-failure") == 6
    assert _arrived((gateway, replace(inner, becomes=())), "connect-failure") == 3


def test_a_layer_for_some_methods_leaves_others_alone() -> None:
    layer = replace(sidecar(3, "503"), methods=frozenset({"GET"}))
    assert _arrived((layer,), "503", method="POST") == 1
    assert _arrived((layer,), "503", method="GET") == 3


def test_a_layer_without_effect_repeats_nothing() -> None:
    assert _arrived((replace(sidecar(3, "503"), effective=False),), "503") == 1


def test_attempts_that_nobody_knows_count_once() -> None:
    assert _arrived((replace(sidecar(3, "503"), attempts=None),), "503") == 1


def test_connection_tries_behind_an_inbound_proxy_reach_nobody() -> None:
    inbound = replace(sidecar(3, "connect-failure"), kind="inbound", counts_arrivals=False)
    assert _arrived((sidecar(2, "503"), inbound), "connect-failure") == 2


def test_a_cut_attempt_repeats_only_where_the_condition_says_so() -> None:
    cut = sidecar(3, "per-try-timeout", per_try_timeout_s=0.3)
    assert _arrived((cut,), "timeout") == 3
    assert _arrived((replace(cut, fires_on=frozenset({"503", "504"})),), "timeout") == 1


def test_a_route_timeout_bounds_the_attempts_that_can_start() -> None:
    cut = sidecar(10, "per-try-timeout", per_try_timeout_s=0.3, timeout_s=1.0)
    assert _arrived((cut,), "timeout") == 4


def test_a_timeout_does_not_bound_failures_that_come_at_once() -> None:
    assert _arrived((sidecar(10, "503", timeout_s=1.0),), "503") == 10


def test_waits_bound_even_those() -> None:
    assert _arrived((sidecar(10, "503", timeout_s=1.0, min_wait_s=0.25),), "503") == 4


def test_without_any_limit_a_hanging_callee_is_asked_once() -> None:
    assert _arrived((sidecar(10, "*", "per-try-timeout"),), "timeout") == 1


def test_a_clients_timeout_reaches_through_the_proxies_of_its_call() -> None:
    cut = sidecar(10, "per-try-timeout", per_try_timeout_s=0.3)
    assert _arrived((cut,), "timeout", 1.0) == 4


def test_what_the_proxy_answers_itself_reaches_nobody_and_is_a_503_above() -> None:
    system = chain([Hop("a", passes_on(1), (sidecar(3, "503"),)), Hop("b", passes_on(1), (sidecar(3, "503"),))], "c")
    inner = system.calls["b->c"]
    answered = replace(inner, passage=replace(inner.passage, answered="proxy-503"))
    found = scenario(System(system.programs, {**system.calls, inner.id: answered}), op("a"), op("c"), "503")
    assert (found.at(op("b")).value, found.at(op("c")).value) == (3, 0)


def test_an_unbounded_layer_is_bounded_by_its_time_and_waits() -> None:
    layer = sidecar(1, "503", timeout_s=10.0, min_wait_s=2.0)
    assert _arrived((replace(layer, attempts=UNBOUNDED),), "503") == 5


def test_grpc_sees_a_proxys_answer_as_unavailable() -> None:
    client = Call("grpc", "grpc", "/pkg.S/M", (), "f", HERE, timeout_s=5.0)
    retry = Retry("grpc.retryPolicy", Count(4), None, RetryCondition(causes=("grpc-unavailable",)), "", "f", HERE)
    body = Block((Send(replace(client, layers=(retry,)), 1), Answer("200", None, HERE)))
    system = chain([Hop("a", body, (sidecar(2, "connect-failure"),))], "b")
    call = replace(system.calls["a->b"], protocol="grpc")
    found = scenario(System(system.programs, {call.id: call}), op("a"), op("b"), "connect-failure")
    assert found.at(op("b")).value == 8


def test_a_transport_that_retries_connecting_is_inert_behind_a_sidecar() -> None:
    retry = Retry("httpx.HTTPTransport", Count(4), None, RetryCondition(causes=("connect-failure",)), "", "f", HERE)
    client = Call("httpx", "http", "GET", (), "f", HERE, layers=(retry,), timeout_s=5.0)
    body = Block((Send(client, 1), Answer(None, 1, HERE)))
    with_mesh = chain([Hop("a", body, (sidecar(1),))], "b")
    without = chain([Hop("a", body)], "b")
    arrived = [scenario(s, op("a"), op("b"), "connect-failure").at(op("b")).value for s in (with_mesh, without)]
    assert arrived == [1, 4]


def test_a_decorator_repeats_the_exceptions_it_names_and_no_others() -> None:
    for exceptions, requests in ((("requests.ConnectionError",), 3), (("requests.Timeout",), 1), (("OSError",), 3)):
        system = chain([Hop("a", tries(3, asks(1), *exceptions))], "b")
        assert scenario(system, op("a"), op("b"), "reset").at(op("b")).value == requests


def test_an_inner_libraries_own_error_stops_an_outer_layer_that_does_not_name_it() -> None:
    inner = tries(2, asks(1), "app.Failed", exhausted="tenacity.RetryError")
    for outer, requests in (("app.Failed", 2), ("Exception", 6)):
        system = chain([Hop("a", tries(3, inner, outer))], "b")
        assert scenario(system, op("a"), op("b"), "503").at(op("b")).value == requests


def test_a_route_that_splits_sends_everything_to_the_worst_in_the_worst_case() -> None:
    system = chain([Hop("a", passes_on(1), (sidecar(3, "503"),))], "b")
    call = system.calls["a->b"]
    split = replace(call, passage=replace(call.passage, callees=(("shop/b", 0.9), ("shop/b2", 0.1))))
    found = scenario(System(system.programs, {call.id: split}), op("a"), op("b2"), "503")
    assert found.at(op("b2")).value == 3


def test_a_call_outside_of_any_program_counts_its_constant_number_of_times() -> None:
    call = CallFacts("x", op("a"), op("b"), passage=Passage(layers=(sidecar(2, "503"),)), times=Count(5))
    assert scenario(System({}, {"x": call}), op("a"), op("b"), "503").at(op("b")).value == 10


def test_a_failing_operation_that_nobody_knows_gets_nothing() -> None:
    system = chain([Hop("a", passes_on(1))], "b")
    assert scenario(system, op("a"), Operation("shop/ghost", "*"), "503").at(op("b")).value == 1


def test_a_failure_before_an_inner_retry_still_sends_the_outer_loop_round() -> None:
    swallowed = Guard(asks(1), (Catch(("app.Failed",), NOTHING),), NOTHING, NOTHING)
    inner = tries(2, Scope("f", NOTHING, HERE))
    loop = Repeat(Retry("loop", Count(3), None, RetryCondition(), "", "f", HERE), Block((swallowed, inner)))
    system = chain([Hop("a", loop)], "b")
    assert scenario(system, op("a"), op("b"), "503").at(op("b")).value == 3
