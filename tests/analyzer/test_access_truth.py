"""The same decisions of a real Envoy, through the whole pipeline: files in, questions as JSON lines, verdicts out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from analyzer.access import answer, read_questions
from analyzer.linking.topology import topology
from analyzer.model import Decision
from analyzer.options import Options
from parsers.reading import read
from parsers.source import MemoryTree

Row = Mapping[str, Any]

TRUTH = Path(__file__).parents[1] / "truth" / "envoy_authz.jsonl"
ROWS = [row for line in TRUTH.read_text().splitlines() if "policies" in (row := json.loads(line))]

WORKLOAD = """
apiVersion: v1
kind: Service
metadata: {name: app, namespace: default}
spec:
  selector: {app: app}
  ports: [{name: http, port: 8080}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: app, namespace: default}
spec:
  selector: {matchLabels: {app: app}}
  template:
    metadata: {labels: {app: app}}
    spec:
      containers: [{name: app, image: "app:1", ports: [{containerPort: 8080}]}]
"""
NAMESPACE = """
apiVersion: v1
kind: Namespace
metadata: {name: default, labels: {istio-injection: enabled}}
"""


def mesh_config(row: Row) -> str:
    """The mesh configuration as an installed Istio keeps it."""
    settings = {
        "trustDomain": row["trustDomains"][0],
        "trustDomainAliases": row["trustDomains"][1:],
        "pathNormalization": {"normalization": row["pathNormalization"]},
    }
    config = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "istio", "namespace": "istio-system"},
        "data": {"mesh": json.dumps(settings)},
    }
    return json.dumps(config)


def files(row: Row, namespace: str) -> MemoryTree:
    policies = [
        {"apiVersion": "security.istio.io/v1", "kind": "AuthorizationPolicy", **policy} for policy in row["policies"]
    ]
    text = "\n---\n".join(json.dumps(p, indent=1) for p in policies)
    there = {"app.yaml": WORKLOAD, "mesh.yaml": mesh_config(row), "policies.yaml": text, "ns.yaml": namespace}
    return MemoryTree({path: text for path, text in there.items() if text})


def question(row: Row) -> str:
    asked = row["request"]
    written = asked.get("principal")
    principal = written or "none"
    if written and written.count("/") == 1:
        principal = "{}/ns/{}/sa/{}".format(row["trustDomains"][0], *written.split("/"))
    rest = {k: v for k, v in asked.items() if k != "principal"}
    return json.dumps({"from": principal, "to": "default/app", "headers": {}, **rest})


@pytest.mark.parametrize("namespace", [NAMESPACE, ""], ids=["injected", "unlabelled"])
def test_files_and_questions_give_the_verdicts_of_a_real_envoy(namespace: str) -> None:
    wrong = []
    for row in ROWS:
        mesh = topology(read(files(row, namespace)).facts, Options())[0]
        (asked,) = read_questions(question(row), mesh)
        found = answer(asked, mesh, Options()).decision
        if found is not (Decision.ALLOWED if row["decision"] == "allow" else Decision.DENIED):
            wrong.append((row["id"], row["request"], row["decision"], found.value))
    assert not wrong
