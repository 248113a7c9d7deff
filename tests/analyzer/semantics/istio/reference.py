"""A second, slow reading of the decision procedure, written from its prose and not from our code.

It works on documents and requests as plain dictionaries, knows everything of a request, and compares strings itself.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any

Doc = Mapping[str, Any]

TEMPLATE_CHARACTERS = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~%!$&'()*+,;:@=")
WHEN = {
    "source.ip",
    "remote.ip",
    "source.namespace",
    "source.principal",
    "source.serviceAccount",
    "source.trustDomain",
    "request.auth.principal",
    "request.auth.audiences",
    "request.auth.presenter",
    "destination.ip",
    "destination.port",
    "connection.sni",
}


class BadError(Exception):
    """A value that cannot be used here."""


def allowed(policies: list[Doc], request: Doc, *, tcp: bool = False, namespace: str = "default") -> bool:
    """The decision for a workload that all of the policies select."""
    live = [p for p in policies if p["metadata"].get("annotations", {}).get("istio.io/dry-run") != "true"]
    deny = [p for p in live if p["spec"].get("action") == "DENY"]
    allow = [p for p in live if p["spec"].get("action", "ALLOW") == "ALLOW"]
    if any(policy_matches(p, request, tcp, namespace) for p in deny):
        return False
    return not allow or any(policy_matches(p, request, tcp, namespace) for p in allow)


def policy_matches(policy: Doc, request: Doc, tcp: bool, namespace: str) -> bool:
    strict = policy["spec"].get("action", "ALLOW") == "ALLOW"
    return any(rule_matches(r, request, tcp, strict, namespace) for r in policy["spec"].get("rules") or [])


def rule_matches(rule: Doc, request: Doc, tcp: bool, strict: bool, namespace: str) -> bool:
    whens = rule.get("when") or []
    if any(not known_key(w["key"]) for w in whens):
        return False
    try:
        # Every value is looked at, also where the answer is clear already: one that cannot be used spoils an ALLOW.
        sources = [fields(request, SOURCE, f["source"], tcp, strict, namespace) for f in rule.get("from") or []]
        operations = [fields(request, OPERATION, t["operation"], tcp, strict, namespace) for t in rule.get("to") or []]
        conditions = [
            pair(request, w["key"], (w.get("values") or [], w.get("notValues") or []), tcp, strict, namespace)
            for w in whens
        ]
    except BadError:
        return False
    return (any(sources) or not sources) and (any(operations) or not operations) and all(conditions)


SOURCE = {
    "principals": "source.principal",
    "requestPrincipals": "request.auth.principal",
    "namespaces": "source.namespace",
    "serviceAccounts": "source.serviceAccount",
    "trustDomains": "source.trustDomain",
    "ipBlocks": "source.ip",
    "remoteIpBlocks": "remote.ip",
}
OPERATION = {"hosts": ":host", "methods": ":method", "paths": ":path", "ports": "destination.port"}


def fields(request: Doc, names: dict[str, str], block: Doc, tcp: bool, strict: bool, namespace: str) -> bool:
    answers = []
    for name, key in names.items():
        negated = "not" + name[0].upper() + name[1:]
        written = (block.get(name) or [], block.get(negated) or [])
        answers.append(pair(request, key, written, tcp, strict, namespace))
    return all(answers)


def pair(request: Doc, key: str, written: tuple[list[str], list[str]], tcp: bool, strict: bool, namespace: str) -> bool:
    positive = tries(request, key, written[0], tcp, strict, namespace)
    negative = tries(request, key, written[1], tcp, strict, namespace)
    return (not positive or any(positive)) and not any(negative)


def tries(request: Doc, key: str, values: list[str], tcp: bool, strict: bool, namespace: str) -> list[bool]:
    """One answer for each value that can be used."""
    found = []
    for value in values:
        try:
            found.append(one(request, key, value, tcp, namespace))
        except BadError:
            if strict:
                raise
    return found


def known_key(key: str) -> bool:
    return key in WHEN or key.startswith(("request.headers", "request.auth.claims"))


def one(request: Doc, key: str, value: str, tcp: bool, namespace: str) -> bool:
    http = key.startswith(("request.", ":"))
    if http and tcp:
        raise BadError
    if key.startswith("source.") and key != "source.ip":
        return identity(request, key, value, namespace)
    if key in {"source.ip", "remote.ip", "destination.ip"}:
        return inside(request[key], value)
    match key:
        case "destination.port":
            if not value.isdigit() or int(value) > 65535:
                raise BadError
            return bool(request["port"] == int(value))
        case "connection.sni":
            return text(value, request["sni"], empty=False)
        case ":host":
            return text(value.lower(), request["host"].lower(), empty=True)
        case ":method":
            return text(value, request["method"], empty=True)
        case ":path":
            return path(value, request["path"])
    if key.startswith("request.headers"):
        if not key[len("request.headers") :].startswith("["):
            raise BadError
        name = key[len("request.headers[") : -1].lower()
        return any(text(value, v, empty=True) for v in request["headers"].get(name, []))
    return token(request, key, value)


def identity(request: Doc, key: str, value: str, namespace: str) -> bool:
    peer = request["principal"]
    if peer is None:
        return False
    domain, _, peer_namespace, _, account = peer.split("/")
    match key:
        case "source.principal":
            wanted = [value]
            parts = value.split("/")
            if len(parts) == 5 and (parts[0] in request["domains"] or parts[0] == "cluster.local"):
                wanted = ["/".join([d, *parts[1:]]) for d in request["domains"]]
            return any(text(w, peer, empty=True) for w in wanted)
        case "source.namespace":
            return star(value, peer_namespace)
        case "source.serviceAccount":
            owner, slash, name = value.partition("/")
            return (peer_namespace, account) == ((owner, name) if slash else (namespace, value))
        case _:
            mine = request["domains"] if value in request["domains"] else [value]
            return any(star(m, domain) for m in mine)


def token(request: Doc, key: str, value: str) -> bool:
    claims = request["jwt"]
    match key:
        case "request.auth.principal":
            return subject(value, claims.get("iss"), claims.get("sub"))
        case "request.auth.audiences":
            found = claims.get("aud")
        case "request.auth.presenter":
            found = claims.get("azp")
        case _:
            found = claims
            for name in key[len("request.auth.claims[") : -1].split("]["):
                found = found.get(name) if isinstance(found, dict) else None
    listed = found if isinstance(found, list) else [] if found is None else [found]
    return any(text(value, v, empty=False) for v in listed)


def subject(value: str, issuer: str | None, sub: str | None) -> bool:
    if issuer is None or sub is None:
        return False
    if value == "*":
        return bool(issuer) and bool(sub)
    wanted_issuer, _, wanted_sub = value.rpartition("/")
    return text(wanted_issuer, issuer, empty=False) and text(wanted_sub, sub, empty=False)


def text(pattern: str, value: str, *, empty: bool) -> bool:
    if pattern == "*":
        return empty or value != ""
    if pattern[:1] == "*":
        return value[max(0, len(value) - len(pattern) + 1) :] == pattern[1:]
    if pattern[-1:] == "*":
        return value[: len(pattern) - 1] == pattern[:-1]
    return value == pattern


def star(pattern: str, value: str) -> bool:
    """Every star is any text."""
    if "*" not in pattern:
        return pattern == value
    head, _, tail = pattern.partition("*")
    return value.startswith(head) and any(star(tail, value[i:]) for i in range(len(head), len(value) + 1))


def path(pattern: str, value: str) -> bool:
    if "{*}" in pattern or "{**}" in pattern:
        return template(pattern.replace("{**}", "\1").replace("{*}", "\0"), value)
    return text(pattern, value, empty=False)


def template(pattern: str, value: str) -> bool:
    if not pattern:
        return not value
    head, rest = pattern[0], pattern[1:]
    if head not in "\0\1":
        return value[:1] == head and template(rest, value[1:])
    characters = TEMPLATE_CHARACTERS | ({"/"} if head == "\1" else set())
    for taken in range(len(value) + 1):
        if not set(value[:taken]) <= characters:
            return False
        if (taken or head == "\1") and template(rest, value[taken:]):
            return True
    return False


def inside(address: str, block: str) -> bool:
    try:
        network = ipaddress.ip_network(block, strict=False)
    except ValueError:
        raise BadError from None
    return ipaddress.ip_address(address) in network
