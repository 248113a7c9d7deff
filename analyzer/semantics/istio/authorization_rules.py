"""Rules of an AuthorizationPolicy as conditions over a request, the way istiod turns them into Envoy's.

Source: istio/istio pilot/pkg/security/authz/model/model.go:79-241, generator.go; matcher/{string,header,template}.go.
Shape: ``None`` for a rule that is dropped whole (an unknown ``when`` key; in an ALLOW, a value that cannot be used).
A value that cannot be used in any other action is left out, so that the rule becomes wider.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from analyzer.requestsets.conditions import Condition, Match, either, every, negation
from analyzer.requestsets.domains import block
from analyzer.requestsets.patterns import ANY, SOME, Pattern, exact, folded, starred
from analyzer.semantics.istio.trust import with_aliases, with_domain_aliases
from parsers.facts import istio as facts


@dataclass(frozen=True, slots=True)
class Listener:
    """Where a rule is enforced: the policy's namespace and action, the trust domains, and what the port speaks."""

    namespace: str
    allows: bool
    tcp: bool
    domains: tuple[str, ...]


class _UnusableError(Exception):
    """A value that istiod cannot turn into a matcher here."""


#: How one value of a field becomes a condition.
_Maker = Callable[[str, Listener], Condition]


def rule_condition(rule: facts.AuthorizationRule, listener: Listener) -> Condition | None:
    """What a request must be for the rule to match; ``None`` where the rule is dropped."""
    if any(_maker(c.key) is None or c.key in _OPERATION_KEYS for c in rule.conditions):
        return None
    mine = [(c.key, c.values, c.not_values) for c in rule.conditions]
    try:
        whom = [_fields(_source_fields(s), listener) for s in rule.sources] or [True]
        what = [_fields(_operation_fields(o), listener) for o in rule.operations] or [True]
        return every((either(whom), either(what), _fields(mine, listener)))
    except _UnusableError:
        return None


_Field = tuple[str, Sequence[str], Sequence[str]]


def _source_fields(source: facts.Source) -> list[_Field]:
    return [
        ("source.principal", source.principals, source.not_principals),
        ("request.auth.principal", source.request_principals, source.not_request_principals),
        ("source.namespace", source.namespaces, source.not_namespaces),
        ("source.serviceAccount", source.service_accounts, source.not_service_accounts),
        ("source.trustDomain", source.trust_domains, source.not_trust_domains),
        ("source.ip", source.ip_blocks, source.not_ip_blocks),
        ("remote.ip", source.remote_ip_blocks, source.not_remote_ip_blocks),
    ]


def _operation_fields(operation: facts.PolicyOperation) -> list[_Field]:
    return [
        ("hosts", operation.hosts, operation.not_hosts),
        ("methods", operation.methods, operation.not_methods),
        ("paths", operation.paths, operation.not_paths),
        ("destination.port", operation.ports, operation.not_ports),
    ]


def _fields(fields: Iterable[_Field], listener: Listener) -> Condition:
    """All fields: each one of its values, and none of its negated ones."""
    found: list[Condition] = []
    for key, values, not_values in fields:
        if usable := _usable(key, values, listener):
            found.append(either(usable))
        found.extend(negation(c) for c in _usable(key, not_values, listener))
    return every(found)


def _usable(key: str, values: Sequence[str], listener: Listener) -> list[Condition]:
    """The condition of each value that can be used; raises ``_UnusableError`` where that drops the rule."""
    maker = _maker(key)
    assert maker is not None
    found = []
    for value in _widened(key, values, listener):
        try:
            found.append(maker(value, listener))
        except _UnusableError:
            if listener.allows:
                raise
    return found


def _widened(key: str, values: Sequence[str], listener: Listener) -> Sequence[str]:
    if key == "source.principal":
        return with_aliases(values, listener.domains)
    return with_domain_aliases(values, listener.domains) if key == "source.trustDomain" else values


def _maker(key: str) -> _Maker | None:
    """How values under a key are matched; ``None`` for a key that istiod does not know."""
    if key in _MAKERS:
        return _MAKERS[key]
    if key.startswith("request.headers"):
        return lambda value, listener: _header(key.removeprefix("request.headers"), value, listener)
    if key.startswith("request.auth.claims"):
        return lambda value, listener: _claim(_names(key.removeprefix("request.auth.claims")), value, listener)
    if key.startswith("experimental.envoy.filters."):
        return lambda value, _: _metadata(key, value)
    return None


def _principal(value: str, _: Listener) -> Condition:
    return Match("principal", (starred(value, present=ANY),))


