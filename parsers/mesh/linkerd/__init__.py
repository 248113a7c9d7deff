"""Linkerd's dialect: service profiles, policies, Helm values. Its annotations stand in the metadata of other facts.

Source: linkerd/linkerd2 charts/linkerd-crds/templates; policy-controller/k8s/api/src/policy.
Shape: facts as written; any version of a group is read alike.
Errors: none; what is not modelled (EgressNetwork, rate limits) is a diagnostic.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from parsers.mesh import Dialect
from parsers.mesh.linkerd import helm, policies, profiles
from parsers.yamltree import Node

PROFILES = "linkerd.io"
POLICY = "policy.linkerd.io"

_READERS: dict[tuple[str, str], Callable[[Node], Iterator[object]]] = {
    (PROFILES, "ServiceProfile"): profiles.service_profile,
    (POLICY, "Server"): policies.server,
    (POLICY, "ServerAuthorization"): policies.server_authorization,
    (POLICY, "AuthorizationPolicy"): policies.authorization_policy,
    (POLICY, "MeshTLSAuthentication"): policies.mesh_tls_authentication,
    (POLICY, "NetworkAuthentication"): policies.network_authentication,
    ("helm.toolkit.fluxcd.io", "HelmRelease"): helm.from_release,
}


def _parse(doc: Node) -> Iterator[object]:
    group = doc.at("apiVersion").written().rpartition("/")[0]
    yield from _READERS[(group, doc.at("kind").written())](doc)


LINKERD = Dialect("linkerd", frozenset(_READERS), _parse, frozenset({PROFILES, POLICY}), helm.claims, helm.parse_file)
