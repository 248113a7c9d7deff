"""The comment on a pull request."""

from __future__ import annotations

import re

from analyzer.comment import LIMIT, MARKER, Links, comment, marker, run_address
from analyzer.comparison import compare
from analyzer.report import Report
from tests.analyzer.reports.hostile import hostile
from tests.analyzer.showcase import shop, system
from tests.analyzer.test_comparison import change


def test_the_first_line_is_the_marker_and_the_second_the_headline() -> None:
    lines = comment(change()).splitlines()
    assert lines[0] == MARKER
    assert lines[1] == "### meshgain: worst amplification 144 → 288 at ledger POST /entries"


def test_the_factors_stand_in_the_table_with_their_lines() -> None:
    assert "| 144 | **288** | `storefront POST /checkout` | `ledger POST /entries` | 3 (`orders.py:11`)" in comment(
        change()
    )


def test_the_chart_shows_the_changed_neighbourhood_only() -> None:
    chart = comment(change()).split("```mermaid\n")[1].split("```")[0]
    assert "ledger" in chart
    assert "pricing-service" not in chart


def test_a_change_of_nothing_is_one_line() -> None:
    text = comment(compare(shop(), shop()))
    assert "nothing changes" in text
    assert "mermaid" not in text


def test_the_picture_and_the_run_are_linked() -> None:
    text = comment(change(), Links("https://forge.example/p.png", "https://forge.example/run/1"))
    assert "![the call graph after this change](<https://forge.example/p.png>)" in text
    assert "[report and picture](https://forge.example/run/1)" in text


def test_a_header_keeps_comments_apart_and_cannot_end_the_marker() -> None:
    assert marker("prod") == "<!-- meshgain prod -->"
    assert marker("--><script>") == "<!-- meshgain --script -->"
    assert not comment(change(), header="prod").startswith(MARKER)


def test_a_large_change_stays_within_the_limit_and_says_what_is_missing() -> None:
    text = comment(compare(Report(), system(300)), limit=9_000)
    assert len(text) <= 9_000
    assert "more sections do not fit here" in text
    assert len(comment(compare(Report(), system(300)))) <= LIMIT


def test_every_fold_is_closed_and_every_fence_too() -> None:
    text = comment(compare(Report(), system(120)))
    assert text.count("<details>") == text.count("</details>") > 0
    assert text.count("```") % 2 == 0


def test_hostile_names_stay_names() -> None:
    text = comment(compare(Report(), hostile()))
    chart = re.compile(r"```mermaid.*?```", re.DOTALL)
    prose = re.sub(r"(`+)(?!`)(?:.(?!\1`))*?.?\1(?!`)", "CODE", chart.sub("", text))
    assert "<script" not in prose
    assert "@someone" not in prose
    assert text.count("<!--") == 1 + chart.findall(text)[0].count("<!--") + len(re.findall(r"`[^`]*<!--", text))


def test_the_run_is_found_in_either_ci() -> None:
    assert run_address({"GITHUB_RUN_ID": "5", "GITHUB_REPOSITORY": "o/r"}) == "https://github.com/o/r/actions/runs/5"
    assert run_address({"CI_JOB_URL": "https://lab/x"}) == "https://lab/x"
    assert run_address({}) is None
