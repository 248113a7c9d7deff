"""Numbers that others have published, and what they count."""

from __future__ import annotations

import pytest

from analyzer.amplification import System, amplify, scenario
from parsers.facts.python import (
    NOTHING,
    Answer,
    Block,
    Branch,
    Catch,
    Check,
    Guard,
    Leave,
    Next,
    Repeat,
    Retry,
    RetryCondition,
    Send,
)
from parsers.quantities import Count
from tests.analyzer.amplification.chains import HERE, Hop, asks, chain, client, op, passes_on, sidecar, tries

LEGACY = ("connect-failure", "refused-stream", "grpc-unavailable", "grpc-cancelled", "503")
CURRENT = LEGACY[:-1]


def _loads(system: System, names: str, cause: str) -> list[int | None]:
    found = scenario(system, op(names[0]), op(names[-1]), cause)
    return [found.at(op(n)).value for n in names[1:]]


@pytest.mark.parametrize(("attempts", "requests"), [(3, 12), (4, 16)])
def test_an_application_and_a_mesh_that_both_retry_multiply(attempts: int, requests: int) -> None:
    system = chain([Hop("a", tries(attempts, asks(1)), (sidecar(4, "5xx"),))], "b")
    assert _loads(system, "ab", "503") == [requests]


@pytest.mark.parametrize(("causes", "expected"), [(LEGACY, [3, 9, 27]), (CURRENT, [1, 1, 1])])
def test_istio_alone_over_three_hops_depends_on_its_version(causes: tuple[str, ...], expected: list[int]) -> None:
    hops = [Hop(n, passes_on(1), (sidecar(3, *causes),)) for n in "abc"]
    assert _loads(chain(hops, "d"), "abcd", "503") == expected


def test_three_retries_in_each_of_three_layers_are_sixty_four() -> None:
    hops = [Hop(n, tries(4, asks(1))) for n in "abc"]
    assert _loads(chain(hops, "d"), "abcd", "500") == [4, 16, 64]


def test_three_attempts_in_each_of_five_layers_are_two_hundred_and_forty_three() -> None:
    hops = [Hop(n, tries(3, asks(1))) for n in "abcde"]
    assert _loads(chain(hops, "f"), "abcdef", "500") == [3, 9, 27, 81, 243]


def test_two_hops_of_both_are_a_hundred_and_forty_four() -> None:
    hops = [Hop(n, tries(3, asks(1)), (sidecar(4, "5xx"),)) for n in "ab"]
    assert _loads(chain(hops, "c"), "abc", "503") == [12, 144]


@pytest.mark.parametrize(
    ("causes", "cause", "requests"), [(LEGACY, "503", 6), (CURRENT, "503", 2), (CURRENT, "connect-failure", 6)]
)
def test_the_bookinfo_product_page_asks_for_reviews_twice(causes: tuple[str, ...], cause: str, requests: int) -> None:
    asked = Guard(Send(client(3.0), 1), (Catch(("BaseException",), NOTHING),), NOTHING, NOTHING)
    body = Block((asked, Check(1, ("200",), Answer("200", None, HERE), NOTHING)))
    loop = Repeat(Retry("loop", Count(2), None, RetryCondition(exceptions=("BaseException",)), "", "f", HERE), body)
    system = chain([Hop("productpage", Block((loop, Answer("200", None, HERE))), (sidecar(3, *causes),))], "reviews")
    found = scenario(system, op("productpage"), op("reviews"), cause)
    assert found.at(op("reviews")).value == requests


def test_what_has_no_bound_stays_so_through_products() -> None:
    system = chain([Hop("a", tries(None, asks(1)), (sidecar(4, "5xx"),)), Hop("b", tries(3, asks(1)))], "c")
    assert _loads(system, "abc", "503") == [None, None]


def test_numbers_are_exact_beyond_what_a_float_can_say() -> None:
    hops = [Hop(f"s{i}", tries(10, asks(1))) for i in range(40)]
    found = scenario(chain(hops, "end"), op("s0"), op("end"), "500")
    assert found.at(op("end")).value == 10**40


def test_numbers_too_large_for_a_float_have_no_ratio() -> None:
    hops = [Hop(f"s{i}", tries(10, asks(1))) for i in range(310)]
    found = amplify(chain(hops, "end"), (op("s0"),)).pairs
    assert {p.target: p.ratio for p in found}[op("end")] is None


def test_a_chain_of_thousands_needs_no_recursion() -> None:
    hops = [Hop(f"s{i}", passes_on(1), (sidecar(2, "503"),)) for i in range(3000)]
    assert scenario(chain(hops, "end"), op("s0"), op("end"), "503").at(op("end")).value == 2**3000


def test_a_handler_that_leaves_its_loop_on_success_goes_round_on_failure_only() -> None:
    steps = Block((Send(client(), 1), Check(1, ("200",), Leave(), Next())))
    loop = Repeat(Retry("loop", Count(5), None, RetryCondition(), "", "f", HERE), steps)
    system = chain([Hop("a", Branch((loop,)))], "b")
    assert _loads(system, "ab", "503") == [5]
    assert scenario(system, op("a"), op("nobody"), "503").at(op("b")).value == 1
