"""Before and after: what a change multiplies, opens, closes and finds."""

from __future__ import annotations

import json
from dataclasses import replace

from analyzer.comparison import Comparison, compare
from analyzer.model import Decision, Gain, Verdict
from analyzer.report import PathView, Report
from analyzer.reports import Page
from analyzer.reports.text.changes import summary, told
from parsers.quantities import Count
from tests.analyzer.showcase import BOOK, CASE, GATE, READ, layer, shop, span


def doubled(report: Report) -> Report:
    """The same with the ledger's chain twice as large, by one more layer on its last call."""
    rows = tuple(replace(a, worst=Count(288)) if a.target == BOOK else a for a in report.amplification)
    more = layer("app", "backoff", 2, "max_tries=2", span("services/payment-service/payments/ledger.py", 22))
    calls = tuple(
        replace(c, layers=(more, *c.layers), gain=Gain(Count(8), "503", (("503", Count(8)),))) if c.id == "c4" else c
        for c in report.calls
    )
    return replace(report, amplification=rows, calls=calls)


def change() -> Comparison:
    return compare(shop(), doubled(shop()))


def test_nothing_changes_between_equal_reports() -> None:
    found = compare(shop(), shop())
    assert found.nothing
    assert summary(found).startswith("nothing changes")


def test_moved_lines_change_nothing() -> None:
    moved = replace(
        shop(),
        calls=tuple(replace(c, span=replace(c.span, line=c.span.line + 7)) for c in shop().calls),
        findings=tuple(replace(f, span=replace(f.span, line=f.span.line + 7)) for f in shop().findings),
    )
    assert compare(shop(), moved).nothing


def test_a_pair_that_grew_is_told_with_both_numbers() -> None:
    (growth,) = change().worse
    assert (growth.entry, growth.target, growth.was, growth.now) == (GATE, BOOK, Count(144), Count(288))
    assert summary(change()) == "worst amplification 144 → 288 at ledger POST /entries"


def test_the_layer_that_did_it_is_named_with_its_line() -> None:
    text = told(change(), Page(120))
    assert "new: ×2 backoff  max_tries=2" in text
    assert "services/payment-service/payments/ledger.py:22" in text


def test_the_way_back_is_smaller() -> None:
    back = compare(doubled(shop()), shop())
    assert not back.worse
    assert [(g.was, g.now) for g in back.better] == [(Count(288), Count(144))]


def test_a_pair_that_is_new_grew_from_one() -> None:
    report = shop()
    (growth,) = compare(replace(report, amplification=report.amplification[1:]), report).growth
    assert growth.was == Count(1)
    assert growth.grew


def test_a_call_that_policy_now_decides_differently_is_a_change() -> None:
    report = shop()
    denied = tuple(replace(c, verdict=Verdict(Decision.DENIED)) if c.id == "c8" else c for c in report.calls)
    (found,) = compare(report, replace(report, calls=denied)).calls
    assert found.kind == "decided"
    assert "ALLOWED → DENIED" in told(compare(report, replace(report, calls=denied)), Page(120))


def test_calls_that_come_and_go_are_told() -> None:
    report = shop()
    fewer = replace(report, calls=report.calls[:-1])
    assert [c.kind for c in compare(fewer, report).calls] == ["new"]
    assert [c.kind for c in compare(report, fewer).calls] == ["gone"]


def test_paths_open_and_close() -> None:
    report = shop()
    more = replace(report, paths=(*report.paths, PathView("open", "none", READ)))
    assert [p.target for p in compare(report, more).opened] == [READ]
    assert [p.target for p in compare(more, report).closed] == [READ]
    assert summary(compare(report, more)) == "1 new unauthorised path"


def test_a_path_by_another_way_is_another_path() -> None:
    report = shop()
    other = tuple(replace(p, via=(CASE,)) if p.kind == "bypass" else p for p in report.paths)
    found = compare(report, replace(report, paths=other))
    assert len(found.opened) == len(found.closed) == 1


def test_findings_are_new_or_fixed() -> None:
    report = shop()
    fewer = replace(report, findings=report.findings[1:])
    assert [f.rule for f in compare(fewer, report).found] == ["PA004"]
    assert [f.rule for f in compare(report, fewer).fixed] == ["PA004"]


def test_what_a_change_touches_is_its_neighbourhood() -> None:
    assert change().touched() == {
        "shop-prod/storefront",
        "order-prod/order-service",
        "payment-prod/payment-service",
        "payment-prod/ledger",
    }


def test_a_comparison_is_a_document() -> None:
    document = json.loads(json.dumps(change().to_dict()))
    assert document["worst"] == {"before": 144, "after": 288}
    assert document["amplification"][0]["after"] == 288
