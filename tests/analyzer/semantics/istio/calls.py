"""Meshes from YAML and calls through them, for tests."""

from __future__ import annotations

from typing import Any

from analyzer.linking.mesh import Mesh, Wire
from analyzer.linking.topology import topology
from analyzer.model import Layer, Operation, Passage, Precision
from analyzer.options import Options
from analyzer.semantics.istio import ISTIO
from parsers.reading import read
from parsers.source import MemoryTree, Span

SPAN = Span("app.py", 1, 1, 1, 10)

NAMESPACE = """
apiVersion: v1
kind: Namespace
metadata: {{name: {name}, labels: {{{labels}}}}}
"""

APP = """
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}, namespace: {ns}}}
spec:
  template:
    metadata: {{labels: {{app: {name}{labels}}}, annotations: {{{annotations}}}}}
    spec:
      containers: [{{name: app, image: example/app}}]
---
apiVersion: v1
kind: Service
metadata: {{name: {name}, namespace: {ns}, labels: {{{service_labels}}}}}
spec:
  selector: {{app: {name}}}
  ports: [{{name: {port}, port: 8080}}]
"""


def namespace(name: str = "shop", labels: str = "istio-injection: enabled") -> str:
    return NAMESPACE.format(name=name, labels=labels)


def app(
    name: str,
    ns: str = "shop",
    labels: str = "",
    port: str = "http",
    annotations: str = "",
    service_labels: str = "",
) -> str:
    more = f", {labels}" if labels else ""
    return APP.format(name=name, ns=ns, labels=more, port=port, annotations=annotations, service_labels=service_labels)


def shop(*more: str) -> tuple[str, ...]:
    """Two services with sidecars, and more documents."""
    return (namespace(), app("a"), app("c"), *more)


def mesh_of(*docs: str, version: tuple[int, ...] | None = None) -> Mesh:
    """The linked system of some documents, without code."""
    facts = read(MemoryTree({f"{i:02}.yaml": text for i, text in enumerate(docs)})).facts
    return topology(facts, Options(istio_version=version))[0]


def wire(caller: str = "shop/a", callee: str = "shop/c", host: str | None = None, **more: Any) -> Wire:
    given: dict[str, Any] = {
        "port": 8080,
        "protocol": "http",
        "method": "GET",
        "path": "/",
        "provenance": "code",
        "precision": Precision.EXACT,
        "span": SPAN,
    }
    dialled = callee.rpartition("/")[2].removeprefix("external:") if host is None else host
    return Wire("w", Operation(caller, "*"), Operation(callee, "*"), dialled, **{**given, **more})


def passage(mesh: Mesh, call: Wire | None = None, *, declared: str = "count") -> Passage:
    found = ISTIO.passage(call or wire(), mesh, Options(destination_rule_retries=declared))
    assert found is not None
    return found


def layer(found: Passage, kind: str = "sidecar") -> Layer:
    (one,) = [x for x in found.layers if x.kind == kind and x.effective]
    return one


def attempts(found: Passage, kind: str = "sidecar") -> int | None:
    count = layer(found, kind).attempts
    assert count is not None
    return count.value


def virtual_service(http: str, name: str = "c", ns: str = "shop", hosts: str = "[c]", more: str = "") -> str:
    """``http``: the entries in flow style, without the brackets; ``more``: other keys of the spec, a line each."""
    return f"""
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {{name: {name}, namespace: {ns}}}
spec:
  hosts: {hosts}
{more}
  http: [{http}]
"""


TO_C = "route: [{destination: {host: c}}]"


def destination_rule(spec: str, name: str = "c", ns: str = "shop", host: str = "c") -> str:
    return f"""
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {{name: {name}, namespace: {ns}}}
spec:
  host: {host}
{spec}
"""
