"""Trust domains and their aliases, as principals in policies are widened by them.

Source: istio/istio pilot/pkg/security/trustdomain/bundle.go:54-133.
Shape: identities are written without ``spiffe://``. ``domains`` is the mesh's trust domain, then its aliases.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from analyzer.linking.mesh import CLUSTER_DOMAIN, Mesh


def trust_domains(mesh: Mesh) -> tuple[str, ...]:
    """The mesh's trust domain and its aliases."""
    aliases = mesh.config.trust_domain_aliases if mesh.config else ()
    return tuple(dict.fromkeys((mesh.trust_domain, *aliases)))


def with_aliases(principals: Iterable[str], domains: Sequence[str]) -> tuple[str, ...]:
    """The principals, those of a trust domain of ours (or of ``cluster.local``, which means ours) in each of ours."""
    found: dict[str, None] = {}
    for principal in principals:
        written, *rest = principal.split("/")
        ours = any(_matches(written, d) for d in domains) or written == CLUSTER_DOMAIN
        if len(rest) != 4 or written == "*" or not ours:
            found[principal] = None
            continue
        for domain in domains:
            kept = written if _ends_as(domain, written) else domain
            found["/".join((kept, *rest))] = None
    return tuple(found)


def with_domain_aliases(values: Iterable[str], domains: Sequence[str]) -> tuple[str, ...]:
    """``trustDomains`` values: one of ours stands for all of them."""
    found: dict[str, None] = {}
    for value in values:
        found.update(dict.fromkeys(domains if value in domains else (value,)))
    return tuple(found)


def _matches(written: str, domain: str) -> bool:
    """Equal, or one of them begins or ends as the other says with a star."""
    pairs = ((written, domain), (domain, written))
    return any(a == b or _begins_as(a, b) or _ends_as(a, b) for a, b in pairs)


def _begins_as(text: str, pattern: str) -> bool:
    return pattern.endswith("*") and text.startswith(pattern[:-1])


def _ends_as(text: str, pattern: str) -> bool:
    return pattern.startswith("*") and text.endswith(pattern[1:])
