"""Helm files that speak of Istio: values of its charts, and charts that depend on them.

Source: istio/istio manifests/charts/istio-control/istio-discovery/values.yaml; Helm's Chart.yaml.
Shape: a values file counts where it holds keys that only Istio's charts have.
Errors: none; the values of other charts are not ours, so nothing unread is reported.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

from parsers.diagnostics import Diagnostic
from parsers.mesh.istio import mesh_config, version
from parsers.source import SourceFile, Tree
from parsers.yamltree import documents

_KEYS = ("meshConfig", "sidecarInjectorWebhook", "meshNetworks", "istiod")
#: Files that name charts and their versions.
CHARTED = frozenset({"Chart.yaml", "helmfile.yaml", "helmfile.yml"})
_WRAPPERS = ("istiod", "istio", "istio-istiod")


def claims(path: str) -> bool:
    """``Chart.yaml``, helmfiles, and what is usually given to ``helm install -f``."""
    name = PurePosixPath(path).name
    return name in CHARTED or (name.endswith((".yaml", ".yml")) and "values" in name)


def parse_file(file: SourceFile, _tree: Tree) -> Iterator[object]:
    """Read versions and mesh settings; a file that mentions nothing of Istio is not parsed."""
    chart = PurePosixPath(file.path).name in CHARTED
    if not (chart and "istio" in file.text) and not any(f"{key}:" in file.text for key in _KEYS):
        return
    for doc in documents(file):
        if isinstance(doc, Diagnostic) or not doc.is_mapping or doc.has("kind"):
            continue
        if chart:
            yield from version.from_dependencies(doc.at("dependencies"))
            yield from version.from_releases(doc.at("releases"))
        else:
            yield from mesh_config.from_values(doc)
            for name in _WRAPPERS:  # values of a chart that depends on istiod
                if doc.at(name).is_mapping:
                    yield from mesh_config.from_values(doc.at(name))
