"""Names as people give them."""

from __future__ import annotations

import pytest

from analyzer.model import Operation
from analyzer.naming import NamingError, operation, service

SERVICES = ["prod/payments", "prod/orders", "staging/orders", "external:api.example", "unresolved"]
OPERATIONS = [
    Operation("prod/payments", "POST /v1/payments"),
    Operation("prod/payments", "GET /v1/payments/{payment_id}"),
    Operation("prod/payments", "/pay.v1.Pay/Charge"),
    Operation("prod/orders", "*"),
]


@pytest.mark.parametrize(
    "text",
    ["prod/payments", "payments", "PAYMENTS", "payments.prod", "payments.prod.svc", "payments.prod.svc.cluster.local"],
)
def test_a_service_is_found_by_any_of_its_names(text: str) -> None:
    assert service(text, SERVICES) == "prod/payments"


def test_an_external_host_is_found_without_its_prefix() -> None:
    assert service("api.example", SERVICES) == "external:api.example"


def test_a_name_that_two_have_lists_both() -> None:
    with pytest.raises(NamingError, match=r"'orders' may be prod/orders, staging/orders"):
        service("orders", SERVICES)


def test_a_name_that_nobody_has_lists_what_is_near() -> None:
    with pytest.raises(NamingError, match=r"no service is called 'paymets'; there is prod/payments"):
        service("paymets", SERVICES)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("payments POST /v1/payments", "POST /v1/payments"),
        ("payments /v1/payments", "POST /v1/payments"),
        ("payments GET /v1/payments/{id}", "GET /v1/payments/{payment_id}"),
        ("payments Charge", "/pay.v1.Pay/Charge"),
        ("orders", "*"),
    ],
)
def test_an_operation_is_found_by_as_much_of_its_name_as_makes_it_clear(text: str, found: str) -> None:
    assert [o.name for o in operation(text, OPERATIONS)] == [found]


def test_a_service_alone_means_all_its_operations() -> None:
    assert len(operation("payments", OPERATIONS)) == 3


def test_an_operation_that_is_not_there_lists_those_that_are() -> None:
    with pytest.raises(NamingError, match=r"prod/payments has no operation 'DELETE /x'; it has .*Charge"):
        operation("payments DELETE /x", OPERATIONS)
