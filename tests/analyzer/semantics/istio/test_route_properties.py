"""Properties of route choice: what a path with holes says holds for every filling, and the worst is never too small."""

from __future__ import annotations

import re

from hypothesis import assume, given
from hypothesis import strategies as st

from analyzer.amplification.layers import fires
from analyzer.model import Layer
from analyzer.semantics.istio.conditions import fires_on
from analyzer.semantics.istio.hosts import host_matches, hosts_overlap
from analyzer.semantics.istio.route_match import Asked, block_takes
from analyzer.semantics.istio.worst import joined
from parsers.facts import NO_LABELS
from parsers.facts.istio import HttpMatch, StringMatch
from parsers.quantities import Count
from parsers.source import Span

SPAN = Span("x", 1, 1, 1, 1)
SEGMENTS = st.sampled_from(["a", "ab", "b", "v1", "7"])
PATHS = st.lists(st.one_of(SEGMENTS, st.just("{id}")), min_size=1, max_size=4).map(lambda s: "/" + "/".join(s))
KINDS = st.sampled_from(["exact", "prefix"])
VALUES = st.lists(SEGMENTS, max_size=4).map(lambda s: "/" + "/".join(s))
CONDITIONS = ("5xx", "gateway-error", "reset", "connect-failure", "retriable-4xx", "unavailable")
CAUSES = ("500", "503", "409", "connect-failure", "reset", "grpc-unavailable", "per-try-timeout")


def block(uri: StringMatch) -> HttpMatch:
    return HttpMatch(
        None, uri, False, None, None, None, (), (), (), None, NO_LABELS, None, (), SPAN
    )  # fmt: skip


def takes(uri: StringMatch, path: str) -> bool | None:
    return block_takes(block(uri), Asked("GET", path, "c", 80))


@given(PATHS, KINDS, VALUES, st.lists(SEGMENTS, min_size=4, max_size=4))
def test_yes_and_no_of_a_template_hold_for_every_filling(path: str, kind: str, value: str, fill: list[str]) -> None:
    uri = StringMatch(kind, value)
    answer = takes(uri, path)
    assume(answer is not None)
    filled = iter(fill)
    assert takes(uri, re.sub(r"\{id\}", lambda _: next(filled), path)) is answer


@given(st.from_regex(r"[a-z]{1,3}(\.[a-z]{1,3}){0,2}", fullmatch=True), st.sampled_from(["", "*.", "*"]), st.data())
def test_a_wildcard_takes_a_host_only_if_both_overlap(host: str, star: str, data: st.DataObject) -> None:
    suffix = data.draw(st.sampled_from([host, host.partition(".")[2], "zz"]))
    pattern = f"{star}{suffix}" if suffix else "*"
    if host_matches(pattern, host):
        assert hosts_overlap(pattern, host)
        assert hosts_overlap(host, pattern)


def layer(conditions: tuple[str, ...], attempts: int, per_try: float | None, total: float | None) -> Layer:
    return Layer(
        "sidecar", "istio", Count(attempts), conditions, fires_on(conditions, ()), "", True, None,
        per_try_timeout_s=per_try, timeout_s=total,
    )  # fmt: skip


LAYERS = st.builds(
    layer,
    st.lists(st.sampled_from(CONDITIONS), max_size=3).map(tuple),
    st.integers(1, 6),
    st.sampled_from([None, 0.5, 2.0]),
    st.sampled_from([None, 3.0, 9.0]),
)


@given(st.lists(LAYERS, min_size=1, max_size=4))
def test_the_joined_layer_is_at_least_as_bad_as_each(layers: list[Layer]) -> None:
    whole = joined(layers)
    for each in layers:
        for cause in CAUSES:
            if each.attempts is not None and each.attempts > Count(1) and fires(each, cause):
                assert fires(whole, cause)
                assert whole.attempts is not None
                assert whole.attempts >= each.attempts
        assert whole.timeout_s is None or (each.timeout_s is not None and each.timeout_s <= whole.timeout_s)
        assert each.per_try_timeout_s is None or (whole.per_try_timeout_s or 9.9) <= each.per_try_timeout_s
