"""The report as a document."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from analyzer.model import Operation, Precision
from analyzer.report import AmplificationView, Report
from parsers.quantities import UNBOUNDED, Count
from tests.analyzer.showcase import BOOK, GATE, PAY, shop, system

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "schema" / "meshgain-1.json").read_text())


def problems(document: object) -> list[str]:
    return [f"{e.json_path}: {e.message}" for e in Draft202012Validator(SCHEMA).iter_errors(document)]


def row(worst: Count, target: Operation = BOOK, chain: tuple[str, ...] = ("a",)) -> AmplificationView:
    return AmplificationView(GATE, target, worst, worst, None, "503", (), chain, Precision.EXACT)


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("report", [Report(), shop(), system(30)], ids=["empty", "shop", "thirty"])
def test_every_report_validates(report: Report) -> None:
    assert problems(json.loads(json.dumps(report.to_dict()))) == []


@pytest.mark.parametrize(
    ("table", "key"),
    [
        ("calls", "gain"),
        ("amplification", "worst"),
        ("findings", "fingerprint"),
        ("services", "mesh"),
        ("paths", "cut"),
    ],
)
def test_the_schema_misses_a_key_that_must_stay(table: str, key: str) -> None:
    document = json.loads(json.dumps(shop().to_dict()))
    del document[table][0][key]
    assert any(f"'{key}' is a required property" in p for p in problems(document))


def test_the_schema_refuses_a_number_that_is_none() -> None:
    document = json.loads(json.dumps(shop().to_dict()))
    document["amplification"][0]["worst"] = "many"
    assert problems(document)


def test_without_bound_is_the_word_inf() -> None:
    document = Report(amplification=(row(UNBOUNDED),)).to_dict()
    assert json.loads(json.dumps(document))["amplification"][0]["worst"] == "inf"
    assert document["summary"]["worst"] == "inf"  # type: ignore[index]


def test_numbers_beyond_what_floats_hold_stay_exact() -> None:
    big = 3**80
    text = json.dumps(Report(amplification=(row(Count(big)),)).to_dict())
    assert json.loads(text)["amplification"][0]["worst"] == big


def test_the_headline_is_the_largest_and_without_bound_is_larger_than_any() -> None:
    rows = (row(Count(999)), row(UNBOUNDED, PAY), row(Count(5)))
    worst = Report(amplification=rows).worst
    assert worst is not None
    assert worst.target == PAY


def test_of_equal_numbers_the_longer_chain_is_the_headline() -> None:
    worst = Report(amplification=(row(Count(9)), row(Count(9), PAY, ("a", "b")))).worst
    assert worst is not None
    assert worst.target == PAY


def test_a_system_that_multiplies_nothing_has_no_headline() -> None:
    assert Report(amplification=(row(Count(1)),)).worst is None


def test_a_name_that_two_namespaces_share_is_said_with_its_namespace() -> None:
    report = shop()
    twin = replace(report.services[0], id="other/storefront", namespace="other", name="storefront")
    names = replace(report, services=(*report.services, twin)).short_names
    assert names["shop-prod/storefront"] == "shop-prod/storefront"
    assert names["payment-prod/ledger"] == "ledger"


def test_a_sentence_is_said_with_short_names_and_paths_stay_whole() -> None:
    report = shop()
    assert report.plain("payment-prod/ledger is asked") == "ledger is asked"
    assert report.plain("see deploy/payment-prod/ledger.yaml") == "see deploy/payment-prod/ledger.yaml"


def test_the_summary_counts_what_is_there() -> None:
    summary = shop().summary()
    assert summary["findings"] == {"note": 0, "warning": 1, "error": 2}
    assert summary["paths"] == {"broken": 1, "bypass": 1, "open": 1}
    assert summary["worst"] == 144
