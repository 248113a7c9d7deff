"""Rules of an AuthorizationPolicy as ztunnel enforces them: identities, addresses and ports, nothing of HTTP.

Source: istio/istio pilot/pkg/serviceregistry/ambient/authorization.go:398-665; istio/ztunnel src/rbac.rs.
Shape: an ALLOW rule that names anything of HTTP is dropped (``None``); in a DENY it loses those parts, and an entry
with nothing left matches nothing. ``trustDomains`` are not handed over at all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from analyzer.requestsets.conditions import Condition, Match, either, every, negation
from analyzer.requestsets.domains import block
from analyzer.requestsets.patterns import ANY, Pattern, exact, starred
from parsers.facts import istio as facts

#: ``when`` keys that ztunnel is given.
L4_KEYS = frozenset({"source.ip", "source.namespace", "source.principal", "destination.ip", "destination.port"})

_Maker = Callable[[str], Condition | None]
_Part = tuple[_Maker, Sequence[str], Sequence[str]]


def ztunnel_condition(rule: facts.AuthorizationRule, namespace: str, *, allows: bool) -> Condition | None:
    """What a connection must be for the rule to match; ``None`` where the rule is dropped."""
    if allows and names_http(rule):
        return None
    clauses: list[Condition] = []
    if rule.operations:
        clauses.append(either(_entry([(_port, o.ports, o.not_ports)]) for o in rule.operations))
    if rule.sources:
        clauses.append(either(_entry(_source_parts(s, namespace)) for s in rule.sources))
    clauses.extend(_entry(_when_parts(c)) for c in rule.conditions)
    return every(clauses)


def names_http(rule: facts.AuthorizationRule) -> bool:
    """Whether the rule asks for anything that ztunnel cannot see."""
    operations = (
        v for o in rule.operations for v in (o.hosts, o.not_hosts, o.methods, o.not_methods, o.paths, o.not_paths)
    )
    sources = (
        v
        for s in rule.sources
        for v in (s.remote_ip_blocks, s.not_remote_ip_blocks, s.request_principals, s.not_request_principals)
    )
    return any(operations) or any(sources) or any(c.key not in L4_KEYS for c in rule.conditions)


def _source_parts(source: facts.Source, namespace: str) -> list[_Part]:
    def account(value: str) -> Condition:
        written = value if "/" in value else f"{namespace}/{value}"
        owner, _, name = written.partition("/")
        return Match("principal", (Pattern("suffix", f"/ns/{owner}/sa/{name}"),))

    return [
        (_principal, source.principals, source.not_principals),
        (_namespace, source.namespaces, source.not_namespaces),
        (account, source.service_accounts, source.not_service_accounts),
        (_address("source_ip"), source.ip_blocks, source.not_ip_blocks),
    ]


def _when_parts(condition: facts.Condition) -> list[_Part]:
    makers: dict[str, _Maker] = {
        "source.principal": _principal,
        "source.namespace": _namespace,
        "source.ip": _address("source_ip"),
        "destination.ip": _address("destination_ip"),
        "destination.port": _port,
    }
    maker = makers.get(condition.key)
    return [(maker, condition.values, condition.not_values)] if maker else []


def _entry(parts: Sequence[_Part]) -> Condition:
    """One match: every part; with no part at all ztunnel passes it over, so it matches nothing."""
    found: list[Condition] = []
    for maker, values, not_values in parts:
        if positive := [c for v in values if (c := maker(v)) is not None]:
            found.append(either(positive))
        found.extend(negation(c) for v in not_values if (c := maker(v)) is not None)
    return every(found) if found else False


def _principal(value: str) -> Condition:
    return Match("principal", (starred(value, present=ANY),))


def _namespace(value: str) -> Condition:
    """Exact, prefix or suffix of the identity's namespace; a star inside is a literal here."""
    if value == "*":
        return Match("principal", (ANY,))
    if "*" in value[1:-1]:
        return Match("principal", (exact(value),))
    return Match("principal", (Pattern("glob", f"*/ns/{value}/sa/*"),))


def _address(attribute: str) -> _Maker:
    def maker(value: str) -> Condition | None:
        found = block(value)
        return None if found is None else Match(attribute, (found,))

    return maker


def _port(value: str) -> Condition | None:
    return Match("port", (exact(value),)) if value.isdecimal() and int(value) <= 65535 else None
