"""Patterns of strings."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.requestsets.classes import TooManyError, classes
from analyzer.requestsets.patterns import ANY, ANYTHING, SOME, Pattern, exact, folded, starred, ways


def test_a_star_stands_for_something_by_itself_and_for_anything_beside_a_text() -> None:
    assert [starred(v) for v in ("*", "*a", "a*", "a")] == [
        SOME,
        Pattern("suffix", "a"),
        Pattern("prefix", "a"),
        exact("a"),
    ]


def test_a_leading_star_is_read_before_a_trailing_one() -> None:
    assert starred("*x*").matches("ax*")
    assert not starred("*x*").matches("axb")


def test_a_star_inside_is_a_literal() -> None:
    assert starred("/a*b").matches("/a*b")
    assert not starred("/a*b").matches("/axb")


def test_a_template_operator_takes_one_segment_and_not_less() -> None:
    one = Pattern("template", "/users/{*}/secrets")
    assert one.matches("/users/1/secrets")
    assert not any(
        one.matches(p) for p in ("/users//secrets", "/users/1/2/secrets", "/users/1/secrets/", "/users/[1]/secrets")
    )


def test_a_double_template_operator_takes_any_number_of_segments() -> None:
    rest = Pattern("template", "/api/{**}")
    assert all(rest.matches(p) for p in ("/api/", "/api/a", "/api/a/b"))
    assert not rest.matches("/api")


def test_a_hole_in_a_path_is_one_segment_that_looks_like_an_identifier() -> None:
    path = Pattern("holes", "/v1/{id}/refund")
    assert path.matches("/v1/abc-1/refund")
    assert not any(path.matches(p) for p in ("/v1/*/refund", "/v1//refund", "/v1/a/b/refund"))


def test_case_is_folded_on_both_sides() -> None:
    assert folded(exact("Shop.Example")).matches("SHOP.example")


def test_an_account_is_found_in_any_trust_domain_but_not_in_another_namespace() -> None:
    account = Pattern("account", "foo/a")
    assert account.matches("td1/ns/foo/sa/a")
    assert not any(account.matches(p) for p in ("td1/ns/foo2/sa/a", "td1/ns/foo/sa/ab", "td1/ns/x/sa/foo/a"))


PATTERNS = st.one_of(
    st.sampled_from([ANY, SOME]),
    st.builds(Pattern, st.sampled_from(["exact", "prefix", "suffix", "glob"]), st.text("ab*", min_size=1, max_size=3)),
    st.builds(Pattern, st.just("template"), st.sampled_from(["/{*}", "/{**}", "a/{*}/b", "/{**}/a"])),
)


@given(PATTERNS, st.text("ab*/[", max_size=6))
def test_a_string_matches_as_its_items_written_out_say(pattern: Pattern, text: str) -> None:
    written = "|".join(
        "".join(
            ("[^" if i.glyphs.negated else "[")
            + "".join(map(re.escape, sorted(i.glyphs.chars | {"\0"})))
            + "]"
            + ("*" if i.star else "")
            for i in way
        )
        for way in ways(pattern)
    )
    assert pattern.matches(text) == (re.fullmatch(written, text) is not None)


@given(st.lists(PATTERNS, max_size=4), st.text("ab*/[", max_size=4))
def test_every_string_is_in_the_class_of_the_patterns_it_matches(patterns: list[Pattern], text: str) -> None:
    found = classes(patterns, (ANYTHING,))
    assert frozenset(p for p in patterns if p.matches(text)) in {c.accepted for c in found}


@given(st.lists(PATTERNS, max_size=4))
def test_a_witness_matches_the_patterns_of_its_class_and_no_other(patterns: list[Pattern]) -> None:
    for group in classes(patterns, (ANYTHING,)):
        assert group.witness is not None
        assert group.accepted == frozenset(p for p in patterns if p.matches(group.witness))


def test_a_class_whose_strings_are_all_named_exactly_is_not_made_up() -> None:
    only = (ways(exact("x"))[0], ways(exact("y"))[0])
    found = classes([exact("x"), exact("y")], only)
    assert {c.witness for c in found} == {"x", "y"}


def test_patterns_that_need_too_many_states_are_refused() -> None:
    hard = [Pattern("glob", "*" + "*".join("ab"[(n >> i) & 1] for i in range(8)) + "*c") for n in range(200)]
    with pytest.raises(TooManyError):
        classes(hard, (ANYTHING,))
