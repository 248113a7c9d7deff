"""Matches of requests, which routers and intentions write alike.

Source: hashicorp/consul-k8s control-plane/api/v1alpha1/{servicerouter,serviceintentions}_types.go.
Shape: exactly one of pathExact, pathPrefix, pathRegex counts; a prefix is one of characters.
"""

from __future__ import annotations

from parsers.facts.consul import ConsulMatch, ConsulValue
from parsers.yamltree import Node

_VALUES = ("exact", "prefix", "suffix", "contains", "regex")


def match(node: Node) -> ConsulMatch:
    """An ``http`` block."""
    kinds = [k for k in ("exact", "prefix", "regex") if node.at(f"path{k.capitalize()}")]
    return ConsulMatch(
        path_kind=kinds[0] if kinds else None,
        path=node.at(f"path{kinds[0].capitalize()}").text("") if kinds else "",
        headers=tuple(_value(h) for h in node.at("header").items()),
        query_params=tuple(_value(q) for q in node.at("queryParam").items()),
        methods=tuple(m.upper() for m in node.at("methods").strings()),
        ignore_case=node.at("caseInsensitive").boolean(default=False),
    )


def _value(node: Node) -> ConsulValue:
    node.ignore("ignoreCase")
    kind = next((k for k in _VALUES if node.at(k)), "present")
    present = node.at("present").boolean(default=True)
    inverted = node.at("invert").boolean(default=False)
    value = node.at(kind).text("") if kind != "present" else ""
    return ConsulValue(node.at("name").text(""), kind, value, inverted is present if kind == "present" else inverted)
