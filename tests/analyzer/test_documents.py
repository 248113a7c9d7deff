"""Texts that rules search as texts."""

from __future__ import annotations

import pytest

from analyzer.documents import documents
from parsers.source import MemoryTree

MONITOR = "apiVersion: monitoring.coreos.com/v1\nkind: ServiceMonitor\nmetadata: {name: istiod}\n"


@pytest.mark.parametrize("path", ["docs/adr/0001-mesh.md", "adr/1.txt", "docs/decisions/mesh.rst", "a/b/ADRs/x.adoc"])
def test_decision_records_are_documents(path: str) -> None:
    assert documents(MemoryTree({path: "we use a mesh"})) == {path: "we use a mesh"}


@pytest.mark.parametrize("path", ["README.md", "docs/guide.md", "adr.md", "docs/adr/picture.png"])
def test_other_prose_is_not(path: str) -> None:
    assert documents(MemoryTree({path: "we use a mesh"})) == {}


def test_manifests_of_what_watches_or_limits_the_mesh_are_documents() -> None:
    assert list(documents(MemoryTree({"m.yaml": MONITOR, "d.yaml": "kind: Deployment\n"}))) == ["m.yaml"]


def test_a_text_of_many_megabytes_is_data_and_no_document() -> None:
    assert documents(MemoryTree({"m.yaml": MONITOR + "# x\n" * 200_000})) == {}
