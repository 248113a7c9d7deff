"""No input takes it down: the sample module, broken in a thousand small ways."""

from __future__ import annotations

import ast
import random
from pathlib import Path

import pytest

from parsers.python.program import Program
from parsers.python.retries import Retries
from parsers.python.values import Values
from parsers.source import MemoryTree

TEXT = (Path(__file__).resolve().parents[3] / "truth" / "retry_loop_examples.py.txt").read_text(encoding="utf-8")
LINES = TEXT.splitlines()


def read(text: str) -> int:
    program = Program(MemoryTree({"app.py": text}))
    return len(list(Retries(program, Values(program)).sites()))


@pytest.mark.parametrize("seed", range(10))
def test_a_mutated_module_never_raises(seed: int) -> None:
    chance = random.Random(seed)
    tree = ast.parse(TEXT)
    for node in ast.walk(tree):
        for name, value in ast.iter_fields(node):
            if isinstance(value, list) and len(value) > 1 and chance.random() < 0.05:
                chance.shuffle(value)
            elif isinstance(value, int) and not isinstance(value, bool) and name == "value":
                setattr(node, name, chance.choice([0, -1, 10**20, 3]))
            elif isinstance(value, ast.expr) and chance.random() < 0.01:
                setattr(node, name, ast.copy_location(ast.Constant(None), value))
    try:
        text = ast.unparse(ast.fix_missing_locations(tree))
    except (ValueError, TypeError):
        return
    assert read(text) >= 0


@pytest.mark.parametrize("seed", range(5))
def test_a_module_with_lines_missing_never_raises(seed: int) -> None:
    chance = random.Random(seed)
    assert read("\n".join(line for line in LINES if chance.random() > 0.02)) >= 0


@pytest.mark.parametrize(
    "text",
    [
        "for i in range(10**30):\n    try:\n        x = f()\n        break\n    except OSError: pass",
        "def f(n=2**9999):\n    return f(n)",
        "import tenacity\nx = tenacity.retry(stop=x)\n@x\ndef f(): ...",
        "def r(f):\n    return r(r)\n@r\ndef g():\n    while 1:\n        try: return g()\n        except OSError: g()",
        "while True:\n    try:\n        a()\n        break\n    except:\n        b = [b, b]\n",
        "import urllib3\nurllib3.Retry(total='many', status_forcelist=5)",
        "import tenacity\n@tenacity.retry(stop=tenacity.stop_after_attempt(float('nan')))\ndef f(): ...",
    ],
)
def test_what_makes_no_sense_is_read_all_the_same(text: str) -> None:
    assert read(text) >= 0


def test_a_broken_file_is_a_diagnostic() -> None:
    program = Program(MemoryTree({"app.py": "def f(:\n"}))
    assert (list(Retries(program, Values(program)).sites()), len(program.diagnostics)) == ([], 1)
