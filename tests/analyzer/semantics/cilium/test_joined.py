"""Kubernetes' policies mean the same whether their own engine reads them or Cilium joins them with its own."""

from __future__ import annotations

import json
from collections.abc import Mapping

from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.model import Request
from analyzer.options import Options
from analyzer.semantics.cilium import CILIUM
from analyzer.semantics.network_policy import NETWORK_POLICY
from tests.analyzer.semantics.cilium.test_cilium import policy, shop

LABELS: st.SearchStrategy[Mapping[str, object]] = st.one_of(
    st.just({}),
    st.sampled_from("abcw").map(lambda a: {"matchLabels": {"app": a}}),
    st.lists(st.sampled_from("abcw"), min_size=1, max_size=2).map(
        lambda v: {"matchExpressions": [{"key": "app", "operator": "In", "values": v}]}
    ),
    st.sampled_from(["Exists", "DoesNotExist"]).map(lambda o: {"matchExpressions": [{"key": "tier", "operator": o}]}),
)
SPACES: st.SearchStrategy[Mapping[str, object]] = st.one_of(
    st.just({}),
    st.sampled_from(["shop", "web"]).map(lambda n: {"matchLabels": {"kubernetes.io/metadata.name": n}}),
)
PEER = st.one_of(
    LABELS.map(lambda s: {"podSelector": s}),
    SPACES.map(lambda s: {"namespaceSelector": s}),
    st.tuples(LABELS, SPACES).map(lambda p: {"podSelector": p[0], "namespaceSelector": p[1]}),
)
PORT = st.sampled_from([{"port": 8080}, {"port": "http"}, {"port": 9}, {"port": 8000, "endPort": 8100}, {}])
RULE = st.fixed_dictionaries({}, optional={"peers": st.lists(PEER, max_size=2), "ports": st.lists(PORT, max_size=2)})


def _written(rule: Mapping[str, object], way: str) -> dict[str, object]:
    return {(way if key == "peers" else key): value for key, value in rule.items()}


@st.composite
def policies(draw: st.DrawFn) -> list[str]:
    found = []
    for number in range(draw(st.integers(1, 3))):
        types = draw(st.lists(st.sampled_from(["Ingress", "Egress"]), max_size=2, unique=True))
        spec: dict[str, object] = {"podSelector": draw(LABELS), "policyTypes": types}
        for way, key in (("from", "ingress"), ("to", "egress")):
            if draw(st.booleans()):
                spec[key] = [_written(r, way) for r in draw(st.lists(RULE, max_size=2))]
        metadata = {"name": f"p{number}", "namespace": draw(st.sampled_from(["shop", "web"]))}
        body = {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": metadata, "spec": spec}
        found.append(json.dumps(body))
    return found


@settings(max_examples=150, deadline=None)
@given(policies(), st.sampled_from(["shop/a", "shop/b", "web/w"]), st.sampled_from([None, 8080]))
def test_both_engines_agree(written: list[str], caller: str, port: int | None) -> None:
    about_nothing = policy("ingress: [{}]", subject="{matchLabels: {app: none-has-it}}")
    request = Request(None, "shop/c", port=port, caller=caller)
    own = NETWORK_POLICY.verdict(request, shop(*written), Options())
    joined = CILIUM.verdict(request, shop(*written, about_nothing), Options())
    assert (own and own.decision) == (joined and joined.decision)
