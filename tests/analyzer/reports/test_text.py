"""The report on a terminal."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from analyzer.model import Precision
from analyzer.report import Report, StandardView
from analyzer.reports import Page, load
from analyzer.reports.text.ink import Ink, clean, shorten, width
from parsers.quantities import UNBOUNDED, Count
from tests.analyzer.reports.hostile import hostile
from tests.analyzer.showcase import shop, system


def text(report: Report, columns: int = 100, colour: bool = False) -> str:
    return load("text").render(report, Page(columns, colour, "shop"))


def test_the_first_line_says_what_was_looked_at_and_what_was_not_understood() -> None:
    assert text(shop(), 160).splitlines()[0] == (
        "shop: 9 services, 15 operations, 10 calls; Istio 1.32 (the newest modelled); 1 file and 1 field not understood"
    )


def test_a_tree_that_was_understood_says_so() -> None:
    assert "everything understood" in text(replace(shop(), diagnostics=()), 160).splitlines()[0]


def test_the_headline_names_the_number_and_both_ends() -> None:
    assert "1 request at storefront POST /checkout can become up to 144 at ledger POST /entries" in text(shop())


def test_a_chain_is_told_hop_by_hop_with_every_factor_and_its_line() -> None:
    chain = text(shop(), 100).split("Worst chains")[1].split("\n\n")[0].splitlines()[1:]
    told = [re.sub(r"\s{2,}", "  ", line.strip()) for line in chain]
    assert told[:10] == [
        "1  storefront POST /checkout",
        "│ ×3  tenacity  stop_after_attempt(3)  services/storefront/storefront/orders.py:11",
        "│ –  not on 500: sidecar default (2 retries)  nothing is written",
        "3  order-service POST /v1/orders  fails with 500",
        "│ ×3  tenacity  stop_after_attempt(3)  services/order-service/orders/clients.py:11",
        "│ ×4  sidecar  attempts: 3  deploy/istio/payment-service.yaml:13",
        "36  payment-service POST /v1/payments  fails with 500",
        "│ ×4  urllib3.Retry  total=3  services/payment-service/payments/ledger.py:14",
        "│ –  not on 503: sidecar default (2 retries)  nothing is written",
        "144  ledger POST /entries  fails with 503",
    ]


def test_what_is_hit_meanwhile_is_told() -> None:
    assert "meanwhile 36 at api.cardhub.example POST /charges" in text(shop())


def test_a_number_larger_than_its_chain_says_that_other_ways_lead_there() -> None:
    report = shop()
    rows = tuple(replace(a, worst=Count(150)) if a.worst == Count(144) else a for a in report.amplification)
    assert "150  in all, with every other way that leads there" in text(replace(report, amplification=rows))


def test_a_guess_does_not_look_like_a_fact() -> None:
    report = shop()
    rows = tuple(replace(a, precision=Precision.UNKNOWN) for a in report.amplification)
    assert "with parts that are not known" in text(replace(report, amplification=rows))


def test_without_bound_is_said_in_words() -> None:
    report = shop()
    rows = tuple(replace(a, worst=UNBOUNDED) for a in report.amplification[:1])
    assert "without bound" in text(replace(report, amplification=rows))


def test_every_kind_of_path_is_explained() -> None:
    told = text(shop())
    assert "broken  the code makes this call and policy denies it" in told
    assert "bypass  not allowed directly, but through another service" in told
    assert "closed by: an AuthorizationPolicy on admin-service" in told


def test_who_calls_whom_is_a_line_a_caller() -> None:
    calls = text(shop(), 100).split("Calls ──")[1].split("\n\n")[0]
    lines = [re.sub(r"\s{2,}", " ", line.strip()) for line in calls.splitlines()[1:]]
    assert "order-service → inventory-service ×12, payment-service ×12 (1 of 2 denied)" in lines
    assert "storefront → order-service ×3, pricing-service ×3" in lines


def test_findings_end_with_a_count() -> None:
    assert text(shop()).rstrip().splitlines()[-1] == "2 errors, 1 warning"


def test_the_checklist_shows_pass_fail_and_undecided() -> None:
    rows = tuple(StandardView(t, s) for t, s in (("a", "pass"), ("b", "fail"), ("c", "not decidable")))
    told = text(replace(shop(), standards=rows)).split("Standards")[1].splitlines()[1:4]
    assert [line.strip()[0] for line in told] == ["✓", "✗", "·"]


def test_a_report_of_nothing_says_so() -> None:
    assert "no call between services found" in text(Report())


@pytest.mark.parametrize("columns", [60, 80, 100, 140])
@pytest.mark.parametrize("report", [shop(), system(60)], ids=["shop", "sixty"])
def test_no_line_is_wider_than_the_terminal_unless_a_place_is(report: Report, columns: int) -> None:
    for line in text(report, columns).splitlines():
        assert width(line) <= columns or re.search(r"\S{45,}", line), line


def test_places_are_never_cut() -> None:
    told = text(shop(), 60)
    for finding in shop().findings:
        assert str(finding.span) in told


def test_without_a_terminal_there_is_no_colour() -> None:
    assert "\x1b" not in text(shop())
    assert "\x1b[" in text(shop(), colour=True)


def test_colour_changes_no_letter() -> None:
    assert re.sub(r"\x1b\[[\d;]*m", "", text(shop(), colour=True)) == text(shop())


def test_names_cannot_reach_the_terminal_as_commands() -> None:
    assert "\x1b" not in text(hostile())
    assert "\x07" not in text(hostile())


def test_wide_characters_count_twice_and_combining_ones_not() -> None:
    assert width("漢字") == 4
    assert width("e\u0301") == 1


def test_a_shortened_text_fits_and_says_that_it_is() -> None:
    assert shorten("abcdefghij", 5) == "abcd…"
    assert shorten("abc", 5) == "abc"
    assert width(shorten("漢" * 9, 6)) <= 6


def test_control_characters_are_shown() -> None:
    assert clean("a\x1bb\n") == "a\\x1bb\\n"


def test_a_place_that_does_not_fit_gets_a_line_of_its_own() -> None:
    lines = list(Ink(40, colour=False).lines("some words that are long", "a/very/long/path/to/a/file.py:12"))
    assert lines[-1].strip() == "a/very/long/path/to/a/file.py:12"
