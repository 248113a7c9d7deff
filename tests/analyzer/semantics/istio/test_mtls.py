"""What a port accepts, by the PeerAuthentication that decides."""

from __future__ import annotations

from analyzer.semantics.istio.mtls import server_mode
from tests.analyzer.semantics.istio.meshes import Document, document, mesh


def peer(mode: str, name: str = "d", namespace: str = "default", **spec: object) -> Document:
    return document("PeerAuthentication", {"mtls": {"mode": mode}, **spec}, name=name, namespace=namespace)


def mode(docs: list[Document], port: int | None = 8080) -> str:
    there = mesh(docs)
    return server_mode(there.services["default/app"], port, there).mode


SELECTOR = {"matchLabels": {"app": "app"}}
ROOT = peer("STRICT", namespace="istio-system")


def test_nothing_written_is_permissive() -> None:
    assert mode([]) == "PERMISSIVE"


def test_the_narrowest_policy_decides() -> None:
    wide = peer("PERMISSIVE", "ns")
    own = peer("DISABLE", "own", selector=SELECTOR)
    assert mode([ROOT]) == "STRICT"
    assert mode([ROOT, wide]) == "PERMISSIVE"
    assert mode([ROOT, wide, own]) == "DISABLE"


def test_unset_inherits() -> None:
    assert mode([ROOT, peer("UNSET")]) == "STRICT"


def test_a_port_may_be_excepted_where_the_policy_selects_the_workload() -> None:
    excepted = {"portLevelMtls": {"8080": {"mode": "DISABLE"}}}
    own = peer("STRICT", selector=SELECTOR, **excepted)
    assert (mode([own]), mode([own], 9090)) == ("DISABLE", "STRICT")
    assert mode([peer("STRICT", **excepted)]) == "STRICT"


def test_a_selector_in_the_root_namespace_has_no_effect() -> None:
    assert mode([peer("STRICT", namespace="istio-system", selector=SELECTOR)]) == "PERMISSIVE"


def test_the_first_of_two_wide_policies_counts() -> None:
    assert mode([peer("STRICT", "a"), peer("DISABLE", "b")]) == "STRICT"
