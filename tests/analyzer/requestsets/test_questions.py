"""Questions about sets of requests, exact on small universes."""

from __future__ import annotations

from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from analyzer.requestsets.conditions import Condition, Match, either, every, negation
from analyzer.requestsets.conditions import given as known
from analyzer.requestsets.domains import block
from analyzer.requestsets.patterns import Pattern, exact, starred
from analyzer.requestsets.questions import Universe

GET = Match("method", (exact("GET"),))
ADMIN = Match("path", (starred("/admin*"),))
ALICE = Match("principal", (exact("td/ns/a/sa/x"),))


def test_a_condition_and_its_opposite_together_are_decided() -> None:
    universe = Universe([GET, ADMIN])
    assert universe.constant(either((GET, negation(GET)))) is True
    assert universe.constant(every((GET, negation(GET)))) is False
    assert universe.constant(every((GET, ADMIN))) is None


def test_only_what_can_change_the_answer_is_needed() -> None:
    either_way = either((every((GET, ADMIN)), every((negation(GET), ADMIN))))
    assert Universe([either_way]).depends_on(either_way) == ("path",)


def test_a_wider_policy_is_shown_by_a_request_only_it_lets_through() -> None:
    found = Universe([GET, ADMIN]).wider(GET, every((GET, ADMIN)))
    assert found == {"method": "GET", "path": "/"}


def test_equal_meanings_have_no_request_between_them() -> None:
    one = Match("path", (starred("/a*"), exact("/ab")))
    other = Match("path", (starred("/a*"),))
    universe = Universe([one, other])
    assert universe.wider(one, other) is None
    assert universe.wider(other, one) is None


def test_a_literal_star_is_not_the_prefix() -> None:
    literal, prefix = Match("path", (exact("/a/*/b"),)), Match("path", (starred("/a/*"),))
    assert Universe([literal, prefix]).wider(prefix, literal) is not None


def test_a_peer_without_identity_is_a_request_too() -> None:
    found = Universe([ALICE]).wider(True, ALICE)
    assert found == {"principal": None}


def test_an_example_of_a_path_is_one_that_normalisation_leaves_alone() -> None:
    dotted = Match("path", (starred("/a/../b*"),))
    assert Universe([dotted]).example(dotted) is None


def test_an_example_of_an_address_is_written_as_one() -> None:
    pattern = block("10.1.0.0/16")
    assert pattern is not None
    inside = Match("source_ip", (pattern,))
    assert Universe([inside]).example(inside) == {"source_ip": "10.1.0.0"}


def test_two_values_of_one_header_can_meet_two_conditions() -> None:
    both = every((Match("header[x]", (exact("1"),)), Match("header[x]", (exact("2"),))))
    assert Universe([both]).example(both) == {"header[x]": "1, 2"}


def test_one_path_cannot_be_two() -> None:
    both = every((Match("path", (exact("/a"),)), Match("path", (exact("/b"),))))
    assert Universe([both]).constant(both) is False


def test_what_is_let_through_is_said_in_words() -> None:
    condition = every((ALICE, GET, negation(ADMIN)))
    assert [str(b) for b in Universe([condition]).boxes(condition)] == [
        "principal td/ns/a/sa/x, method GET, path any but /admin*"
    ]


METHODS = ["GET", "PUT"]
PATHS = ["/", "/a", "/b", "/ab"]
PRINCIPALS = [None, "t/ns/a/sa/x", "t/ns/b/sa/x"]

LEAVES = st.one_of(
    st.builds(Match, st.just("method"), st.sampled_from([(exact("GET"),), (starred("P*"),)]), st.booleans()),
    st.builds(
        Match, st.just("path"), st.sampled_from([(exact("/a"),), (starred("/a*"),), (starred("*b"),)]), st.booleans()
    ),
    st.builds(
        Match,
        st.just("principal"),
        st.sampled_from([(exact("t/ns/a/sa/x"),), (Pattern("glob", "*/ns/b/*"),)]),
        st.booleans(),
    ),
)
CONDITIONS: st.SearchStrategy[Condition] = st.recursive(
    LEAVES, lambda inner: st.lists(inner, min_size=1, max_size=3).map(every) | st.lists(inner, min_size=1).map(either)
)


def holds(condition: Condition, principal: str | None, method: str, path: str) -> bool:
    left = known(condition, {"principal": (principal,) if principal else (), "method": (method,), "path": (path,)})
    assert isinstance(left, bool)
    return left


@given(CONDITIONS, CONDITIONS)
def test_a_difference_on_a_small_universe_is_found_wherever_there_is_one(a: Condition, b: Condition) -> None:
    everything = list(product(PRINCIPALS, METHODS, PATHS))
    found = Universe([a, b]).wider(a, b)
    if any(holds(a, *r) and not holds(b, *r) for r in everything):
        assert found is not None
    if found is not None:
        example = (found.get("principal"), found.get("method") or "GET", found.get("path") or "/")
        assert holds(a, *example)
        assert not holds(b, *example)


@given(CONDITIONS)
def test_the_opposite_holds_exactly_elsewhere(condition: Condition) -> None:
    for request in product(PRINCIPALS, METHODS, PATHS):
        assert holds(negation(condition), *request) is not holds(condition, *request)
