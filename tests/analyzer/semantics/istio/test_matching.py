"""The path that a policy is matched with."""

from __future__ import annotations

import pytest

from analyzer.semantics.istio.matching import normalized, refused


@pytest.mark.parametrize(
    ("written", "seen"),
    [
        ("/a/../b", "/b"),
        ("/a/./b", "/a/b"),
        ("/a/..", "/"),
        ("/..", "/"),
        ("/a/%2e%2e/b", "/b"),
        ("/a\\b", "/a/b"),
        ("/x/..\\b", "/b"),
        ("/%61", "/a"),
        ("/%2f", "/%2f"),
        ("/a..b", "/a..b"),
        ("/..a", "/..a"),
        ("//a", "//a"),
        ("/a//../b", "/a/b"),
        ('/a"b', "/a%22b"),
        ("/a%zz", "/a%zz"),
        ("/a?x=/../b", "/a"),
        ("/[1]", "/[1]"),
    ],
)
def test_the_default_resolves_dots_and_needless_escapes(written: str, seen: str) -> None:
    assert normalized(written, "BASE") == seen


def test_slashes_are_merged_and_decoded_only_as_the_mesh_says() -> None:
    assert normalized("//a%2fb", "MERGE_SLASHES") == "/a%2fb"
    assert normalized("//a%2f%5cb", "DECODE_AND_MERGE_SLASHES") == "/a/b"
    assert normalized("/a/../b", "NONE") == "/a/../b"


@pytest.mark.parametrize(
    ("method", "path"), [("get", "/"), ("GET", "/a b"), ("GET", "/a#b"), ("GET", "/%00"), ("GET", "/é")]
)
def test_what_envoy_answers_itself(method: str, path: str) -> None:
    assert refused(method, path, "BASE") is not None


def test_an_escape_of_nul_is_refused_only_where_paths_are_normalised() -> None:
    assert refused("GET", "/%00", "NONE") is None


def test_holes_of_an_operation_are_no_characters() -> None:
    assert refused("GET", "/a/{an id}/b", "BASE", holes=True) is None
