"""``kustomization.yaml``: which files belong together, in which namespace; and the ConfigMaps it generates.

Source: kustomize.config.k8s.io/v1beta1 Kustomization, v1alpha1 Component.
Shape: one ``Kustomization`` a file, one ``ConfigMap`` a generator (the name's hash suffix is kustomize's own affair).
Errors: inline patches, replacements and charts are not applied: they are reported as not understood.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from parsers import envfile
from parsers.diagnostics import Diagnostic
from parsers.facts import NO_LABELS, Labels, Meta
from parsers.facts.kubernetes import ConfigEntry, ConfigMap, Kustomization
from parsers.mesh import Dialect
from parsers.metadata import beside
from parsers.source import SourceFile, Tree
from parsers.yamltree import Node, documents

_NAMES = ("kustomization.yaml", "kustomization.yml", "Kustomization")
_NO_MATTER = (
    "apiVersion", "buildMetadata", "commonAnnotations", "configurations", "crds", "generatorOptions", "kind",
    "metadata", "openapi", "replicas", "sortOptions",
)  # fmt: skip


def _claims(path: str) -> bool:
    return posixpath.basename(path) in _NAMES


def _parse_file(file: SourceFile, tree: Tree) -> Iterator[object]:
    for doc in documents(file):
        if isinstance(doc, Diagnostic):
            yield doc
        elif doc.is_mapping:
            doc.ignore(*_NO_MATTER)
            yield _kustomization(doc)
            yield from _generated(doc, tree)
            yield from doc.problems()


def _kustomization(doc: Node) -> Kustomization:
    return Kustomization(
        folder=posixpath.dirname(doc.path),
        namespace=doc.at("namespace").text(None),
        name_prefix=doc.at("namePrefix").text(""),
        name_suffix=doc.at("nameSuffix").text(""),
        resources=(*_paths(doc.at("resources")), *_paths(doc.at("bases"))),
        span=doc.span,
        components=_paths(doc.at("components")),
        patches=tuple(_patches(doc)),
        images=tuple(_images(doc.at("images"))),
        labels=_labels(doc),
    )


def _paths(node: Node) -> tuple[str, ...]:
    found = (beside(node.path, written) for written in node.strings())
    return tuple(path for path in found if path is not None)


def _patches(doc: Node) -> Iterator[str]:
    for key in ("patches", "patchesJson6902"):
        for patch in doc.at(key).items():
            patch.ignore("target", "options")
            path = beside(doc.path, patch.at("path").text(""))
            if path:
                yield path
    for patch in doc.at("patchesStrategicMerge").items():
        written = patch.text("")
        if "\n" in written:
            patch.invalid("an inline patch is not applied")
        elif path := beside(doc.path, written):
            yield path


def _images(node: Node) -> Iterator[tuple[str, str]]:
    for image in node.items():
        image.ignore("newTag", "digest", "tagSuffix")
        name = image.at("name").text("")
        if name:
            yield name, image.at("newName").text(name)


def _labels(doc: Node) -> Labels:
    found = dict(doc.at("commonLabels").labels())
    for entry in doc.at("labels").items():
        entry.ignore("fields", "includeSelectors", "includeTemplates")
        found |= entry.at("pairs").labels()
    return Labels(found)


def _generated(doc: Node, tree: Tree) -> Iterator[object]:
    namespace = doc.at("namespace").text(None)
    for key, secret in (("configMapGenerator", False), ("secretGenerator", True)):
        for node in doc.at(key).items():
            node.ignore("behavior", "options", "type")
            name, own = node.at("name"), node.at("namespace").text(None)
            named = Meta(name.text(""), own or namespace, NO_LABELS, NO_LABELS, name.span)
            found: dict[str, ConfigEntry] = {}
            for entry in _entries(node, tree):
                if isinstance(entry, Diagnostic):
                    yield entry
                else:
                    found[entry.key] = entry
            if named.name:
                yield ConfigMap(named, tuple(found.values()), secret, node.span)
            else:
                node.invalid("a generator without a name")


def _entries(node: Node, tree: Tree) -> Iterator[ConfigEntry | Diagnostic]:
    for file in (*node.at("envs").items(), *([node.at("env")] if node.at("env") else ())):
        read = _beside(node.path, file.text(""), tree)
        if isinstance(read, SourceFile):
            yield from envfile.entries(read)
        elif read is not None:
            yield read
    for literal in node.at("literals").items():
        key, _, value = literal.text("").partition("=")
        yield ConfigEntry(key, value.strip("'\""), literal.span)
    for file in node.at("files").items():
        name, _, path = file.text("").rpartition("=")
        read = _beside(node.path, path, tree)
        if isinstance(read, SourceFile):
            yield ConfigEntry(name or posixpath.basename(path), read.text, file.span)
        elif read is not None:
            yield read


def _beside(path: str, written: str, tree: Tree) -> SourceFile | Diagnostic | None:
    found = beside(path, written)
    return tree.read(found) if found else None


KUSTOMIZE = Dialect("kustomize", claims=_claims, parse_file=_parse_file)
