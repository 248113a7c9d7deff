"""Short builders for linking tests: manifests from YAML, Python facts by hand."""

from textwrap import dedent

from analyzer.linking import link
from analyzer.linking.mesh import Mesh, Wire
from analyzer.options import Options
from parsers.diagnostics import Diagnostic
from parsers.facts.python import Block, Call, EnvVar, Handler, Hole, Send, Step, Template
from parsers.reading import Scope, read
from parsers.source import MemoryTree, Span


def manifests(**files: str) -> tuple[object, ...]:
    """Facts of YAML texts; ``k8s__web`` is the file ``k8s/web.yaml``."""
    named = {name.replace("__", "/") + ".yaml": dedent(text) for name, text in files.items()}
    return read(MemoryTree(named), Scope(python=False)).facts


def tree(files: dict[str, str]) -> tuple[object, ...]:
    return read(MemoryTree({k: dedent(v) for k, v in files.items()}), Scope(python=False)).facts


def deployment(name: str, env: str = "", namespace: str = "", image: str = "", **more: str) -> str:
    """A Deployment and its Service on port 8080; ``env`` holds lines ``NAME=value``."""
    ns = f"\n  namespace: {namespace}" if namespace else ""
    lines = "".join(f"\n        - {{name: {k}, value: '{v}'}}" for k, v in (e.split("=", 1) for e in env.split() if e))
    extra = "".join(f"\n      {line}" for line in more.get("container", "").splitlines())
    pod = "".join(f"\n      {line}" for line in more.get("pod", "").splitlines())
    return f"""apiVersion: apps/v1
kind: Deployment
metadata:
  name: {name}{ns}
spec:
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec:{pod}
      containers:
      - name: {name}
        image: {image or name}
        ports: [{{containerPort: 8080}}]{extra.replace("      ", "        ")}
        env:{lines or " []"}
---
apiVersion: v1
kind: Service
metadata:
  name: {name}{ns}
spec:
  type: {more.get("type", "ClusterIP")}
  selector: {{app: {name}}}
  ports: [{{name: http, port: 8080}}]
---
"""


def at(path: str, line: int = 1) -> Span:
    return Span(path, line, 1, line, 20)


def env(name: str, *default: str) -> EnvVar:
    return EnvVar(name, tuple(default) if default else None)


def call(*parts: str | EnvVar | Hole, path: str, line: int = 10, **more: object) -> Call:
    settings: dict[str, object] = {"client": "requests.get", "protocol": "http", "method": "GET", "symbol": "f"}
    settings |= {"url": (tuple(parts),)} | more
    return Call(span=at(path, line), **settings)  # type: ignore[arg-type]


def calls_any(*urls: Template, path: str, line: int = 10) -> Call:
    return call(path=path, line=line, url=urls)


def handler(
    method: str, route: str, *steps: Step, path: str, line: int = 5, kind: str = "http", symbol: str = "f"
) -> Handler:
    return Handler("flask", kind, method, route, symbol, at(path, line), Block(steps))


def sending(*calls: Call) -> tuple[Step, ...]:
    return tuple(Send(c, key) for key, c in enumerate(calls))


def linked(*facts: object, options: Options | None = None) -> Mesh:
    return link(facts, options or Options())[0]


def told(*facts: object, options: Options | None = None) -> tuple[Diagnostic, ...]:
    return link(facts, options or Options())[1]


def pairs(mesh: Mesh) -> list[tuple[str, str]]:
    """Who calls whom, short: ``("web GET /pay", "payments POST /charge")``."""
    return [(_short(str(w.caller)), _short(str(w.callee))) for w in mesh.wires]


def only(mesh: Mesh) -> Wire:
    assert len(mesh.wires) == 1, [w.id for w in mesh.wires]
    return mesh.wires[0]


def _short(name: str) -> str:
    return name.removeprefix("default/")
