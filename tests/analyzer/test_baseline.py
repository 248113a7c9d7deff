"""Baselines: known findings are left out, new ones are not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from analyzer.baseline import baseline_text, without_known
from analyzer.configuration import ConfigurationError
from tests.analyzer.showcase import shop


def test_what_a_baseline_holds_is_not_reported_again() -> None:
    assert without_known(shop(), baseline_text(shop())).findings == ()


def test_moved_lines_stay_known() -> None:
    report = shop()
    moved = tuple(replace(f, span=replace(f.span, line=f.span.line + 40)) for f in report.findings)
    assert without_known(replace(report, findings=moved), baseline_text(report)).findings == ()


def test_a_new_finding_is_reported() -> None:
    report = shop()
    new = replace(report.findings[0], subject="something else")
    assert without_known(replace(report, findings=(*report.findings, new)), baseline_text(report)).findings == (new,)


def test_of_two_alike_only_as_many_are_known_as_the_baseline_holds() -> None:
    report = shop()
    twice = replace(report, findings=(report.findings[0], report.findings[0]))
    once = replace(report, findings=report.findings[:1])
    assert len(without_known(twice, baseline_text(once)).findings) == 1


def test_a_baseline_is_the_same_whatever_the_order() -> None:
    report = shop()
    assert baseline_text(report) == baseline_text(replace(report, findings=report.findings[::-1]))


@pytest.mark.parametrize(
    "text", ["", "[]", '{"schema": "other/1", "findings": []}', '{"schema": "meshgain-baseline/1"}']
)
def test_a_file_that_is_no_baseline_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match="baseline"):
        without_known(shop(), text)
