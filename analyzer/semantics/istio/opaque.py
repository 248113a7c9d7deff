"""EnvoyFilters and WasmPlugins: what they do to a proxy is not modelled, so answers about it are less sure.

Source: istio/api networking/v1alpha3/envoy_filter.proto (``applyTo``).
"""

from __future__ import annotations

from dataclasses import replace

from analyzer.findings import Evidence
from analyzer.linking.mesh import Mesh, Pod
from analyzer.model import Passage, Precision
from parsers.facts.istio import EnvoyFilter

#: What a patch may touch to change routes, retries or clusters of a call.
TOUCHES_CALLS = frozenset(
    {"HTTP_ROUTE", "VIRTUAL_HOST", "ROUTE_CONFIGURATION", "CLUSTER", "HTTP_FILTER", "NETWORK_FILTER", "LISTENER"}
)


def patched(passage: Passage, pod: Pod | None, mesh: Mesh) -> Passage:
    """The passage, less sure where an EnvoyFilter that may change it applies to the caller's proxy."""
    if pod is None:
        return passage
    found = tuple(
        Evidence(f"EnvoyFilter {f.meta.ns}/{f.meta.name} may change this call; what it does is not modelled", f.span)
        for f in mesh.all(EnvoyFilter)
        if f.meta.ns in (pod.namespace, mesh.root_namespace)
        and (f.selector is None or pod.labels.contains(f.selector))
        and TOUCHES_CALLS.intersection(f.applies_to)
    )
    return replace(passage, precision=Precision.UNKNOWN, evidence=(*passage.evidence, *found)) if found else passage
