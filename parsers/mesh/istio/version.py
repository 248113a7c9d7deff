"""Where a repository states its Istio version: image tags, revision labels, chart versions.

Source: istio/istio manifests (``tag``, ``revision``), pkg/kube/inject (``istio.io/rev``); charts
of Istio's Helm repository, whose versions are Istio's own.
Shape: ``MAJOR.MINOR[.PATCH]``; a revision counts only where its name is a version (``1-23-2``, ``1-23``).
Errors: none; these documents belong to other dialects, nothing of them is reported here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from parsers.facts.istio import MeshVersion
from parsers.yamltree import Node

#: Charts of Istio that carry the control plane's version.
CHARTS = frozenset({"istiod", "base", "istio-base", "istio-control", "istio-discovery", "istio-cni", "cni", "ztunnel"})
REVISION_LABEL = "istio.io/rev"
PROXY_IMAGE = "sidecar.istio.io/proxyImage"

_VERSION = re.compile(r"(?<![\d.])v?(1[.\-]\d{1,2}(?:[.\-]\d{1,2})?)(?![\d.]*\d)")
_IMAGE = re.compile(r"(?:^|/)(?:proxyv2|pilot|ztunnel|install-cni):([^@\s]+)")


def stated(node: Node, where: str) -> Iterator[MeshVersion]:
    """The version in a tag or a revision name, if it has one."""
    if node.is_scalar and (version := version_in(node.written())):
        yield MeshVersion(version, where, node.span)


def version_in(text: str) -> str | None:
    """``1.23.2`` of ``1.23.2-distroless``, ``1-23-2`` or ``v1.23``; nothing of ``canary`` or ``latest``."""
    found = _VERSION.search(text)
    return found.group(1).replace("-", ".") if found else None


def image_version(image: str) -> str | None:
    """The version of one of Istio's own images, or ``None`` for any other image."""
    found = _IMAGE.search(image)
    return version_in(found.group(1)) if found else None


def from_namespace(doc: Node) -> Iterator[MeshVersion]:
    """A revision label that names a version."""
    yield from _revision(doc.at("metadata"), "Namespace")


def from_workload(doc: Node) -> Iterator[MeshVersion]:
    """Istio's own images in a workload, and a revision label on its pods."""
    template = doc.at("spec", "template")
    yield from _revision(template.at("metadata"), "pod template")
    annotations = template.at("metadata", "annotations")
    if annotations.is_mapping and annotations.has(PROXY_IMAGE):
        image = annotations.at(PROXY_IMAGE)
        if version := image_version(image.written()):
            yield MeshVersion(version, f"annotation {PROXY_IMAGE}", image.span)
    spec = template.at("spec")
    for containers in (spec.at("containers"), spec.at("initContainers")):
        if not containers.is_sequence:
            continue
        for container in containers.items():
            image = container.at("image") if container.is_mapping else container
            if version := image_version(image.written()):
                yield MeshVersion(version, f"image {image.written()}", image.span)


def _revision(metadata: Node, of: str) -> Iterator[MeshVersion]:
    labels = metadata.at("labels")
    if labels.is_mapping and labels.has(REVISION_LABEL):
        yield from stated(labels.at(REVISION_LABEL), f"{of} label {REVISION_LABEL}")


def from_argo_application(doc: Node) -> Iterator[MeshVersion]:
    """An Argo CD Application that installs one of Istio's charts."""
    spec = doc.at("spec")
    spec.ignore_rest()
    several = spec.at("sources")
    for source in (spec.at("source"), *(several.items() if several.is_sequence else ())):
        if source.is_mapping and source.at("chart").written() in CHARTS and "istio" in _text_of(source, "repoURL"):
            yield from stated(source.at("targetRevision"), "Argo CD Application targetRevision")
    doc.ignore_rest()


def from_helm_release(doc: Node) -> Iterator[MeshVersion]:
    """A Flux HelmRelease that installs one of Istio's charts."""
    chart = doc.at("spec", "chart", "spec")
    if chart.is_mapping and chart.at("chart").written() in CHARTS:
        yield from stated(chart.at("version"), "HelmRelease chart version")
    doc.ignore_rest()


def from_releases(releases: Node) -> Iterator[MeshVersion]:
    """The releases of a helmfile."""
    for entry in releases.items() if releases.is_sequence else ():
        repository, _, chart = (entry.at("chart").written() if entry.is_mapping else "").rpartition("/")
        if chart in CHARTS and "istio" in f"{repository} {chart}":
            yield from stated(entry.at("version"), "helmfile release")


def from_dependencies(dependencies: Node) -> Iterator[MeshVersion]:
    """The dependencies of a Chart.yaml."""
    for entry in dependencies.items() if dependencies.is_sequence else ():
        if entry.is_mapping and entry.at("name").written() in CHARTS and "istio" in _text_of(entry, "repository"):
            yield from stated(entry.at("version"), "Chart.yaml dependency")


def _text_of(node: Node, key: str) -> str:
    """The value and, as charts are often named after what they come from, the entry's own name."""
    return f"{node.at(key).written()} {node.at('chart').written()} {node.at('name').written()}"
