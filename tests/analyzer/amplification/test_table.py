"""The table in the documentation is what the engine predicts today."""

from __future__ import annotations

import runpy
from pathlib import Path

SCRIPT = Path(__file__).parents[3] / "docs" / "scripts" / "amplification_table.py"


def test_the_table_of_measured_cases_is_up_to_date() -> None:
    written = (SCRIPT.parents[1] / "amplification.md").read_text(encoding="utf-8")
    assert runpy.run_path(str(SCRIPT))["page"](written) == written
