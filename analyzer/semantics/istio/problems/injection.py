"""Namespaces whose labels contradict one another, or that are left out of the mesh.

Source: istio/istio pkg/config/analysis/analyzers/injection/injection.go. A bare Pod without proxy in a file is no
problem: the webhook adds it when the pod is created.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.linking.mesh import Mesh
from analyzer.semantics.istio.injection import DATAPLANE, INJECTION, REVISION, SYSTEM_NAMESPACES, statement
from analyzer.semantics.istio.problems.problem import Code, Problem
from parsers.facts.kubernetes import Namespace


def injection(mesh: Mesh) -> Iterator[Problem]:
    """Problems of Namespace objects, in repositories that say who is injected."""
    if statement(mesh) is None:
        return
    for namespace in mesh.all(Namespace):
        name = namespace.meta.name
        if name != mesh.root_namespace and name not in SYSTEM_NAMESPACES:
            yield from _namespace(namespace, mesh)


def _namespace(namespace: Namespace, mesh: Mesh) -> Iterator[Problem]:
    labels, name = namespace.meta.labels, namespace.meta.name
    who = f"Namespace {name}"
    written = labels.get(INJECTION)
    said = [f"{INJECTION}={written}"] if written is not None else []
    if written in (None, "enabled"):
        said += [f"{key}={labels[key]}" for key in (REVISION, DATAPLANE) if key in labels]
    if len(said) > 1:
        text = f"namespace {name} has {' and '.join(said)}: {said[0]} decides"
        yield Problem(Code.SEVERAL_LABELS, text, namespace.span, who)
    if labels.get(DATAPLANE) == "ambient" or written or REVISION in labels:
        return
    if mesh.config is not None and mesh.config.inject_by_default:
        text = f"namespace {name} has no label and is injected by default"
        yield Problem(Code.BY_DEFAULT, text, namespace.span, who)
    else:
        text = f"namespace {name} has no injection label: its pods get no sidecar, no mesh retries and no identity"
        yield Problem(Code.NOT_INJECTED, text, namespace.span, who)
