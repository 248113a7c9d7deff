"""A shop whose two services have Linkerd's proxy, for tests."""

from __future__ import annotations

from typing import Any

from analyzer.linking.mesh import Mesh
from analyzer.model import Decision, Layer, Passage, Request, Verdict
from analyzer.options import Options
from analyzer.semantics.linkerd import LINKERD
from tests.analyzer.semantics.istio.calls import mesh_of, wire

NAMESPACE = """
apiVersion: v1
kind: Namespace
metadata: {{name: {name}, annotations: {{{annotations}}}}}
"""

APP = """
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}, namespace: {ns}}}
spec:
  template:
    metadata: {{labels: {{app: {name}}}, annotations: {{{pod}}}}}
    spec:
      serviceAccountName: {name}
      containers: [{{name: app, image: example/app, ports: [{{name: http, containerPort: 8080}}]}}]
---
apiVersion: v1
kind: Service
metadata: {{name: {name}, namespace: {ns}, annotations: {{{service}}}}}
spec:
  selector: {{app: {name}}}
  ports: [{{name: http, port: 8080}}]
"""

INJECT = "linkerd.io/inject: enabled"


def namespace(name: str = "shop", annotations: str = INJECT) -> str:
    return NAMESPACE.format(name=name, annotations=annotations)


def app(name: str, ns: str = "shop", pod: str = "", service: str = "") -> str:
    return APP.format(name=name, ns=ns, pod=pod, service=service)


def shop(*more: str, service: str = "", pod: str = "") -> Mesh:
    """``a`` calls ``c``; ``service`` and ``pod`` are annotations of ``c``."""
    return mesh_of(namespace(), app("a"), app("c", service=service, pod=pod), *more)


def passage(mesh: Mesh, **call: Any) -> Passage:
    found = LINKERD.passage(wire(**call), mesh, Options())
    assert found is not None
    return found


def layer(found: Passage, kind: str = "sidecar") -> Layer:
    (one,) = [x for x in found.layers if x.kind == kind]
    return one


def attempts(found: Passage) -> int | None:
    count = layer(found).attempts
    assert count is not None
    return count.value


def ask(mesh: Mesh, account: str | None = "a", **more: Any) -> Verdict:
    principal = None if account is None else f"cluster.local/ns/shop/sa/{account}"
    given: dict[str, Any] = {"principal": principal, "to": "shop/c", "port": 8080, **more}
    found = LINKERD.verdict(Request(**given), mesh, Options())
    assert found is not None
    return found


def decision(mesh: Mesh, account: str | None = "a", **more: Any) -> Decision:
    return ask(mesh, account, **more).decision


def resource(kind: str, spec: str, name: str = "x", group: str = "policy.linkerd.io/v1alpha1", more: str = "") -> str:
    return f"apiVersion: {group}\nkind: {kind}\nmetadata: {{name: {name}, namespace: shop{more}}}\nspec: {spec}\n"
