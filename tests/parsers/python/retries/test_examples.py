"""The self-checking examples: 30 retries, each with what it really does, and 24 look-alikes."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

from parsers.facts.python import Retry
from parsers.python.program import Program
from parsers.python.retries import Retries
from parsers.python.values import Values
from parsers.quantities import Count
from parsers.source import MemoryTree

TEXT = (Path(__file__).resolve().parents[3] / "truth" / "retry_loop_examples.py.txt").read_text(encoding="utf-8")
EXPECTED = {
    node.name: ast.literal_eval(node.decorator_list[0].args[0])  # type: ignore[attr-defined]  # @pos(n, ...)
    for node in ast.parse(TEXT).body
    if isinstance(node, ast.FunctionDef) and node.name[0] in "pn" and node.name[1:].isdigit() and node.name[0] == "p"
}
NEGATIVES = [
    node.name
    for node in ast.parse(TEXT).body
    if isinstance(node, ast.FunctionDef) and node.name[0] == "n" and node.name[1:].isdigit()
]


@cache
def read() -> tuple[Retry, ...]:
    program = Program(MemoryTree({"examples.py": TEXT}))
    return tuple(Retries(program, Values(program)).sites())


def of(name: str) -> list[Retry]:
    return [r for r in read() if r.symbol.split(".")[1] == name]


def test_all_examples_are_here() -> None:
    assert (len(EXPECTED), len(NEGATIVES)) == (30, 24)


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_a_retry_is_counted_as_it_runs(name: str) -> None:
    total = Count(1)
    for retry in of(name):
        if retry.idiom == "loop" and retry.attempts is None and retry.default is None:
            continue  # a helper's own loop: its argument decides, at the call
        total = total * (retry.attempts or retry.default or Count(0))
    assert total == Count(EXPECTED[name])


@pytest.mark.parametrize("name", NEGATIVES)
def test_a_look_alike_is_no_retry(name: str) -> None:
    assert of(name) == []