def _namespace(value: str, _: Listener) -> Condition:
    return Match("principal", (Pattern("glob", f"*/ns/{value}/*"),))


def _account(value: str, listener: Listener) -> Condition:
    written = value if "/" in value else f"{listener.namespace}/{value}"
    return Match("principal", (Pattern("account", written),))


def _trust_domain(value: str, _: Listener) -> Condition:
    if value == "*":
        return Match("principal", (ANY,))
    return Match("principal", (Pattern("domain", value) if "*" in value else Pattern("prefix", f"{value}/"),))


def _address(attribute: str) -> _Maker:
    def maker(value: str, _: Listener) -> Condition:
        found = block(value)
        if found is None:
            raise _UnusableError
        return Match(attribute, (found,))

    return maker


def _port(value: str, _: Listener) -> Condition:
    if not re.fullmatch("[0-9]+", value) or int(value) > 65535:
        raise _UnusableError
    return Match("port", (exact(str(int(value))),))


def _sni(value: str, _: Listener) -> Condition:
    return Match("sni", (starred(value),))


def _http(listener: Listener) -> None:
    """Raise where the port does not speak HTTP (model.go:355-365)."""
    if listener.tcp:
        raise _UnusableError


def _host(value: str, listener: Listener) -> Condition:
    _http(listener)
    return Match("host", (folded(starred(value, present=ANY)),))


def _method(value: str, listener: Listener) -> Condition:
    _http(listener)
    return Match("method", (starred(value, present=ANY),))


def _path(value: str, listener: Listener) -> Condition:
    _http(listener)
    template = "{*}" in value or "{**}" in value
    return Match("path", (Pattern("template", value) if template else starred(value),))


def _header(name: str, value: str, listener: Listener) -> Condition:
    _http(listener)
    if not (name.startswith("[") and name.endswith("]")):
        raise _UnusableError
    return Match(f"header{name.lower()}", (starred(value, present=ANY),))


def _names(brackets: str) -> str | None:
    """``[a][b]``; ``None`` where it is not names in brackets (util.go, extractNameInNestedBrackets)."""
    return brackets if brackets.startswith("[") and brackets.endswith("]") else None


def _claim(name: str | None, value: str, listener: Listener) -> Condition:
    _http(listener)
    if name is None:
        raise _UnusableError
    return Match(f"claim{name}", (starred(value),))


def _request_principal(value: str, listener: Listener) -> Condition:
    """Issuer and subject, split at the last slash (generator.go, requestPrincipalGenerator)."""
    _http(listener)
    issuer, slash, subject = value.rpartition("/")
    if value == "*":
        pair = (SOME, SOME)
    elif value.startswith("*"):
        pair = (starred(issuer), exact(subject)) if slash else (SOME, Pattern("suffix", value[1:]))
    elif value.endswith("*"):
        pair = (exact(issuer), _begun(subject)) if slash else (_begun(value), SOME)
    else:
        pair = (exact(issuer), exact(subject)) if slash else (exact(value), exact(""))
    return every((Match("claim[iss]", (pair[0],)), Match("claim[sub]", (pair[1],))))


def _begun(value: str) -> Pattern:
    return SOME if value == "*" else Pattern("prefix", value[:-1])


def _metadata(key: str, value: str) -> Condition:
    """Another filter's metadata: ``experimental.envoy.filters.a.b[c]``; ``[v]`` looks into a list."""
    name, bracket, inner = key.removeprefix("experimental.").removesuffix("]").partition("[")
    if not bracket:
        raise _UnusableError
    listed = value.startswith("[") and value.endswith("]")
    return Match(f"metadata[{name}][{inner}]", (starred(value.strip("[]") if listed else value),))


#: Fields of an operation, which no ``when`` can name.
_OPERATION_KEYS = frozenset({"hosts", "methods", "paths"})

_MAKERS: dict[str, _Maker] = {
    "source.principal": _principal,
    "source.namespace": _namespace,
    "source.serviceAccount": _account,
    "source.trustDomain": _trust_domain,
    "source.ip": _address("source_ip"),
    "remote.ip": _address("remote_ip"),
    "destination.ip": _address("destination_ip"),
    "destination.port": _port,
    "connection.sni": _sni,
    "request.auth.principal": _request_principal,
    "request.auth.audiences": lambda value, listener: _claim("[aud]", value, listener),
    "request.auth.presenter": lambda value, listener: _claim("[azp]", value, listener),
    "hosts": _host,
    "methods": _method,
    "paths": _path,
}
