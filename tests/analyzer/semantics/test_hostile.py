"""Whatever stands in a resource of these systems, reading it and working with it raises nothing."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analyzer.access import semantics
from analyzer.linking.topology import topology
from analyzer.model import Request
from analyzer.options import Options
from analyzer.semantics import Sender
from parsers.diagnostics import Code
from parsers.mesh import argo_rollouts, cilium, consul, flagger, gateway_api, linkerd
from parsers.reading import read
from parsers.source import MemoryTree
from tests.analyzer.semantics.istio.calls import wire
from tests.analyzer.semantics.linkerd.shop import app, namespace

KINDS = sorted(
    {
        kind
        for dialect in (
            argo_rollouts.ARGO_ROLLOUTS,
            cilium.CILIUM,
            consul.CONSUL,
            flagger.FLAGGER,
            gateway_api.GATEWAY_API,
            linkerd.LINKERD,
        )
        for kind in dialect.kinds
    }
)
WORDS = st.sampled_from(
    ["", "c", "*", "shop", "c.shop.svc.cluster.local", "5xx", "-1", "2s", "(a+)+$", "[[", "10.0.0.0/8", "allow", "{id}"]
)
_KEYS = """
spec specs rules routes condition pathRegex method all any not responseClasses isRetryable retryBudget retryRatio ttl
minRetriesPerSecond dstOverrides weight authority podSelector port server client networks cidr except meshTLS targetRef
requiredAuthenticationRefs kind name namespace identities endpointSelector matchLabels matchExpressions ingress egress
ingressDeny enableDefaultDeny fromEndpoints toEndpoints fromCIDR fromEntities toPorts ports protocol http path headers
destination sources action permissions pathPrefix numRetries retryOn match service splits redirect protocol parentRefs
backendRefs matches filters timeouts request retry attempts codes hostnames strategy canary steps setWeight pause
analysis metrics stepWeights stepWeight targetRef trafficRouting istio virtualService plugins from to expose paths
"""
KEYS = st.sampled_from(_KEYS.split())
ANYTHING = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-3, 10**10), st.floats(allow_nan=False), WORDS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=5)),
    max_leaves=25,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(KINDS), ANYTHING, st.dictionaries(st.just("retry.linkerd.io/http"), WORDS))
def test_nothing_raises(kind: tuple[str, str], spec: object, annotations: dict[str, str]) -> None:
    group, name = kind
    metadata = {"name": "c.shop.svc.cluster.local", "namespace": "shop", "annotations": annotations}
    body = {"apiVersion": f"{group}/v1", "kind": name, "metadata": metadata, "spec": spec}
    files = {"a.yaml": "\n---\n".join((namespace(), app("a"), app("c"))), "b.yaml": json.dumps(body)}
    found = read(MemoryTree(files))
    assert Code.INTERNAL not in [d.code for d in found.diagnostics]
    mesh, _ = topology(found.facts, Options())
    request = Request("cluster.local/ns/shop/sa/a", "shop/c", method="GET", path="/x/{id}", caller="shop/a")
    for one in semantics():
        one.passage(wire(), mesh, Options())
        one.verdict(request, mesh, Options())
        tuple(one.problems(mesh))
        if one.groups is not None:
            senders = (Sender("cluster.local/ns/shop/sa/a", "shop/a"), Sender(None, None))
            groups = one.groups(mesh.services["shop/c"], senders, mesh)
            assert sum(groups) == 0b11
            assert all(g for g in groups)


@pytest.mark.parametrize("kind", KINDS, ids=lambda k: k[1])
def test_a_document_without_a_spec_is_read(kind: tuple[str, str]) -> None:
    body = {"apiVersion": f"{kind[0]}/v1", "kind": kind[1], "metadata": {"name": "x"}}
    assert not read(MemoryTree({"a.yaml": json.dumps(body)})).diagnostics
