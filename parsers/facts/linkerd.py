"""Facts of Linkerd's resources, as written.

Source: linkerd/linkerd2 controller/gen/apis (ServiceProfile), policy-controller/k8s/api/src/policy (Server, policies).
Units: durations in seconds; ``min_retries_per_s`` and ``ratio`` as written (there is no count per request).
Shape: lists in document order; ``None`` means not written. Annotations are in the ``meta`` of the object they stand on.
"""

from __future__ import annotations

from dataclasses import dataclass

from parsers.facts import Meta, Selector
from parsers.source import Span


@dataclass(frozen=True, slots=True)
class ProfileMatch:
    """A condition of a profile's route: every part that is written must hold."""

    path_regex: str | None
    method: str | None
    status: tuple[int | None, int | None] | None  # the least and the largest, of a response class
    every: tuple[ProfileMatch, ...]
    some: tuple[ProfileMatch, ...]
    negated: ProfileMatch | None


@dataclass(frozen=True, slots=True)
class ResponseClass:
    """Which answers count as failures."""

    match: ProfileMatch
    failure: bool


@dataclass(frozen=True, slots=True)
class ProfileRoute:
    """One route of a profile. ``timeout_s`` ``None``: none, or one that Linkerd cannot read and so does not apply."""

    name: str
    match: ProfileMatch
    classes: tuple[ResponseClass, ...]
    retryable: bool
    timeout_s: float | None
    span: Span


@dataclass(frozen=True, slots=True)
class ProfileBudget:
    """A profile's retry budget; a part that is not written or cannot be read is ``None``."""

    ratio: float | None
    min_retries_per_s: int | None
    ttl_s: float | None
    declared: str
    span: Span


@dataclass(frozen=True, slots=True)
class ServiceProfile:
    """A ServiceProfile; its name is meant to be the service's full name. ``overrides`` are (authority, weight)."""

    meta: Meta
    routes: tuple[ProfileRoute, ...]
    budget: ProfileBudget | None
    overrides: tuple[tuple[str, int, Span], ...]
    span: Span


@dataclass(frozen=True, slots=True)
class PolicyServer:
    """A ``Server``: a port of pods as a subject of policy. ``pods`` ``None``: it selects machines outside."""

    meta: Meta
    pods: Selector | None
    port: int | str | None
    protocol: str
    access: str | None
    span: Span


@dataclass(frozen=True, slots=True)
class Network:
    """A CIDR with exceptions."""

    cidr: str
    excepts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ServerAuthorization:
    """The older allowance: Servers by name or labels, and who. ``networks`` ``None``: not written.

    ``identities`` ``None``: no ``meshTLS``; ``accounts`` are (namespace, name).
    """

    meta: Meta
    server: str | None
    selector: Selector | None
    networks: tuple[Network, ...] | None
    unauthenticated: bool
    any_tls: bool
    identities: tuple[str, ...] | None
    accounts: tuple[tuple[str | None, str], ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Reference:
    """What a policy points to; the group tells kinds of one name apart."""

    group: str
    kind: str
    name: str
    namespace: str | None
    span: Span


@dataclass(frozen=True, slots=True)
class LinkerdAuthorizationPolicy:
    """An AuthorizationPolicy of Linkerd: it only ever allows. No ``required`` allows everybody."""

    meta: Meta
    target: Reference
    required: tuple[Reference, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class MeshTLSAuthentication:
    """Identities that authenticate: as strings, or by reference to service accounts and namespaces."""

    meta: Meta
    identities: tuple[str, ...]
    references: tuple[Reference, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class NetworkAuthentication:
    """Networks that authenticate."""

    meta: Meta
    networks: tuple[Network, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class LinkerdInstallation:
    """What Helm values say of Linkerd: ``None`` where they do not say it."""

    default_inbound_policy: str | None
    trust_domain: str | None
    span: Span
