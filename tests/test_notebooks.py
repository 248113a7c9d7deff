"""The notebooks run, and say what is stored in them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parents[1] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))


def test_there_are_notebooks() -> None:
    assert len(NOTEBOOKS) == 3


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_a_notebook_runs_and_shows_what_is_stored_in_it(path: Path, request: pytest.FixtureRequest) -> None:
    nbformat, nbclient = pytest.importorskip("nbformat"), pytest.importorskip("nbclient")
    stored = nbformat.read(path, as_version=4)
    fresh = nbformat.from_dict(stored)
    nbclient.NotebookClient(fresh, timeout=120, resources={"metadata": {"path": str(FOLDER)}}).execute()
    for cell in fresh.cells:
        cell.get("metadata", {}).pop("execution", None)
        if "outputs" in cell:
            cell["outputs"] = joined(cell["outputs"])
    if request.config.getoption("--update"):
        nbformat.write(fresh, path)
        stored = fresh
    assert [shown(c) for c in fresh.cells] == [shown(c) for c in stored.cells]


def joined(outputs: list[Any]) -> list[Any]:
    """What is printed in pieces, in one: how it is cut depends on time."""
    found: list[Any] = []
    for output in outputs:
        last = found[-1] if found else None
        if last is not None and output.output_type == last.output_type == "stream" and output.name == last.name:
            last["text"] += output.text
        else:
            found.append(output)
    return found


def shown(cell: Any) -> list[str]:
    """What a cell prints and shows as text; pictures depend on the machine's libraries."""
    found = []
    for output in cell.get("outputs", []):
        if output.output_type == "stream":
            found.append(output.text)
        else:
            data = output.get("data", {})
            found.append(data.get("text/html", "") or data.get("text/plain", ""))
    return ["picture" if "<Figure" in text or "figure" in text.lower()[:8] else text for text in found]
