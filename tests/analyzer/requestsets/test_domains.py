"""What values of attributes look like."""

from __future__ import annotations

import pytest

from analyzer.requestsets.classes import classes
from analyzer.requestsets.domains import address_bits, block, domain, possible, readable, readable_pattern


@pytest.mark.parametrize("address", ["10.1.2.3", "0.0.0.0", "2001:db8::1"])
def test_an_address_is_the_same_as_bits_and_back(address: str) -> None:
    bits = address_bits(address)
    assert bits is not None
    assert readable("source_ip", bits) == address


def test_a_block_takes_its_addresses_and_no_other_family() -> None:
    inside = block("10.1.0.0/16")
    assert inside is not None
    assert [inside.matches(address_bits(a) or "") for a in ("10.1.9.9", "10.2.0.0", "::a01:1")] == [True, False, False]
    assert readable_pattern("source_ip", inside) == "10.1.0.0/16"


def test_what_is_no_address_is_none() -> None:
    assert (address_bits("x"), block("10.0.0.0/99"), block("")) == (None, None, None)


def test_a_block_may_have_host_bits_set() -> None:
    assert block("10.1.2.3/8") == block("10.0.0.0/8")


@pytest.mark.parametrize(
    ("attribute", "value", "answer"),
    [
        ("port", "65535", True),
        ("port", "65536", False),
        ("path", "/a/../b", False),
        ("path", "/a/.", False),
        ("path", "/a%2Fb", True),
        ("path", "/a%41", False),
        ("path", "/a%zz", False),
        ("path", "/a%2", False),
        ("host", "anything", True),
    ],
)
def test_values_that_no_request_can_have_are_not_possible(attribute: str, value: str, answer: bool) -> None:
    assert possible(attribute, value) is answer


@pytest.mark.parametrize(
    "attribute", ["principal", "source_ip", "port", "method", "path", "host", "sni", "header[x]", "claim[a]"]
)
def test_every_attribute_has_an_example(attribute: str) -> None:
    (only,) = classes([], domain(attribute))
    assert only.witness is not None
