"""Small systems for tests: services of Python code, and the policies between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from analyzer.graph import CallGraph
from analyzer.linking import link
from analyzer.options import Options
from analyzer.reachability import Reachability, reach
from parsers.reading import read
from parsers.source import MemoryTree

STRICT = """
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: istio-system}
spec: {mtls: {mode: STRICT}}
"""


def service(name: str) -> str:
    return f"""
apiVersion: v1
kind: Service
metadata: {{name: {name}, namespace: prod}}
spec: {{selector: {{app: {name}}}, ports: [{{name: http, port: 8080}}]}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}, namespace: prod}}
spec:
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec: {{serviceAccountName: {name}, containers: [{{name: {name}, image: "{name}:1"}}]}}
"""


def code(operations: Mapping[str, Sequence[str]]) -> str:
    """An application: each path, and what it asks for (``other/path``)."""
    lines = ["import requests", "from flask import Flask", "app = Flask(__name__)"]
    for number, (path, calls) in enumerate(operations.items()):
        lines += [f'@app.get("{path}")', f"def f{number}():"]
        lines += [f'    requests.get("http://{c.partition("/")[0]}.prod:8080/{c.partition("/")[2]}")' for c in calls]
        lines += ["    return 'ok'"]
    return "\n".join(lines) + "\n"


def allow(name: str, *grants: str, action: str = "ALLOW") -> str:
    """``caller /path``; a caller alone may everything; nothing at all allows nothing."""
    rules = ""
    for grant in grants:
        caller, _, path = grant.partition(" ")
        rules += f'\n  - from: [{{source: {{principals: ["cluster.local/ns/prod/sa/{caller}"]}}}}]'
        rules += f'\n    to: [{{operation: {{paths: ["{path}"]}}}}]' if path else ""
    return f"""
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {{name: {name}-{action.lower()}, namespace: prod}}
spec:
  selector: {{matchLabels: {{app: {name}}}}}
  action: {action}
  rules: {rules or "[]"}
"""


System = Mapping[str, Mapping[str, Sequence[str]]]


def files(system: System, *policies: str, strict: bool = True) -> dict[str, str]:
    found = {f"deploy/p{i}.yaml": text for i, text in enumerate(policies)}
    if strict:
        found["deploy/strict.yaml"] = STRICT
    for name, operations in system.items():
        found[f"deploy/{name}.yaml"] = service(name)
        found[f"{name}/app.py"] = code(operations)
        found[f"{name}/Dockerfile"] = "FROM python:3.12\nCOPY . .\nCMD python app.py\n"
    return found


def graph(there: Mapping[str, str], options: Options = Options()) -> CallGraph:  # noqa: B008  # frozen
    mesh, _ = link(read(MemoryTree(there)).facts, options)
    return CallGraph.build(mesh, options)


def reached(system: System, *policies: str, strict: bool = True, options: Options = Options()) -> Reachability:  # noqa: B008  # frozen
    return reach(graph(files(system, *policies, strict=strict), options), options)


def told(found: Reachability, *kinds: str) -> list[tuple[str, str, str]]:
    """Paths of these kinds as (kind, source, target), without the ways that were granted hop by hop."""
    return [(p.kind, p.source, str(p.target)) for p in found.paths if p.kind in kinds and not p.granted]
