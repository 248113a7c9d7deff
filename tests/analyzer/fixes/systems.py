"""A chain of services in a mesh, for tests of fixes: each may retry in its code and in its route."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from analyzer.fixes import DEFAULT, Fixed, fix
from analyzer.options import Options
from analyzer.pipeline import analyze
from parsers.disk import DiskTree
from parsers.source import MemoryTree, SourceFile
from tests.analyzer.reachability.systems import service

PAYMENTS = Path(__file__).parents[3] / "sample_repos" / "payments"
NAMESPACE = """
apiVersion: v1
kind: Namespace
metadata: {name: prod, labels: {istio-injection: enabled}}
"""
RETRIES = "attempts: 2\nperTryTimeout: 1s\nretryOn: 5xx,reset"


def code(callee: str | None, decorator: str, method: str = "get") -> str:
    """One route that asks the next service, retrying as the decorator says."""
    lines = ["import requests", "from flask import Flask", "from tenacity import retry, stop_after_attempt", ""]
    lines += ["app = Flask(__name__)", "", ""]
    if callee:
        lines += ["# asks the next one", *([decorator] if decorator else []), "def ask():"]
        lines += [f'    requests.{method}("http://{callee}.prod:8080/go").raise_for_status()', "", ""]
    lines += ['@app.get("/go")', "def go():", *(["    ask()"] if callee else []), '    return "ok"']
    return "\n".join(lines) + "\n"


def route(host: str, more: str, extra: str = "") -> str:
    """A VirtualService whose only route has these fields."""
    inside = "".join(f"      {line}\n" for line in more.splitlines())
    return f"""# routes of {host}
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: {host}
  namespace: prod
spec:
  hosts: [{host}]
  http:
    - route:
        - destination: {{host: {host}}}
{inside}{extra}"""


def retries(block: str = RETRIES) -> str:
    """A ``retries`` block of a route."""
    return "\n".join(["retries:", *(f"  {line}" for line in block.splitlines())])


OFF = retries("attempts: 0")


def chain(layers: Mapping[str, tuple[int, str]], more: Mapping[str, str] | None = None) -> dict[str, str]:
    """Services that call one another in order: how often the code of each tries, and what its own route says."""
    names = list(layers)
    found = {"deploy/namespace.yaml": NAMESPACE}
    for name, following in zip(names, [*names[1:], None], strict=True):
        attempts, written = layers[name]
        decorator = f"@retry(stop=stop_after_attempt({attempts}), reraise=True)" if attempts > 1 else ""
        found[f"deploy/{name}.yaml"] = service(name)
        found[f"{name}/app.py"] = code(following, decorator)
        found[f"{name}/Dockerfile"] = "FROM python:3.12\nCOPY . .\nCMD python app.py\n"
        if written:
            found[f"deploy/{name}-route.yaml"] = route(name, written)
    return found | dict(more or {})


def asked(entry: str, most: int | None = None) -> Options:
    return Options(entries=(entry,), max_amplification=most)


def fixed(there: Mapping[str, str], options: Options = Options(), *rules: str) -> Fixed:  # noqa: B008 -- frozen
    return fix(MemoryTree(there), options, (), frozenset(rules) or DEFAULT)


def after(there: Mapping[str, str], found: Fixed) -> dict[str, str]:
    """The files with the proposal made."""
    return {**there, **dict(found.files)}


def worst(there: Mapping[str, str], options: Options) -> dict[str, int]:
    """What arrives at each service at most."""
    pairs = analyze(MemoryTree(there), options).amplification
    return {p.target.service: int(str(p.worst)) for p in pairs}


def sample() -> dict[str, str]:
    """Every text of the sample repository."""
    tree = DiskTree(PAYMENTS)
    return {p: f.text for p in tree.paths() if isinstance(f := tree.read(p), SourceFile)}
