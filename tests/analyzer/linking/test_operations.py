"""Names of operations, and which one a request asks for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.linking.operations import canonical, match, operation_name
from analyzer.linking.texts import hole
from analyzer.model import Precision
from tests.analyzer.linking.build import handler

KNOWN = ("GET /", "GET /files/{p:path}", "GET /users/me", "GET /users/{id}", "POST /users", "* /any")


@pytest.mark.parametrize(
    ("route", "expected"),
    [
        ("/users/<int:id>", "/users/{id}"),
        ("/users/<id>", "/users/{id}"),
        ("/f/<path:p>", "/f/{p:path}"),
        ("/f/{p:path}", "/f/{p:path}"),
        (r"/u/{id:\d{2,3}}/x", "/u/{id}/x"),
        ("/u/:id/x", "/u/{id}/x"),
        (r"^users/(?P<pk>\d+)/$", "/users/{pk}/"),
        (r"^a/(?P<b>(x|y))/(?P<c>.*)$", "/a/{b}/{c:path}"),
        (r"/u/([0-9]+)", "/u/{}"),
        ("users/<int:pk>/", "/users/{pk}/"),
        ("/<any(a, b):page>", "/{page}"),
        ("", "/"),
        ("*", "*"),
    ],
)
def test_every_framework_has_one_spelling(route: str, expected: str) -> None:
    assert canonical(route) == expected


@given(st.text(max_size=40))
def test_a_canonical_route_stays_as_it_is(route: str) -> None:
    once = canonical(route)
    assert once == "*" or once.startswith("/")


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/users/me", "GET /users/me"),
        ("GET", "/users/17", "GET /users/{id}"),
        ("GET", f"/users/{hole('x')}", "GET /users/{id}"),
        ("HEAD", "/users/17", "GET /users/{id}"),
        ("POST", "/users/", "POST /users"),
        ("GET", "/files/a/b/c", "GET /files/{p:path}"),
        ("PUT", "/any", "* /any"),
        ("GET", "/", "GET /"),
    ],
)
def test_the_most_specific_operation_is_asked(method: str, path: str, expected: str) -> None:
    (found,) = match(KNOWN, "http", method, path)
    assert (found.name, found.precision) == (expected, Precision.EXACT)


def test_a_hole_that_may_be_a_literal_asks_for_it_where_nothing_fits_better() -> None:
    (found,) = match(("GET /balances/all",), "http", "GET", f"/balances/{hole('what')}")
    assert found.name == "GET /balances/all"


def test_a_prefix_that_is_taken_off_is_told() -> None:
    (found,) = match(KNOWN, "http", "POST", "/api/v1/users")
    assert (found.name, found.precision) == ("POST /users", Precision.UPPER_BOUND)
    assert found.note is not None


def test_of_two_parameters_the_one_of_that_name_is_meant() -> None:
    (found,) = match(("GET /p/{product_id}", "GET /p/{slug}"), "http", "GET", f"/p/{hole('item.slug')}")
    assert found.name == "GET /p/{slug}"


def test_what_no_handler_serves_keeps_its_name_and_is_no_fact() -> None:
    (found,) = match(KNOWN, "http", "DELETE", "/users/7")
    assert (found.name, found.precision) == ("DELETE /users/7", Precision.UPPER_BOUND)


def test_a_callee_of_which_nothing_is_known_is_asked_as_written() -> None:
    (found,) = match((), "http", "get", f"/users/{hole('user_id')}")
    assert (found.name, found.precision) == ("GET /users/{user_id}", Precision.EXACT)


def test_an_unknown_path_may_be_any_operation_of_that_method() -> None:
    found = match(("GET /a", "GET /b", "POST /c"), "http", "GET", hole("url"))
    assert [m.name for m in found] == ["GET /a", "GET /b"]
    assert {m.precision for m in found} == {Precision.UPPER_BOUND}


def test_too_many_possible_operations_are_one_unknown() -> None:
    (found,) = match([f"GET /{i}" for i in range(20)], "http", "GET", hole("url"))
    assert (found.name, found.precision) == ("*", Precision.UNKNOWN)


def test_a_rpc_is_found_without_its_package() -> None:
    (found,) = match(("/shop.v1.Catalog/List",), "grpc", "/Catalog/List", None)
    assert found.name == "/shop.v1.Catalog/List"


def test_operations_that_are_no_requests_say_what_starts_them() -> None:
    assert operation_name(handler("*", "orders", path="a.py", kind="consumer")) == "consumer orders"
    assert operation_name(handler("*", "*", path="a.py", kind="cli", symbol="manage.main")) == "cli manage.main"


@given(
    st.lists(st.sampled_from(["a", "b", "{x}", "{y:path}"]), min_size=1, max_size=5),
    st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=5),
)
def test_a_match_fits_segment_by_segment(route: list[str], path: list[str]) -> None:
    (found,) = match((f"GET /{'/'.join(route)}",), "http", "GET", "/" + "/".join(path))
    if found.precision is Precision.EXACT:
        multi = next((i for i, s in enumerate(route) if s.endswith(":path}")), None)
        assert multi is not None or len(route) == len(path)
        assert all(r in (p, "{x}") for r, p in zip(route[:multi], path, strict=False))
