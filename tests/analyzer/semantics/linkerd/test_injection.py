"""Linkerd's proxy: the webhook's table of annotations, and what is never injected."""

from __future__ import annotations

import pytest

from analyzer.semantics.linkerd import LINKERD
from tests.analyzer.semantics.istio.calls import mesh_of
from tests.analyzer.semantics.linkerd.shop import app, namespace, resource


@pytest.mark.parametrize(
    ("around", "own", "injected"),
    [
        ("", "", False),
        ("", "linkerd.io/inject: enabled", True),
        ("", "linkerd.io/inject: ingress", True),
        ("", "linkerd.io/inject: disabled", False),
        ("linkerd.io/inject: disabled", "linkerd.io/inject: enabled", True),
        ("linkerd.io/inject: enabled", "", True),
        ("linkerd.io/inject: enabled", "linkerd.io/inject: disabled", False),
        ("linkerd.io/inject: enabled", "linkerd.io/inject: 'true'", False),
        ("linkerd.io/inject: 'true'", "linkerd.io/inject: enabled", False),
    ],
)
def test_the_table_of_annotations(around: str, own: str, injected: bool) -> None:
    mesh = mesh_of(namespace(annotations=around), app("a", pod=own))
    assert (LINKERD.member(mesh.pods["shop/a"], mesh) is not None) is injected


def test_a_proxy_in_the_manifest_counts() -> None:
    text = app("a").replace("containers: [", "containers: [{name: linkerd-proxy, image: p}, ")
    mesh = mesh_of(namespace(annotations=""), text)
    assert LINKERD.member(mesh.pods["shop/a"], mesh) is not None


@pytest.mark.parametrize("extra", ["hostNetwork: true", "x: y"])
def test_the_hosts_network_has_no_proxy(extra: str) -> None:
    mesh = mesh_of(namespace(), app("a").replace("serviceAccountName: a", f"serviceAccountName: a\n      {extra}"))
    assert (LINKERD.member(mesh.pods["shop/a"], mesh) is None) is extra.startswith("hostNetwork")


def test_another_sidecar_is_left_alone() -> None:
    text = app("a").replace("containers: [", "containers: [{name: istio-proxy, image: p}, ")
    mesh = mesh_of(namespace(), text)
    assert LINKERD.member(mesh.pods["shop/a"], mesh) is None


def test_where_only_policies_are_written_the_proxy_is_assumed_and_said_to_be() -> None:
    server = resource("Server", "{podSelector: {}, port: 8080}")
    found = mesh_of(namespace(annotations=""), app("a"), server)
    assumed = LINKERD.member(found.pods["shop/a"], found)
    assert assumed is not None
    assert assumed.because.text.startswith("assumed")
    plain = mesh_of(namespace(annotations=""), app("a"))
    assert LINKERD.member(plain.pods["shop/a"], plain) is None
