"""The owner's text is covered whole: no statement without a row, no row that names a rule that is not there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import analyzer.rules
from analyzer.rules import Rule
from analyzer.standards import CHECKLIST, STATEMENTS
from parsers.plugins import collect

TEXT = (Path(__file__).parents[2] / "docs" / "service-mesh-standards.md").read_text(encoding="utf-8")
BULLETS = re.findall(r"^- (?:\[ \] )?(.+(?:\n  .+)*)", TEXT, re.MULTILINE)
PITFALLS = re.findall(r"^\d\. \*\*(.+?)\*\*", TEXT, re.MULTILINE)
ROWS = [s.text for s in STATEMENTS] + [line.text for line in CHECKLIST]


def _words(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.lower()))


def test_the_text_has_statements() -> None:
    assert len(BULLETS) > 40
    assert len(PITFALLS) == 6


@pytest.mark.parametrize("statement", [*BULLETS, *PITFALLS])
def test_every_statement_has_a_row(statement: str) -> None:
    said = _words(statement)
    assert any(_words(row) in said or said in _words(row) for row in ROWS)


@pytest.mark.parametrize("line", CHECKLIST, ids=lambda line: line.text[:40])
def test_every_checklist_line_is_the_owners(line: object) -> None:
    assert _words(line.text) in _words(TEXT)  # type: ignore[attr-defined]


def test_every_rule_named_exists() -> None:
    ids = {r.id for r in collect(analyzer.rules, Rule)}
    named = {r for s in STATEMENTS for r in s.rules} | {r for line in CHECKLIST for r in line.rules}
    assert named <= ids


def test_every_row_is_checked_or_says_why_not() -> None:
    assert all(s.rules or s.note for s in STATEMENTS)
