"""Formats for machines: each is valid in its medium, whatever names it holds."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from analyzer import reports
from analyzer.findings import Confidence, Finding, Severity
from analyzer.report import Report, RuleView
from analyzer.reports import Page, load, names
from parsers.plugins import PluginError
from tests.analyzer.reports.hostile import NAMES, hostile
from tests.analyzer.showcase import shop, span, system


def render(name: str, report: Report, page: Page = reports.PLAIN) -> str:
    return load(name).render(report, page)


ALL = [Report(), shop(), hostile(), system(30)]


def test_the_promised_formats_are_there() -> None:
    wanted = {"text", "json", "sarif", "markdown", "html", "gitlab", "junit", "github", "mermaid", "dot"}
    assert wanted <= set(names())


@pytest.mark.parametrize("name", names())
@pytest.mark.parametrize("report", ALL, ids=["empty", "shop", "hostile", "thirty"])
def test_every_format_renders_every_report_the_same_twice(name: str, report: Report) -> None:
    assert render(name, report) == render(name, report)


@pytest.mark.parametrize("name", names())
def test_no_format_sends_control_characters(name: str) -> None:
    text = render(name, hostile())
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", text)


def test_a_format_that_does_not_exist_is_our_own_bug() -> None:
    with pytest.raises((PluginError, ModuleNotFoundError)):
        load("nothing")


# -------------------------------------------------------------------------------------------------------------- json


def test_json_is_the_document() -> None:
    assert json.loads(render("json", shop())) == json.loads(json.dumps(shop().to_dict()))


# ------------------------------------------------------------------------------------------------------------- sarif


def sarif(report: Report) -> dict[str, object]:
    run = json.loads(render("sarif", report))["runs"][0]
    assert isinstance(run, dict)
    return run


@pytest.mark.parametrize("report", ALL, ids=["empty", "shop", "hostile", "thirty"])
def test_sarif_has_what_the_standard_and_github_require(report: Report) -> None:
    document = json.loads(render("sarif", report))
    assert document["version"] == "2.1.0"
    run = document["runs"][0]
    rules = run["tool"]["driver"]["rules"]
    assert len({r["id"] for r in rules}) == len(rules)
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] in {"note", "warning", "error"}
        assert result["message"]["text"]
        for place in [*result["locations"], *result.get("relatedLocations", [])]:
            check_location(place["physicalLocation"])


def check_location(place: dict[str, dict[str, object]]) -> None:
    uri = str(place["artifactLocation"]["uri"])
    assert re.fullmatch(r"[A-Za-z0-9/._~%-]+", uri)
    assert not uri.startswith("/")
    region = place["region"]
    assert region["startLine"] >= 1  # type: ignore[operator]
    assert (region["endLine"], region["endColumn"]) >= (region["startLine"], 1)  # type: ignore[operator]


def test_the_way_to_a_finding_is_a_code_flow() -> None:
    result = next(r for r in sarif(shop())["results"] if r["ruleId"] == "RA001")  # type: ignore[attr-defined]
    steps = result["codeFlows"][0]["threadFlows"][0]["locations"]
    assert [s["location"]["physicalLocation"]["region"]["startLine"] for s in steps] == [11, 11, 13, 14]


def test_fingerprints_survive_moved_lines_and_stay_unique() -> None:
    before = shop()
    twice = replace(before, findings=(*before.findings, before.findings[1]))
    moved = replace(
        before, findings=tuple(replace(f, span=replace(f.span, line=f.span.line + 9)) for f in before.findings)
    )
    prints = [[r["partialFingerprints"]["meshgain/v1"] for r in sarif(x)["results"]] for x in (before, moved, twice)]  # type: ignore[attr-defined]
    assert prints[0] == prints[1]
    assert len(set(prints[2])) == len(prints[2])


def test_only_rules_on_policies_carry_a_security_severity() -> None:
    rules = sarif(shop())["tool"]["driver"]["rules"]  # type: ignore[index]
    marked = {r["id"] for r in rules if "security-severity" in r["properties"]}
    assert marked == {"PA004"}


def test_sarif_keeps_within_githubs_limits_and_says_so() -> None:
    one = Finding("RA001", Severity.NOTE, Confidence.LOW, "m", span("a.py", 1))
    error = replace(one, severity=Severity.ERROR, message="kept")
    many = tuple(replace(one, message=f"m{i}") for i in range(25_003))
    run = sarif(Report(findings=(*many, error)))
    assert len(run["results"]) == 25_000  # type: ignore[arg-type]
    assert run["results"][0]["message"]["text"] == "kept"  # type: ignore[index]
    notes = run["invocations"][0]["toolExecutionNotifications"]  # type: ignore[index]
    assert "4 findings more" in notes[-1]["message"]["text"]


def test_what_was_not_understood_is_a_notification() -> None:
    notes = sarif(shop())["invocations"][0]["toolExecutionNotifications"]  # type: ignore[index]
    assert [n["descriptor"]["id"] for n in notes] == ["P102", "P002"]


# ------------------------------------------------------------------------------------------------------------ gitlab


def test_gitlab_rows_have_what_the_widget_reads() -> None:
    rows = json.loads(render("gitlab", hostile()))
    assert len({r["fingerprint"] for r in rows}) == len(rows)
    for row in rows:
        assert row["description"].startswith(row["check_name"])
        assert row["severity"] in {"info", "minor", "major", "critical", "blocker"}
        assert row["location"]["lines"]["begin"] >= 1


def test_gitlab_without_findings_is_an_empty_list() -> None:
    assert json.loads(render("gitlab", Report())) == []


# ------------------------------------------------------------------------------------------------------------- junit


@pytest.mark.parametrize("report", ALL, ids=["empty", "shop", "hostile", "thirty"])
def test_junit_is_xml_that_counts_right(report: Report) -> None:
    root = ElementTree.fromstring(render("junit", report))
    cases = list(root.iter("testcase"))
    assert int(root.attrib["tests"]) == len(cases)
    assert int(root.attrib["failures"]) == len(list(root.iter("failure")))


def test_a_rule_without_findings_is_a_passing_case() -> None:
    held = RuleView("RA009", "held", Severity.ERROR, "", "")
    root = ElementTree.fromstring(render("junit", replace(shop(), rules=(held,))))
    suite = next(s for s in root if s.attrib["name"] == "RA009")
    assert [c.attrib["name"] for c in suite] == ["holds everywhere"]


# ------------------------------------------------------------------------------------------------------------ github


def test_an_annotation_is_one_line_and_its_properties_cannot_be_ended() -> None:
    lines = render("github", hostile()).splitlines()
    assert len(lines) == len(hostile().findings)
    for line in lines:
        head, _, _ = line.removeprefix("::").partition("::")
        level, _, properties = head.partition(" ")
        assert level in {"notice", "warning", "error"}
        assert [p.partition("=")[0] for p in properties.split(",")] == ["file", "line", "endLine", "col", "title"]


def test_annotations_carry_their_evidence() -> None:
    assert "%0A3 x (services/order-service/orders/clients.py:11)" in render("github", shop())


# ----------------------------------------------------------------------------------------------------------- mermaid


@pytest.mark.parametrize("report", ALL, ids=["empty", "shop", "hostile", "thirty"])
def test_every_mermaid_label_is_quoted_and_holds_no_markup(report: Report) -> None:
    for line in render("mermaid", report).splitlines()[1:]:
        if re.match(r"\s*(classDef|linkStyle|%%)", line):
            continue
        box = r"(?:\(\[|\[\[|\[)\"([^\"]*)\"(?:\]\)|\]\]|\]):::\w+"
        arrow = r" (?:-->|==>|-\.->)(?:\|\"([^\"]*)\"\|)? n\d+"
        label = re.fullmatch(rf"  n\d+(?:{box}|{arrow})", line)
        assert label, line
        assert not set("<>[]{}|`\\") & set("".join(g for g in label.groups() if g))


def test_a_large_system_stays_within_mermaids_limits() -> None:
    text = render("mermaid", system(300))
    assert len(text) < 50_000
    assert len(re.findall(r"(?:-->|==>|-\.->)", text)) < 500
    assert "left out" in text


# --------------------------------------------------------------------------------------------------------------- dot


def test_dot_strings_cannot_be_ended() -> None:
    for line in render("dot", hostile()).splitlines():
        outside = re.sub(r'"(?:[^"\\]|\\.)*"', "", line)
        assert '"' not in outside
        assert "script" not in outside


def test_dot_draws_everything() -> None:
    assert render("dot", system(300)).count(" -> ") >= 300


# ---------------------------------------------------------------------------------------------------------- markdown


def test_names_in_markdown_stay_text() -> None:
    text = render("markdown", hostile())
    prose = re.sub(r"(`+)(?!`)(?:.(?!\1`))*?.?\1(?!`)", "CODE", text)
    assert "<script" not in prose
    assert not re.search(r"(?<!\\)\]\(", prose)
    assert "@someone" not in prose
    assert "http://" not in prose


def test_a_bar_in_a_name_does_not_make_a_cell() -> None:
    for line in render("markdown", hostile()).splitlines():
        if line.startswith("| ") and "up to" not in line:
            assert len(re.findall(r"(?<!\\)\|", line)) == 6, line


def test_markdown_shows_every_factor_with_its_line() -> None:
    wanted = "3 (`orders.py:11`) × 3 (`clients.py:11`) × 4 (`payment-service.yaml:13`) × 4 (`ledger.py:14`)"
    assert wanted in render("markdown", shop())


def test_hostile_names_are_really_in_the_reports_that_are_tested() -> None:
    assert all(any(name in s.id for s in hostile().services) for name in NAMES)
