"""The samples as a newcomer sees them: the whole report on a terminal, line by line.

Golden files change only with ``--update``, and the difference is read.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from analyzer.options import Options
from analyzer.pipeline import Study, study
from analyzer.report import Report
from analyzer.reports import Page, load
from parsers.disk import DiskTree
from parsers.source import MemoryTree, SourceFile
from tests.analyzer.test_report import problems

HERE = Path(__file__).parent
SAMPLES = sorted(p for p in (HERE.parents[1] / "sample_repos").iterdir() if p.is_dir())


def found(name: str) -> Study:
    return study(DiskTree(HERE.parents[1] / "sample_repos" / name), Options())


@pytest.fixture(scope="module")
def payments() -> Report:
    return found("payments").report


def test_there_are_samples() -> None:
    assert [p.name for p in SAMPLES] == ["minimal", "payments"]


@pytest.mark.parametrize("name", ["minimal", "payments"])
def test_the_report_of_a_sample_is_the_one_that_was_read(name: str, golden: Callable[[Path, str], None]) -> None:
    golden(HERE / f"{name}.txt", load("text").render(found(name).report, Page(100, title=name)))


@pytest.mark.parametrize("name", ["minimal", "payments"])
def test_the_document_of_a_sample_validates(name: str) -> None:
    assert problems(json.loads(json.dumps(found(name).report.to_dict()))) == []


def test_the_order_of_files_changes_nothing(payments: Report) -> None:
    tree = DiskTree(HERE.parents[1] / "sample_repos" / "payments")
    files = {p: f.text for p in reversed(tree.paths()) if isinstance(f := tree.read(p), SourceFile)}
    shuffled = MemoryTree(files)
    assert study(shuffled, Options()).report.to_dict() == payments.to_dict()


def test_one_checkout_becomes_144_bookings_and_36_charges(payments: Report) -> None:
    worst = {
        payments.name(a.target): a.worst.to_json() for a in payments.amplification if a.entry.name == "POST /checkout"
    }
    assert worst["ledger POST /entries"] == 144
    assert worst["api.cardhub.example POST /charges"] == 36
    assert worst["payment-service POST /v1/payments"] == 36


def test_three_attempts_and_three_retries_are_twelve_each_with_its_line(payments: Report) -> None:
    call = next(c for c in payments.calls if c.callee.name == "POST /v1/payments")
    firing = [(y.attempts.to_json(), str(y.span)) for y in call.layers if y.attempts and y.kind in ("app", "sidecar")]
    assert call.gain.worst.to_json() == 12
    assert firing == [
        (3, "services/order-service/orders/clients.py:29"),
        (4, "deploy/istio/payment-service.yaml:13"),
    ]


def test_the_bypass_the_broken_calls_and_the_open_service_are_found_and_nothing_else(payments: Report) -> None:
    paths = {(p.kind, p.source, payments.name(p.target)) for p in payments.unexpected}
    assert paths == {
        ("open", "none", "invoice-archive"),
        ("bypass", "support-prod/support-desk", "payment-service GET /v1/payments/{payment_id}"),
        ("broken", "order-prod/order-service", "payment-service GET /v1/payments/{payment_id}"),
        ("broken", "order-prod/order-service", "payment-service POST /v1/payments/{payment_id}/refund"),
    }


def test_the_healthy_part_is_left_in_peace(payments: Report) -> None:
    told = " ".join(f.message for f in payments.findings if f.severity.name == "ERROR")
    assert "pricing-service" not in told
