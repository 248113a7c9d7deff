"""Every folder of ``tests/cases/<rule>/<situation>`` is a repository; ``expected.txt`` is what the rule finds in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

import analyzer.rules
from analyzer.configuration import configuration
from analyzer.pipeline import analyze
from analyzer.rules import Rule
from parsers.plugins import collect
from parsers.source import MemoryTree

CASES = sorted(p.parent for p in (Path(__file__).parent / "cases").glob("*/*/expected.txt"))
RULES = collect(analyzer.rules, Rule)


def _tree(case: Path) -> MemoryTree:
    paths = sorted(p for p in case.rglob("*") if p.is_file() and p.name != "expected.txt")
    return MemoryTree({p.relative_to(case).as_posix(): p.read_text(encoding="utf-8") for p in paths})


def _found(case: Path) -> str:
    tree = _tree(case)
    options = replace(configuration(tree).options, today="2026-11-25", istio_version=(1, 30))
    report = analyze(tree, options)
    rule = case.parent.name
    lines: list[str] = []
    for finding in report.findings:
        if finding.rule == rule:
            lines.append(f"{finding.span}: {finding.severity.name.lower()} {finding.message}")
            lines += [f"    {e.span or '-'}: {e.text}" for e in finding.evidence]
    return "".join(f"{line}\n" for line in lines)


@pytest.mark.parametrize("case", CASES, ids=lambda p: f"{p.parent.name}/{p.name}")
def test_findings(case: Path, golden: Callable[[Path, str], None]) -> None:
    golden(case / "expected.txt", _found(case))


@pytest.mark.parametrize("rule", RULES, ids=lambda r: r.id)
def test_every_rule_has_a_case_that_fires_and_a_near_miss(rule: Rule) -> None:
    texts = [(c / "expected.txt").read_text(encoding="utf-8") for c in CASES if c.parent.name == rule.id]
    assert any(texts), f"no case in which {rule.id} fires"
    assert not all(texts), f"no case in which {rule.id} is silent"
