"""Explaining a call and a failure, on the samples."""

from __future__ import annotations

from pathlib import Path

import pytest

from analyzer.explanation import QuestionError, calls, scenario
from analyzer.naming import NamingError
from analyzer.options import Options
from analyzer.pipeline import Study, study
from analyzer.reports import PLAIN
from analyzer.reports.text.answers import told
from parsers.disk import DiskTree
from parsers.quantities import Count

SAMPLES = Path(__file__).parents[2] / "sample_repos"


@pytest.fixture(scope="module")
def shop() -> Study:
    return study(DiskTree(SAMPLES / "payments"), Options(), judged=False)


def test_the_factors_of_every_cause_multiply_to_what_arrives(shop: Study) -> None:
    (one,) = calls(shop, "order-service", "payment-service POST /v1/payments").calls
    for row in one.rows:
        product = 1
        for factor in row.factors:
            product *= factor.value or 0
        assert Count(product) == row.requests, row


def test_three_attempts_of_the_code_and_three_retries_of_the_mesh_are_twelve(shop: Study) -> None:
    (one,) = calls(shop, "order-service", "payment-service POST /v1/payments").calls
    row = next(r for r in one.rows if r.cause == "503")
    assert [f.value for f in row.factors if f.value != 1] == [3, 4]
    assert row.requests == Count(12)


def test_a_layer_that_does_not_fire_counts_one(shop: Study) -> None:
    (one,) = calls(shop, "payment-service", "ledger POST /entries").calls
    by_cause = {r.cause: [f.value for f in r.factors] for r in one.rows}
    assert by_cause["503"][0] == 4
    assert by_cause["500"][0] == 1


def test_the_text_names_each_layer_with_its_line(shop: Study) -> None:
    text = told(calls(shop, "order-service", "payment-service POST /v1/payments"), PLAIN)
    assert "services/order-service/orders/clients.py:29" in text
    assert "deploy/istio/payment-service.yaml:13" in text


def test_a_failure_arrives_everywhere_it_does(shop: Study) -> None:
    found = scenario(shop, "ledger POST /entries", "503", ["storefront POST /checkout"]).scenario
    load = {shop.report.name(x.operation): x.requests.value for x in found.load}
    assert load["ledger POST /entries"] == 144
    assert load["payment-service POST /v1/payments"] == 36
    assert load["api.cardhub.example POST /charges"] == 36
    assert load["order-service POST /v1/orders"] == 3


def test_without_a_cause_the_worst_is_taken(shop: Study) -> None:
    found = scenario(shop, "ledger POST /entries", None).scenario
    assert max(x.requests for x in found.load) == Count(144)


def test_where_an_entry_is_named_and_nothing_arrives_the_answer_is_none(shop: Study) -> None:
    found = scenario(shop, "ledger POST /entries", "503", ["support-desk GET /cases/{payment_id}"]).scenario
    load = {shop.report.name(x.operation): x.requests.value for x in found.load}
    assert load["ledger POST /entries"] == 0
    assert load["support-desk GET /cases/{payment_id}"] == 1


def test_a_failure_that_no_entry_leads_to_is_said(shop: Study) -> None:
    with pytest.raises(QuestionError, match=r"no request at .* leads to support-desk"):
        scenario(shop, "support-desk GET /healthz", "503")


@pytest.mark.parametrize("cause", ["sad", "5xx", "99", "grpc-", "connect"])
def test_a_cause_that_is_none_is_refused(shop: Study, cause: str) -> None:
    with pytest.raises(QuestionError, match="a cause is"):
        scenario(shop, "ledger", cause)


@pytest.mark.parametrize(
    "cause", ["connect-failure", "503+retry-after", "grpc-resource-exhausted", "proxy-503", "timeout"]
)
def test_causes_are_spelled_as_the_documents_spell_them(shop: Study, cause: str) -> None:
    assert scenario(shop, "ledger POST /entries", cause).scenario.cause == cause


def test_services_that_do_not_talk_are_said_to_call_others(shop: Study) -> None:
    with pytest.raises(QuestionError, match=r"ledger does not call storefront; ledger calls nothing"):
        calls(shop, "ledger", "storefront")
    with pytest.raises(NamingError):
        calls(shop, "nobody", "storefront")
