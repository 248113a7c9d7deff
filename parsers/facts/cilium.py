"""Facts of Cilium's policies, as written.

Source: cilium/cilium pkg/policy/api/{rule,ingress,egress,l4,http}.go, v1.19.
Units: ports are numbers or IANA names as written; ``None`` is every port.
Shape: lists in document order; ``None`` means not written, which here is often the opposite of empty.
"""

from __future__ import annotations

from dataclasses import dataclass

from parsers.facts import Meta, Selector
from parsers.source import Span


@dataclass(frozen=True, slots=True)
class Cidr:
    """A CIDR with exceptions; one that a group names elsewhere is ``None``."""

    cidr: str | None
    excepts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HttpRule:
    """One ``http`` rule: expressions that must hold together; ``headers`` as written, ``Name`` or ``Name: value``."""

    method: str | None
    path: str | None
    host: str | None
    headers: tuple[str, ...]
    header_matches: bool
    span: Span


@dataclass(frozen=True, slots=True)
class PortNumber:
    """One port, name or range, of a protocol (ANY, TCP, UDP, SCTP)."""

    port: int | str | None
    end_port: int | None
    protocol: str


@dataclass(frozen=True, slots=True)
class PortRule:
    """One ``toPorts`` entry. ``http`` ``None``: no HTTP rules; ``other``: rules of a protocol that is not HTTP."""

    ports: tuple[PortNumber, ...]
    http: tuple[HttpRule, ...] | None
    other: bool
    span: Span


@dataclass(frozen=True, slots=True)
class CiliumEntry:
    """One entry of a direction. ``unmodelled`` are peers of kinds that are not decided here (nodes, groups)."""

    endpoints: tuple[Selector, ...] | None
    cidrs: tuple[Cidr, ...] | None
    entities: tuple[str, ...] | None
    names: tuple[str, ...] | None
    services: tuple[tuple[str | None, str], ...] | None
    unmodelled: tuple[str, ...]
    ports: tuple[PortRule, ...] | None
    icmp: bool
    authentication: str | None
    span: Span

    @property
    def peerless(self) -> bool:
        """Whether no peer is written at all."""
        given = (self.endpoints, self.cidrs, self.entities, self.names, self.services)
        return all(g is None for g in given) and not self.unmodelled


@dataclass(frozen=True, slots=True)
class CiliumRule:
    """One rule. ``endpoints`` ``None``: it is about nodes. Directions ``None``: not written."""

    endpoints: Selector | None
    ingress: tuple[CiliumEntry, ...] | None
    ingress_deny: tuple[CiliumEntry, ...] | None
    egress: tuple[CiliumEntry, ...] | None
    egress_deny: tuple[CiliumEntry, ...] | None
    default_deny_ingress: bool | None
    default_deny_egress: bool | None
    span: Span


@dataclass(frozen=True, slots=True)
class CiliumPolicy:
    """A CiliumNetworkPolicy, or a CiliumClusterwideNetworkPolicy (``clusterwide``)."""

    meta: Meta
    clusterwide: bool
    rules: tuple[CiliumRule, ...]
    span: Span
