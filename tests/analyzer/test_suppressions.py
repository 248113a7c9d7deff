"""Accepted findings: with a reason, as long as they hide something."""

from __future__ import annotations

from dataclasses import replace

import pytest

from analyzer.findings import Confidence, Evidence, Finding, Severity
from analyzer.suppressions import Suppression, lower, suppress, written
from parsers.source import SourceFile
from tests.analyzer.showcase import span

FINDING = Finding("RA001", Severity.ERROR, Confidence.HIGH, "too many at ledger", span("a/b.py", 10))


def left(finding: Finding, text: str, path: str = "a/b.py") -> list[str]:
    return [f.rule for f in suppress([finding], written(SourceFile(path, text)))]


def lines(*texts: str) -> str:
    return "\n".join(["x = 1"] * 8 + list(texts)) + "\n"


@pytest.mark.parametrize(
    "text",
    [
        lines("x = 1", "call()  # meshgain: ignore RA001 -- deduplicated"),
        lines("# meshgain: ignore RA001 -- deduplicated", "call()"),
        lines("# meshgain: ignore PA001, RA001 deduplicated", "call()"),
    ],
)
def test_a_comment_on_the_line_or_above_hides_the_finding(text: str) -> None:
    assert "RA001" not in left(FINDING, text)


@pytest.mark.parametrize(
    "text",
    [
        lines("x = 1", "call()  # meshgain: ignore RA002 -- another rule"),
        lines("call()  # meshgain: ignore RA001 -- on a line with code, so for that line", "call()"),
        lines("x = 1", "call()", "# meshgain: ignore RA001 -- below"),
    ],
)
def test_a_comment_elsewhere_hides_nothing_and_is_reported_as_unused(text: str) -> None:
    assert sorted(left(FINDING, text)) == ["MG001", "RA001"]


def test_a_comment_beside_a_line_of_evidence_counts() -> None:
    finding = replace(FINDING, evidence=(Evidence("x3", span("mesh/route.yaml", 2)),))
    assert left(finding, "kind: X\nretries: 3  # meshgain: ignore RA001 -- reviewed\n", "mesh/route.yaml") == []


def test_a_suppression_without_a_reason_does_not_count_and_is_reported() -> None:
    text = lines("x = 1", "call()  # meshgain: ignore RA001")
    assert sorted(left(FINDING, text)) == ["MG002", "RA001"]


def test_an_annotation_counts_for_its_document_and_no_other() -> None:
    text = (
        'kind: A\n---\nkind: B\nmeta:\n  meshgain.dev/ignore: "RA001: reviewed; PA003: later"\nspec: 1\n---\nkind: C\n'
    )
    at = [left(replace(FINDING, span=span("m.yaml", line)), text, "m.yaml") for line in (1, 6, 8)]
    assert ["RA001" in found for found in at] == [True, False, True]
    assert all("MG001" in found for found in at)


def test_a_path_with_glob_characters_means_itself() -> None:
    finding = replace(FINDING, span=span("a/[x]*.py", 10))
    assert left(finding, lines("x = 1", "c()  # meshgain: ignore RA001 -- r"), "a/[x]*.py") == []


def test_the_configuration_narrows_by_path_and_message() -> None:
    where = span("meshgain.toml", 3)
    hit = Suppression("RA001", "reason", where, "a/*", "ledger")
    assert suppress([FINDING], [hit]) == ()
    assert [f.rule for f in suppress([FINDING], [replace(hit, match="payments")])] == ["RA001", "MG001"]


def test_one_suppression_may_hide_several() -> None:
    hit = Suppression("RA001", "reason", span("meshgain.toml", 3))
    assert suppress([FINDING, replace(FINDING, message="another")], [hit]) == ()


def test_severities_can_be_changed_and_rules_switched_off() -> None:
    other = replace(FINDING, rule="PA003")
    found = lower([FINDING, other], [("RA001", "off"), ("PA003", "note")])
    assert [(f.rule, f.severity) for f in found] == [("PA003", Severity.NOTE)]
