"""What is drawn, and what is folded."""

from __future__ import annotations

from dataclasses import replace

from analyzer.diagram import ANYONE, READABLE, View, band, diagram
from analyzer.model import Precision
from analyzer.report import PathView, Report
from parsers.quantities import UNBOUNDED, Count
from tests.analyzer.showcase import ADMIN, ARCHIVE, BOOK, PAY, shop, system


def test_calls_between_two_services_are_one_line() -> None:
    line = next(x for x in diagram(shop()).lines if x.target == "payment-prod/payment-service" and x.denied)
    assert len(line.calls) == 2
    assert line.label == "×12 1 of 2 denied"


def test_the_gain_of_a_denied_call_is_not_on_the_line() -> None:
    report = shop()
    only = replace(report, calls=tuple(c for c in report.calls if c.denied))
    assert [x.label for x in diagram(only).lines if x.calls] == ["denied"]


def test_an_open_service_is_reached_by_anyone() -> None:
    drawn = diagram(shop())
    assert [x.target for x in drawn.lines if x.source == ANYONE] == ["legacy-service/invoice-archive"]


def test_a_way_around_a_policy_is_marked_on_each_of_its_lines() -> None:
    marked = {(x.source, x.target) for x in diagram(shop()).lines if x.bypass}
    desk, admin, payment = "support-prod/support-desk", "admin-prod/admin-service", "payment-prod/payment-service"
    assert marked == {(desk, admin), (admin, payment)}


def test_a_small_system_is_drawn_whole() -> None:
    drawn = diagram(system(40))
    assert drawn.folded == 0


def test_a_large_system_is_folded_to_what_can_be_read_and_counts_the_rest() -> None:
    report = system(300)
    drawn = diagram(report)
    assert len(drawn.boxes) <= READABLE
    assert drawn.folded + len(drawn.boxes) == len(
        {s for c in report.calls for s in (c.caller.service, c.callee.service)}
    )
    assert sum(b.folded for b in drawn.boxes) > 0


def test_folding_keeps_the_worst_chain_whole() -> None:
    report = system(300)
    worst = report.worst
    assert worst is not None
    shown = {b.id for b in diagram(report).boxes}
    for identity in worst.chain:
        assert {report.call_by_id[identity].caller.service, report.call_by_id[identity].callee.service} <= shown


def test_everything_is_drawn_where_that_is_asked() -> None:
    assert diagram(system(300), View(everything=True)).folded == 0


def test_a_focus_shows_a_service_and_its_neighbours() -> None:
    shown = {b.id for b in diagram(shop(), View(focus="shop-prod/storefront")).boxes}
    assert shown == {"shop-prod/storefront", "order-prod/order-service", "shop-prod/pricing-service"}


def test_services_without_calls_are_named_and_not_drawn() -> None:
    report = shop()
    lonely = replace(report.services[0], id="x/lonely", name="lonely")
    assert diagram(replace(report, services=(*report.services, lonely))).alone == ("x/lonely",)


def test_nothing_is_an_empty_diagram() -> None:
    assert diagram(Report()).boxes == ()


def test_bands_grow_with_the_number() -> None:
    assert [band(Count(n)) for n in (0, 1, 2, 3, 4, 9, 10, 49, 50)] == [0, 0, 1, 1, 2, 2, 3, 3, 4]
    assert band(UNBOUNDED) == 4


def test_many_open_services_are_marked_and_not_reached_by_lines() -> None:
    report = shop()
    many = tuple(PathView("open", "none", o) for o in (ARCHIVE, BOOK, PAY, ADMIN))
    drawn = diagram(replace(report, paths=many))
    assert ANYONE not in {b.id for b in drawn.boxes}
    assert sum(b.open for b in drawn.boxes) == 4


def test_a_service_that_calls_itself_says_so_and_has_no_line_to_itself() -> None:
    report = shop()
    own = replace(report.calls[0], id="own", callee=replace(report.calls[0].caller, name="GET /x"))
    drawn = diagram(replace(report, calls=(*report.calls, own)))
    assert [b.id for b in drawn.boxes if b.itself] == ["shop-prod/storefront"]
    assert not [x for x in drawn.lines if x.source == x.target]


def test_how_sure_a_call_is_matters_only_where_something_is_said_of_it() -> None:
    report = shop()
    unknown = replace(report, calls=tuple(replace(c, precision=Precision.UNKNOWN) for c in report.calls))
    labels = {x.label for x in diagram(unknown).lines}
    assert "×4 ?" in labels
    assert "?" not in labels
