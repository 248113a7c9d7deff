"""Decisions that a real Envoy made over real mTLS, and ours."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from analyzer.linking.mesh import Mesh
from analyzer.linking.topology import topology
from analyzer.model import Decision, Request
from analyzer.options import Options
from analyzer.semantics.istio.authorization import verdict
from tests.analyzer.semantics.istio.meshes import mesh_config, read, service, workload

Row = Mapping[str, Any]

TRUTH = Path(__file__).parents[3] / "truth" / "envoy_authz.jsonl"
ROWS = [row for line in TRUTH.read_text().splitlines() if "policies" in (row := json.loads(line))]
#: What only a token or a header can tell.
UNKNOWABLE = ("header[", "claim[", "remote_ip")


def mesh_of(row: Row) -> Mesh:
    config = mesh_config(row["trustDomains"], row["pathNormalization"])
    docs = [{"kind": "AuthorizationPolicy", **p} for p in row["policies"]]
    return topology([*read(docs), config, workload(), service()], Options())[0]


def request_of(row: Row) -> Request:
    asked = row["request"]
    headers = asked.get("headers")
    return Request(
        principal=principal_of(asked.get("principal"), row["trustDomains"][0]),
        to="default/app",
        host=asked.get("host"),
        port=asked.get("port"),
        method=asked.get("method"),
        path=asked.get("path"),
        headers=None
        if headers is None
        else tuple((k.lower(), v) for k, vs in headers.items() for v in (vs if isinstance(vs, list) else [vs])),
        jwt=tuple(asked["jwt"].items()) if "jwt" in asked else None,
        source_ip=asked.get("source_ip"),
        sni=asked.get("sni"),
    )


def principal_of(written: str | None, trust_domain: str) -> str | None:
    """``foo/a`` is an account of the mesh."""
    if written is None or written.count("/") != 1:
        return written
    namespace, _, account = written.partition("/")
    return f"{trust_domain}/ns/{namespace}/sa/{account}"


@pytest.mark.parametrize("row", ROWS, ids=lambda r: r["id"])
def test_the_verdict_is_the_one_of_a_real_envoy(row: Row) -> None:
    found = verdict(request_of(row), mesh_of(row), Options())
    assert found is not None
    if found.decision is Decision.UNKNOWN:
        assert all(need.startswith(UNKNOWABLE) for need in found.needs), found.needs
        assert "headers" not in row["request"]
    else:
        assert (found.decision is Decision.ALLOWED) == (row["decision"] == "allow")


def test_few_rows_stay_unknown() -> None:
    decided = [verdict(request_of(r), mesh_of(r), Options()) for r in ROWS]
    unknown = sum(v is not None and v.decision is Decision.UNKNOWN for v in decided)
    assert (len(ROWS), unknown) == (205, 5)
