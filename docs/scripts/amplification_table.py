"""Writes the table of measured cases into docs/amplification.md: ``python docs/scripts/amplification_table.py``.

``--check`` changes nothing and fails where the table is not what the engine predicts today.
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from tests.analyzer.amplification.measured import Case, bound, cases, predicted, sustained  # noqa: E402

PAGE = ROOT / "docs" / "amplification.md"
BEGIN, END = "<!-- table: begin -->", "<!-- table: end -->"


def table() -> str:
    """The table of all cases."""
    rows = [_row(case) for case in cases()]
    equal = sum("| equal" in r for r in rows)
    head = [
        f"{len(rows)} cases; {equal} equal; in the others the prediction is a bound and holds.",
        "",
        "| case | cause | service: predicted / measured | verdict |",
        "|---|---|---|---|",
    ]
    return "\n".join([*head, *rows])


def _row(case: Case) -> str:
    guess = predicted(case)
    cells, equal = [], True
    for name in case.services:
        low, high = case.arrived(name)
        most = guess[name] * case.requests
        if not case.steady and name == case.failing[0].service:
            most = bound(case) * case.requests
        measured = str(low) if low == high else f"{low}-{high}"
        equal = equal and low <= most <= high
        cells.append(f"{name}: {most} / {measured}")
    return f"| `{case.id}` | {case.failing[1]} | {', '.join(cells)} | {_verdict(case, equal=equal)} |"


def _verdict(case: Case, *, equal: bool) -> str:
    word = "equal" if equal else "bound"
    if case.under_load:
        return f"{word}; in the long run at most x{sustained(case):.4g}"
    return word


def page(text: str) -> str:
    """The page with today's table in it."""
    before, rest = text.split(BEGIN, 1)
    return f"{before}{BEGIN}\n{table()}\n{END}{rest.split(END, 1)[1]}"


def main(arguments: list[str]) -> int:
    old = PAGE.read_text(encoding="utf-8")
    new = page(old)
    if "--check" in arguments:
        return int(old != new)
    PAGE.write_text(new, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
