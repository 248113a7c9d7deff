"""How long a hanging callee is waited for, and who gives up too early."""

from __future__ import annotations

import pytest

from analyzer.amplification import System
from analyzer.amplification.timing import inversions, waits
from parsers.quantities import Count
from tests.analyzer.amplification.chains import Hop, asks, chain, op, passes_on, sidecar, tries

HANGS = ("per-try-timeout",)


def _cut(attempts: int, per_try_s: float) -> tuple[object, ...]:
    return (sidecar(attempts, *HANGS, per_try_timeout_s=per_try_s),)


def _two(first_s: float | None, attempts: int, per_try_s: float) -> System:
    hops = [Hop("a", passes_on(1, first_s)), Hop("b", passes_on(1, None), _cut(attempts, per_try_s))]  # type: ignore[arg-type]  # layers
    return chain(hops, "c")


def test_attempts_that_are_cut_add_up() -> None:
    assert waits(_two(None, 3, 2.0), op("a"), op("c")) == pytest.approx(6.0)


def test_a_callers_timeout_ends_its_own_wait_only() -> None:
    system = _two(1.0, 3, 2.0)
    assert waits(system, op("a"), op("c")) == pytest.approx(1.0)
    assert waits(system, op("b"), op("c")) == pytest.approx(6.0)


def test_without_any_limit_the_wait_never_ends() -> None:
    assert waits(chain([Hop("a", passes_on(1, None))], "b"), op("a"), op("b")) is None


def test_a_caller_that_gives_up_first_wastes_what_its_callee_still_sends() -> None:
    (found,) = inversions(_two(3.0, 4, 2.0))
    assert (found.call, found.inner, found.limit.by) == ("a->b", "b->c", "client timeout")
    assert found.needs_s == pytest.approx(8.0)
    assert (found.requests, found.wasted) == (Count(4), Count(2))


def test_a_caller_that_waits_long_enough_is_no_inversion() -> None:
    assert inversions(_two(8.0, 4, 2.0)) == ()


def test_a_sidecar_that_cuts_attempts_gives_up_like_a_client() -> None:
    hops = [
        Hop("a", passes_on(1, None), _cut(3, 0.4)),  # type: ignore[arg-type]  # layers
        Hop("b", passes_on(1, None), _cut(3, 0.3)),  # type: ignore[arg-type]  # layers
    ]
    (found,) = inversions(chain(hops, "c"))
    assert (found.limit.by, found.wasted) == ("perTryTimeout", Count(1))


def test_an_applications_own_timeouts_count_between_its_tries() -> None:
    hops = [Hop("a", passes_on(1, 2.0)), Hop("b", tries(5, asks(1, 1.0)))]
    (found,) = inversions(chain(hops, "c"))
    assert found.needs_s == pytest.approx(5.0)
    assert found.wasted == Count(3)


def test_waits_between_tries_are_time_too() -> None:
    hops = [Hop("a", tries(3, asks(1, 1.0), min_wait_s=0.5))]
    assert waits(chain(hops, "b"), op("a"), op("b")) == pytest.approx(4.0)


def test_a_deadline_stops_attempts_from_starting() -> None:
    hops = [Hop("a", tries(10, asks(1, 1.0), deadline_s=3.0))]
    system = chain(hops, "b")
    assert waits(system, op("a"), op("b")) == pytest.approx(3.0)
