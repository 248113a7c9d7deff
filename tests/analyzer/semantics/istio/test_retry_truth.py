"""One hop, one request, no retries of the application: what a real Envoy measured against the layers of the passage.

Rows of tests/truth/envoy_retry.jsonl whose answer depends on the mesh alone and on no clock. The engine that walks
whole systems has tests of its own; here the number follows from the layers directly.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from analyzer.amplification.layers import fires, handed_up
from analyzer.model import Passage
from tests.analyzer.semantics.istio.calls import app, mesh_of, namespace, passage, virtual_service, wire

ROWS = [
    json.loads(line) for line in (Path(__file__).parents[3] / "truth" / "envoy_retry.jsonl").read_text().splitlines()
]
CAUSES = {"refuse": "connect-failure", "reset": "reset", "close": "reset", "truncate": "truncated"}
FIELDS = ("attempts", "perTryTimeout", "retryOn", "backoff")


def cause_of(leaf: Mapping[str, Any]) -> str | None:
    mode = leaf.get("mode", "status")
    if leaf.get("first") or leaf.get("ok_first") or leaf.get("delay"):
        return None
    headers = leaf.get("headers", {})
    if mode != "status":
        return CAUSES.get(mode)
    if "grpc-status" in headers:
        return {"14": "grpc-unavailable", "13": "grpc-internal"}[str(headers["grpc-status"])]
    suffix = "".join(f"+{h}" for h in ("retry-after", "x-envoy-ratelimited") if h in headers)
    return f"{leaf.get('status', 503)}{suffix}"


def usable() -> Iterator[tuple[str, dict[str, Any], str]]:
    for row in ROWS:
        scenario = row["scenario"]
        services = scenario["services"]
        request = scenario.get("request", {})
        if (
            set(services) != {"a", "c"}
            or not row["measured"]["deterministic"]
            or request.get("total", 1) > 1
            or request.get("rate")
        ):
            continue
        (call, *others) = services["a"].get("calls", [{}])
        client = (call.get("app") or {}).get("client", "none")
        if others or client != "none" or call.get("dest") or call.get("mesh", {}) is None or call.get("repeat"):
            continue
        cause = cause_of(services["c"].get("leaf", {})) if "endpoints" not in services["c"] else None
        if cause is not None:
            yield row["id"], row, cause


CASES = list(usable())


def requests(found: Passage, cause: str) -> int:
    """Requests of the caller's sidecar: each inner layer first turns the cause into what it hands up."""
    sent = 1
    for layer in reversed(found.layers):
        if layer.effective and layer.attempts is not None and fires(layer, cause) and layer.counts_arrivals:
            sent *= layer.attempts.value or 0
        cause = handed_up(layer, cause)
    return sent


def test_enough_measured_cases_are_used() -> None:
    assert len(CASES) >= 20


@pytest.mark.parametrize(("row", "cause"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_the_sidecar_sends_what_envoy_measured(row: dict[str, Any], cause: str) -> None:
    scenario = row["scenario"]
    call = scenario["services"]["a"]["calls"][0]
    inbound = scenario["services"]["c"].get("inbound", scenario.get("inbound", False))
    written = {k: v for k, v in call.get("mesh", {}).items() if k in FIELDS}
    block = f", retries: {json.dumps(written)}" if written else ""
    timeout = f", timeout: {call['mesh']['timeout']}" if call.get("mesh", {}).get("timeout") else ""
    docs = [
        namespace(),
        app("a"),
        app("c", labels="" if inbound else 'sidecar.istio.io/inject: "false"'),
        virtual_service("{route: [{destination: {host: c}}]" + block + timeout + "}"),
    ]
    if scenario.get("internal_networks"):
        ranges = ", ".join(f"{{fromCidr: {a}/{n}}}" for a, n in scenario["internal_networks"])
        docs.append(
            "apiVersion: install.istio.io/v1alpha1\nkind: IstioOperator\nmetadata: {name: m}\n"
            f"spec: {{values: {{global: {{meshNetworks: {{n: {{endpoints: [{ranges}]}}}}}}}}}}\n"
        )
    version = tuple(int(p) for p in scenario["istio"].split("."))
    request = scenario.get("request", {})
    sent = wire(
        method=request.get("method", "GET"),
        body_bytes=request.get("body_bytes"),
        headers=tuple((call.get("app") or {}).get("headers", {}).items()),
        protocol="grpc" if cause.startswith("grpc") else "http",
    )
    measured = row["measured"]["edge_range"]["a__c"] if cause == "connect-failure" else row["measured"]["range"]["c"]
    assert measured[0] <= requests(passage(mesh_of(*docs, version=version), sent), cause) <= measured[1]
