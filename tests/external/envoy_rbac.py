"""A small evaluator of Envoy's RBAC as istiod prints it, independent of our own conditions.

Source: envoyproxy/envoy api/envoy/config/rbac/v3/rbac.proto, api/envoy/type/matcher/v3.
Shape: a request is attribute -> values, named as in ``analyzer.requestsets.domains``; addresses are texts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from ipaddress import ip_address, ip_network
from typing import Any

Message = Mapping[str, Any]
Request = Mapping[str, tuple[str, ...]]

TEMPLATE = r"[a-zA-Z0-9\-._~%!$&'()*+,;:@=]"


def allowed(rbac: Message, request: Request) -> bool:
    """Whether one RBAC lets the request through; one that only logs always does."""
    hit = any(_policy(p, request) for p in (rbac.get("policies") or {}).values())
    action = rbac.get("action", "ALLOW")
    return True if action == "LOG" else hit if action == "ALLOW" else not hit


def _policy(policy: Message, request: Request) -> bool:
    return any(_matches(p, request) for p in policy["permissions"]) and any(
        _matches(p, request) for p in policy["principals"]
    )


def _matches(node: Message, request: Request) -> bool:  # noqa: C901, PLR0912  # one branch a matcher
    ((kind, inner),) = node.items()
    match kind:
        case "any":
            return True
        case "andRules" | "andIds":
            return all(_matches(p, request) for p in inner.get("rules") or inner.get("ids") or [])
        case "orRules" | "orIds":
            return any(_matches(p, request) for p in inner.get("rules") or inner.get("ids") or [])
        case "notRule" | "notId":
            return not _matches(inner, request)
        case "header":
            return _header(inner, request)
        case "urlPath":
            return any(_text(inner["path"], v) for v in request.get("path", ()))
        case "uriTemplate":
            return any(_template(inner["typedConfig"]["pathTemplate"], v) for v in request.get("path", ()))
        case "destinationIp":
            return _within(inner, request.get("destination_ip", ()))
        case "directRemoteIp":
            return _within(inner, request.get("source_ip", ()))
        case "remoteIp":
            return _within(inner, request.get("remote_ip", ()))
        case "destinationPort":
            return request.get("port", ()) == (str(inner),)
        case "requestedServerName":
            return any(_text(inner, v) for v in request.get("sni", ("",)))
        case "authenticated":
            return any(_text(inner["principalName"], f"spiffe://{v}") for v in request.get("principal", ()))
        case "filterState":
            return any(_text(inner["stringMatch"], f"spiffe://{v}") for v in request.get("principal", ()))
        case "metadata":
            return _metadata(inner, request)
        case _:
            raise ValueError(f"a matcher that is not known: {kind}")


def _header(matcher: Message, request: Request) -> bool:
    name = matcher["name"].lower()
    attribute = {":authority": "host", ":method": "method"}.get(name, f"header[{name}]")
    values = request.get(attribute, ())
    return bool(values) if "presentMatch" in matcher else any(_text(matcher["stringMatch"], v) for v in values)


def _text(matcher: Message, value: str) -> bool:
    fold = str.lower if matcher.get("ignoreCase") else str
    if "exact" in matcher:
        return bool(fold(value) == fold(matcher["exact"]))
    if "prefix" in matcher:
        return fold(value).startswith(fold(matcher["prefix"]))
    if "suffix" in matcher:
        return fold(value).endswith(fold(matcher["suffix"]))
    return re.fullmatch(matcher["safeRegex"]["regex"], value) is not None


def _template(template: str, value: str) -> bool:
    parts = re.split(r"(\*\*|\*)", template)
    inner = {"**": TEMPLATE[:-1] + "/]*", "*": TEMPLATE + "+"}
    return re.fullmatch("".join(inner.get(p) or re.escape(p) for p in parts), value) is not None


def _within(block: Message, values: tuple[str, ...]) -> bool:
    network = ip_network(f"{block['addressPrefix']}/{block.get('prefixLen', 0)}", strict=False)
    return any(ip_address(v) in network for v in values)


def _metadata(matcher: Message, request: Request) -> bool:
    keys = [p["key"] for p in matcher["path"]]
    if keys[0] == "payload":
        attribute = "claim" + "".join(f"[{k}]" for k in keys[1:])
    else:
        attribute = f"metadata[{matcher['filter']}]" + "".join(f"[{k}]" for k in keys)
    return any(_value(matcher["value"], v) for v in request.get(attribute, ()))


def _value(matcher: Message, value: str) -> bool:
    """Lists and texts alike: our requests do not tell a list of one from its only text."""
    if "orMatch" in matcher:
        return any(_value(m, value) for m in matcher["orMatch"]["valueMatchers"])
    if "listMatch" in matcher:
        return _value(matcher["listMatch"]["oneOf"], value)
    return _text(matcher["stringMatch"], value)
