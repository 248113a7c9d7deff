"""Texts known in part, and the addresses in them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.linking.texts import Address, addresses, evaluate, hole, shown
from analyzer.linking.variables import Variable, Variables
from parsers.facts.python import Hole
from tests.analyzer.linking.build import env


def one(text: str) -> Address:
    (found,) = addresses(text)
    return found


@pytest.mark.parametrize(
    ("text", "host", "port", "path"),
    [
        ("http://pay:8080/v1/x?y=1#z", "pay", 8080, "/v1/x"),
        ("https://user:p%40w@pay/x", "pay", 443, "/x"),
        ("pay:8080", "pay", 8080, None),
        ("pay.prod.svc.cluster.local.", "pay.prod.svc.cluster.local.", None, None),
        ("dns:///pay:50051", "pay", 50051, None),
        ("dns://8.8.8.8/pay:50051", "pay", 50051, None),
        ("ipv4:10.0.0.1:50051", "10.0.0.1", 50051, None),
        ("unix:/run/x.sock", "localhost", None, None),
        ("http://[::1]:80/a", "::1", 80, "/a"),
        ("[::]:50051", "::", 50051, None),
        ("redis://:secret@cache:6379/0", "cache", 6379, "/0"),
        ("/only/a/path", "", None, "/only/a/path"),
        ("http://pay//v1///x", "pay", 80, "/v1/x"),
        ("", "", None, None),
    ],
)
def test_an_address_is_taken_apart(text: str, host: str, port: int | None, path: str | None) -> None:
    found = one(text)
    assert (found.host, found.port, found.path) == (host, port, path)


def test_a_list_of_hosts_is_several_addresses() -> None:
    assert [(a.host, a.port) for a in addresses("kafka-0:9092,kafka-1:9092")] == [("kafka-0", 9092), ("kafka-1", 9092)]


def test_what_follows_a_port_is_the_path() -> None:
    assert shown(one(f"http://pay:8080{hole('endpoint')}").path or "") == "/{endpoint}"


def test_a_hole_named_like_a_path_is_no_part_of_the_host() -> None:
    found = one(f"http://pay{hole('path')}")
    assert (found.host, shown(found.path or "")) == ("pay", "/{path}")


def test_a_path_may_follow_a_base_that_is_not_known() -> None:
    found = one(f"{hole('BASE_URL')}users/1")
    assert not found.known
    assert found.path == "/users/1"


def test_two_holes_in_a_row_are_a_base_and_a_path() -> None:
    found = one(f"{hole('GOODS_URL')}{hole('request.url')}")
    assert not found.known
    assert shown(found.path or "") == "/{request.url}"


def test_a_hole_may_be_the_host_and_hold_slashes_in_its_name() -> None:
    found = one(f"http://{hole('a/b:c')}:80/x")
    assert not found.known
    assert (found.port, found.path) == (80, "/x")


def test_the_environment_wins_over_the_default() -> None:
    known = Variables({"PAY": Variable("pay:1", None)}, complete=True)
    assert evaluate(("http://", env("PAY", "localhost")), known).text == "http://pay:1"


def test_without_a_value_the_default_counts() -> None:
    assert evaluate((env("PAY", "http://local"), "/x"), Variables({}, complete=True)).text == "http://local/x"


def test_a_secret_is_not_replaced_by_the_default() -> None:
    known = Variables({"PAY": Variable(None, None)}, complete=True)
    text = evaluate((env("PAY", "http://local"),), known)
    assert shown(text.text) == "{$PAY}"
    assert text.hidden == ("PAY",)


def test_a_variable_that_nobody_sets_is_missing() -> None:
    assert evaluate((env("PAY"), Hole("id")), Variables({}, complete=True)).missing == ("PAY",)


@given(st.text(max_size=60))
def test_no_text_breaks_the_reader(text: str) -> None:
    for found in addresses(text):
        assert found.port is None or 0 <= found.port < 100_000


@given(
    st.from_regex(r"[a-z][a-z0-9\-]{0,10}", fullmatch=True),
    st.integers(1, 65535),
    st.from_regex(r"(/[a-z0-9]{1,5}){1,4}", fullmatch=True),
)
def test_an_address_put_together_comes_apart_again(host: str, port: int, path: str) -> None:
    found = one(f"http://{host}:{port}{path}")
    assert (found.host, found.port, found.path) == (host, port, path)
