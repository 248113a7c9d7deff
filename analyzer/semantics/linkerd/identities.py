"""Identities of Linkerd: how a workload is called, and which of them an authentication takes.

Source: linkerd/linkerd2 policy-controller/k8s/index/src/inbound/index.rs (identity strings of references),
linkerd2-proxy linkerd/proxy/server-policy/src/authz.rs (``*``, suffixes).
Shape: ``<account>.<namespace>.serviceaccount.identity.<control plane>.<trust domain>``. The end of it, which an
installation chooses, is the one that the repository's own policies write most often.
"""

from __future__ import annotations

from collections import Counter

from analyzer.linking.memory import remembered
from analyzer.linking.mesh import CLUSTER_DOMAIN, Mesh
from analyzer.semantics.linkerd.injection import installation
from parsers.facts.linkerd import MeshTLSAuthentication, ServerAuthorization

_MIDDLE = ".serviceaccount.identity."
_DEFAULT_END = "linkerd.{domain}"


def identity(principal: str | None, mesh: Mesh) -> str | None:
    """The name by which a principal is known here; one that is a name already stays as it is."""
    if principal is None or _MIDDLE in principal:
        return principal
    parts = principal.split("/")
    if len(parts) == 5 and parts[1] == "ns" and parts[3] == "sa":
        return of_account(parts[4], parts[2], mesh)
    return principal


def of_account(account: str, namespace: str, mesh: Mesh) -> str:
    """The identity of a service account."""
    return f"{account}.{namespace}{_MIDDLE}{remembered(mesh, _end)}"


def of_namespace(namespace: str, mesh: Mesh) -> str:
    """The pattern that takes every identity of a namespace."""
    return f"*.{namespace}{_MIDDLE}{remembered(mesh, _end)}"


def takes(pattern: str, name: str) -> bool:
    """``*`` takes every identity, ``*.x`` those that end so; a star anywhere else is a character."""
    if pattern == "*":
        return True
    return name.endswith(pattern[1:]) if pattern.startswith("*.") else name == pattern


def patterns(authentication: MeshTLSAuthentication, mesh: Mesh) -> tuple[str, ...]:
    """The identities of an authentication, references written out."""
    found = [*authentication.identities]
    for reference in authentication.references:
        if reference.kind == "Namespace":
            found.append(of_namespace(reference.name, mesh))
        else:
            found.append(of_account(reference.name, reference.namespace or authentication.meta.ns, mesh))
    return tuple(found)


def _end(mesh: Mesh) -> str:
    written = [i for a in mesh.all(MeshTLSAuthentication) for i in a.identities]
    written += [i for a in mesh.all(ServerAuthorization) for i in a.identities or ()]
    ends = Counter(i.partition(_MIDDLE)[2] for i in written if _MIDDLE in i)
    if ends:
        return min(ends, key=lambda e: (-ends[e], e))
    installed = installation(mesh)
    domain = installed.trust_domain if installed is not None else None
    return _DEFAULT_END.format(domain=domain or CLUSTER_DOMAIN)
