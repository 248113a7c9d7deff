"""A repository with Consul from its files to its numbers: localhost is the way to an upstream, routers multiply."""

from __future__ import annotations

import pytest

from analyzer.options import Options
from analyzer.pipeline import analyze
from parsers.source import MemoryTree
from tests.analyzer.semantics.consul.test_consul import HTTP, INJECT, entry, router
from tests.analyzer.semantics.linkerd.shop import app, namespace
from tests.analyzer.semantics.linkerd.test_end_to_end import STOCK, WEB, amplification


def report(upstreams: str, url: str) -> dict[str, object]:
    more = f"{INJECT}, consul.hashicorp.com/connect-service-upstreams: '{upstreams}'"
    retried = entry("ServiceRouter", "{routes: [" + router("numRetries: 3, retryOn: [5xx]") + "]}")
    docs = "\n---\n".join((namespace(annotations=""), app("a", pod=more), app("c", pod=INJECT), HTTP, retried))
    tree = MemoryTree({"deploy/a.yaml": docs, "a/app.py": WEB.replace("http://c.shop:8080", url), "c/app.py": STOCK})
    return analyze(tree, Options(entries=("shop/a GET /",))).to_dict()


@pytest.mark.parametrize("upstreams", ["d:1,c:1234", "c.shop:1234", "c.svc.shop.ns:1234", "c:1234:dc1"])
def test_a_port_of_the_pod_is_the_way_to_an_upstream(upstreams: str) -> None:
    assert amplification(report(upstreams, "http://localhost:1234"))["worst"] == 3 * 4


def test_a_name_of_the_cluster_leads_there_too() -> None:
    assert amplification(report("d:1", "http://c.shop:8080"))["worst"] == 3 * 4
