"""What each condition repeats: the table of docs/istio.md, row by row."""

from __future__ import annotations

import pytest

from analyzer.amplification.causes import any_covers
from analyzer.semantics.istio.conditions import TCP_BECOMES, becomes, fires_on

CAUSES = (
    "500", "502", "503", "504", "409", "429", "404", "connect-failure", "reset", "refused-stream", "per-try-timeout",
    "timeout", "truncated", "proxy-503", "grpc-unavailable", "grpc-cancelled", "grpc-internal",
    "grpc-deadline-exceeded", "grpc-resource-exhausted", "503+retry-after",
)  # fmt: skip
NO_ANSWER = {"connect-failure", "reset", "refused-stream", "per-try-timeout"}

TABLE = [
    (("5xx",), (), {"500", "502", "503", "504", "503+retry-after"} | NO_ANSWER),
    (("gateway-error",), (), {"502", "503", "504", "503+retry-after"} | NO_ANSWER),
    (("reset",), (), NO_ANSWER),
    (("reset-before-request",), (), {"connect-failure", "refused-stream"}),
    (("connect-failure",), (), {"connect-failure"}),
    (("refused-stream",), (), {"refused-stream"}),
    (("retriable-4xx",), (), {"409"}),
    (("retriable-status-codes",), (429,), {"429"}),
    (("retriable-status-codes",), (504,), {"504"}),
    (("retriable-status-codes",), (), set()),
    (("5xx",), (429,), {"500", "502", "503", "504", "503+retry-after"} | NO_ANSWER),
    (("unavailable",), (), {"grpc-unavailable"}),
    (("cancelled",), (), {"grpc-cancelled"}),
    (("internal",), (), {"grpc-internal"}),
    (("deadline-exceeded",), (), {"grpc-deadline-exceeded"}),
    (("resource-exhausted",), (), {"grpc-resource-exhausted"}),
    (("retriable-headers",), (), set()),
    (("http3-post-connect-failure",), (), set()),
    (("some", "fake"), (), set()),
]


@pytest.mark.parametrize(
    ("conditions", "codes", "expected"), TABLE, ids=lambda x: ",".join(sorted(map(str, x)))[:40] or "none"
)
def test_a_condition_repeats_exactly_its_causes(
    conditions: tuple[str, ...], codes: tuple[int, ...], expected: set[str]
) -> None:
    patterns = fires_on(conditions, codes)
    assert {c for c in CAUSES if any_covers(patterns, c)} == expected


def test_a_rate_limited_answer_needs_its_own_condition() -> None:
    assert any_covers(fires_on(("5xx", "envoy-ratelimited"), ()), "429+x-envoy-ratelimited")
    assert not any_covers(fires_on(("envoy-ratelimited",), ()), "429")


def test_a_proxy_without_timeouts_hangs_with_its_callee() -> None:
    handed = dict(becomes(grpc=False, limited=False))
    assert "timeout" not in handed
    assert handed["connect-failure"] == handed["reset"] == "503"


def test_a_cut_attempt_is_a_504_to_the_caller_and_a_truncated_answer_stays_one() -> None:
    handed = dict(becomes(grpc=False, limited=True))
    assert (handed["per-try-timeout"], handed["timeout"]) == ("504", "504")
    assert "truncated" not in handed


def test_a_grpc_caller_gets_unavailable_for_all_that_gave_no_answer() -> None:
    assert set(dict(becomes(grpc=True, limited=True)).values()) == {"grpc-unavailable"}


def test_behind_a_proxy_of_bytes_a_refused_connection_is_a_reset_to_the_application() -> None:
    assert dict(TCP_BECOMES)["connect-failure"] == "reset"
