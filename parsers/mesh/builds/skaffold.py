"""``skaffold.yaml``: which folder each image is built from.

Source: skaffold.dev/docs/references/yaml, ``build.artifacts`` (and those of profiles).
"""

from __future__ import annotations

from collections.abc import Iterator

from parsers.facts.kubernetes import ImageSource
from parsers.metadata import beside
from parsers.yamltree import Node


def read(doc: Node) -> Iterator[object]:
    """Each artifact."""
    doc.ignore_rest()  # how it deploys and tests is not how it runs
    yield from _artifacts(doc.at("build"))
    for profile in doc.at("profiles").items():
        yield from _artifacts(profile.at("build"))


def _artifacts(build: Node) -> Iterator[ImageSource]:
    for artifact in build.at("artifacts").items():
        folder = beside(artifact.path, artifact.at("context").text("."))
        image = artifact.at("image").text(None)
        if folder is None or image is None:
            continue
        written = artifact.at("docker", "dockerfile").text("Dockerfile")
        dockerfile = beside(f"{folder}/x" if folder else "x", written)
        yield ImageSource(image, folder, (), (), artifact.span, dockerfile)
