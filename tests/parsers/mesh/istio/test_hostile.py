"""Whatever stands in an Istio resource, reading it and working with it raises nothing."""

from __future__ import annotations

import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analyzer.options import Options
from analyzer.semantics.istio import ISTIO as SEMANTICS
from analyzer.semantics.istio.problems import problems
from parsers.diagnostics import Code
from parsers.mesh.istio import _READERS
from parsers.reading import read
from parsers.source import MemoryTree
from tests.analyzer.semantics.istio.calls import app, mesh_of, namespace, wire

WORDS = st.sampled_from(
    [
        "",
        "c",
        "*",
        "mesh",
        "c.shop.svc.cluster.local",
        "~",
        ".",
        "5xx,503",
        "-1",
        "2s",
        "(a+)+$",
        "STRICT",
        "\u2028",
        "{id}",
    ]
)
_KEYS = """
hosts gateways http match uri exact prefix regex route destination host subset port number weight
retries attempts perTryTimeout retryOn timeout mirror mirrors fault abort percentage value delegate
name exportTo trafficPolicy connectionPool outlierDetection retryBudget percent portLevelSettings
tls mode subsets labels selector matchLabels rules from source principals to operation when key
values mtls portLevelMtls servers egress workloadSelector configPatches applyTo meshConfig values
global meshNetworks headers request set endpoints ports spec tcp
"""
KEYS = st.sampled_from(_KEYS.split())
ANYTHING = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-3, 10**10), st.floats(allow_nan=False), WORDS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=5)),
    max_leaves=25,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(sorted(_READERS)), ANYTHING)
def test_nothing_raises(kind: tuple[str, str], spec: object) -> None:
    group, name = kind
    body = {
        "apiVersion": f"{group}/v1" if group else "v1",
        "kind": name,
        "metadata": {"name": "istio", "namespace": "shop"},
        "spec": spec,
        "data": spec,
    }
    text = json.dumps(body)
    found = read(MemoryTree({"a.yaml": text}))
    assert Code.INTERNAL not in [d.code for d in found.diagnostics], found.diagnostics
    mesh = mesh_of(namespace(), app("a"), app("c"), text)
    problems(mesh)
    SEMANTICS.passage(wire(), mesh, Options())
    SEMANTICS.passage(wire("external:x", path="/{id}/x"), mesh, Options(destination_rule_retries="ignore"))
    for pod in mesh.pods.values():
        SEMANTICS.member(pod, mesh)
