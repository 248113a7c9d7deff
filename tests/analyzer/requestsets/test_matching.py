"""Matches of texts with holes: sound in both directions, and never slow."""

from __future__ import annotations

from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.requestsets.matching import taken

SEGMENT = st.text("ab1-", min_size=1, max_size=4)
PATH = st.lists(st.one_of(SEGMENT, st.just("{id}")), max_size=4).map(lambda s: "/" + "/".join(s))
WANTED = st.lists(SEGMENT, max_size=4).map(lambda s: "/" + "/".join(s))


@pytest.mark.parametrize(
    ("kind", "wanted", "text", "answer"),
    [
        ("exact", "/a", "/a", True),
        ("prefix", "/a", "/abc", True),
        ("segments", "/a", "/abc", False),
        ("segments", "/a/", "/a", True),
        ("segments", "/", "/x", True),
        ("regex", "/a/[0-9]+", "/a/12", True),
        ("regex", "/a", "/a/12", False),
        ("suffix", ".png", "/x.png", True),
        ("contains", "b/c", "/a/b/c", True),
        ("present", "", "x", True),
        ("exact", "/a/1", "/a/{id}", None),
        ("exact", "/b", "/a/{id}", False),
        ("regex", "/a/[^/]*", "/a/{id}", True),
        ("regex", "/b/.*", "/a/{id}", False),
        ("regex", ".*", "/a/*", True),
        ("exact", "/a", None, None),
    ],
)
def test_a_text_is_taken(kind: str, wanted: str, text: str | None, answer: bool | None) -> None:
    assert taken(kind, wanted, text) is answer


@given(st.sampled_from(["exact", "prefix", "segments", "suffix", "contains"]), WANTED, PATH, SEGMENT)
def test_a_sure_answer_holds_for_every_filling(kind: str, wanted: str, path: str, filling: str) -> None:
    answer = taken(kind, wanted, path)
    filled = taken(kind, wanted, path.replace("{id}", filling))
    assert answer is None or answer is filled


@given(st.text("ab(+*)[]{}.?|^$\\/", max_size=20), st.text("ab/", max_size=30))
def test_whatever_the_expression_nothing_raises(pattern: str, text: str) -> None:
    assert taken("regex", pattern, text) in (True, False, None)
    assert taken("regex", pattern, f"{text}/{{id}}") in (True, False, None)


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a*)*b", ".*.*.*.*.*.*b", "(?:a|a)*b"])
def test_an_expression_that_may_take_long_is_not_run(pattern: str) -> None:
    before = perf_counter()
    taken("regex", pattern, "a" * 120)
    taken("prefix", "/" + "a" * 5000, "/" + "*/" * 6)
    assert perf_counter() - before < 1
