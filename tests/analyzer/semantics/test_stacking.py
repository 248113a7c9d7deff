"""Several meshes on one call: a node's proxy stands between the sidecars, unless they encrypt."""

from __future__ import annotations

from analyzer.options import Options
from analyzer.pipeline import analyze
from parsers.source import MemoryTree
from tests.analyzer.semantics.cilium.test_cilium import EGRESS, INGRESS
from tests.analyzer.semantics.linkerd.shop import app, namespace
from tests.analyzer.semantics.linkerd.test_end_to_end import STOCK, WEB, amplification


def report(annotations: str) -> dict[str, object]:
    rules = [p.replace("path: /open", "path: /stock") for p in (EGRESS, INGRESS)]
    docs = "\n---\n".join((namespace(annotations=annotations), app("a"), app("c"), *rules))
    tree = MemoryTree({"deploy/a.yaml": docs, "a/app.py": WEB, "c/app.py": STOCK})
    return analyze(tree, Options(entries=("shop/a GET /",))).to_dict()


def test_code_and_two_node_proxies_multiply() -> None:
    assert amplification(report(""))["worst"] == 3 * 4 * 4


def test_node_proxies_cannot_read_what_sidecars_encrypt() -> None:
    assert amplification(report("linkerd.io/inject: enabled"))["worst"] == 3
