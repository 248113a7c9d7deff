"""What a real Envoy and the real libraries did, predicted from files: each scenario written as a repository."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from analyzer.amplification import scenario
from analyzer.options import Options
from analyzer.pipeline import study
from parsers.source import MemoryTree
from tests.endtoend.scenario_repos import NAMESPACE, STYLES, entry, failing, files

TRUTH = Path(__file__).parents[1] / "truth" / "envoy_retry.jsonl"
ROWS = [json.loads(line) for line in TRUTH.read_text(encoding="utf-8").splitlines()]

#: Measured below the prediction, for what no file and no cause says. The prediction is then an upper bound.
UNSAID = {
    "timeout-truncates-slow-503": "that the answer takes 0.4 s",
    "app-timeout-above-mesh": "that the answer takes 0.2 s",
    "orphan-after-app-timeout": "that the answer takes 0.2 s",
    "orphan-after-app-timeout-uvicorn": "that the answer takes 0.2 s",
    "outlier-single-endpoint-max100": "that there is one endpoint only",
    "outlier-refused-max100": "that there is one endpoint only",
}
#: Clients that only some styles are written with.
ONLY = {"requests": ("flask",), "urllib3": ("flask",), "httpx": ("fastapi", "client_class"), "aiohttp": ("aiohttp",)}


def _cases() -> list[Any]:
    found = []
    for row in ROWS:
        request = row["scenario"].get("request", {})
        if failing(row["scenario"]) is None or request.get("total", 1) != 1 or request.get("rate"):
            continue
        found += [pytest.param(row, style, id=f"{row['id']}-{style}") for style in STYLES if _written(row, style)]
    return found


def _written(row: dict[str, Any], style: str) -> bool:
    clients = {
        (c.get("app") or {}).get("client") for s in row["scenario"]["services"].values() for c in s.get("calls", [])
    }
    return all(style in ONLY.get(client, STYLES) for client in clients)


def predicted(row: dict[str, Any], style: str) -> dict[str, int | None]:
    """Service -> requests that arrive, as the product computes them from the repository's files."""
    told = row["scenario"]
    version = tuple(int(part) for part in told["istio"].split("."))
    found = study(MemoryTree(files(told, style)), Options(istio_version=version))
    down = failing(told)
    assert down is not None
    target = [o for o in found.mesh.operations[f"{NAMESPACE}/{down[0]}"] if o.name != "*"]
    start = [o for o in found.mesh.operations[f"{NAMESPACE}/{entry(told)}"] if o.name != "*"]
    load: dict[str, int | None] = dict.fromkeys(told["services"], 0)
    for arrived in scenario(found.graph.system, start[0], target[0], down[1]).load:
        load[arrived.operation.service.rpartition("/")[2]] = arrived.requests.value
    return load


def measured(row: dict[str, Any]) -> dict[str, tuple[int, int]]:
    """Service -> the least and the most requests seen; connection attempts where nothing can arrive."""
    seen = row["measured"]
    ranges = {k: tuple(seen["range"][k]) if "range" in seen else (n, n) for k, n in seen["requests"].items()}
    down = failing(row["scenario"])
    if down is not None and down[1] == "connect-failure":
        edges = [tuple(v) for k, v in seen["edge_range"].items() if k.endswith(f"__{down[0]}")]
        ranges[down[0]] = (sum(e[0] for e in edges), sum(e[1] for e in edges))
    return ranges  # type: ignore[return-value]


@pytest.mark.parametrize(("row", "style"), _cases())
def test_prediction(row: dict[str, Any], style: str) -> None:
    load, seen = predicted(row, style), measured(row)
    for service, (least, most) in seen.items():
        number = load[service]
        if row["id"] in UNSAID:
            assert number is None or number >= most
        else:
            assert number is not None
            assert least <= number <= most, (load, seen)
