"""Ports of a compose service: short and long form, ranges, ``expose``.

Source: compose-spec, ``ports`` (``[HOST:]CONTAINER[/PROTOCOL]``, ranges on both sides) and ``expose``.
Shape: ``port`` and ``target_port`` are the container's, where other services call it; ``node_port`` the published.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from parsers.facts.kubernetes import ServicePort
from parsers.mesh.compose.service import Service
from parsers.source import Span
from parsers.yamltree import Node

_SHORT = re.compile(
    r"(?:(?P<host>\[[^]]*\]|\d+\.[\d.]+|localhost):)?"
    r"(?:(?P<published>[\d-]*):)?(?P<target>[\d-]+)(?:/(?P<protocol>\w+))?"
)
_MAX_RANGE = 64


def ports(service: Service) -> tuple[ServicePort, ...]:
    """Every port, once for each number and protocol; a published one wins."""
    found: dict[tuple[int, str], ServicePort] = {}
    for key, published in (("ports", True), ("expose", False)):
        for node in service.at(key).items():
            for port in _long(node, service) if node.is_mapping else _short(node, service, published=published):
                found.setdefault((port.port, port.protocol), port)
    return tuple(found.values())


def _long(node: Node, service: Service) -> Iterator[ServicePort]:
    node.ignore("host_ip", "mode")
    target = _range(service.value(node.at("target")) or "")
    published = _range(service.value(node.at("published")) or "")
    protocol = (service.value(node.at("protocol")) or "tcp").upper()
    app_protocol, name = node.at("app_protocol").text(None), node.at("name").text(None)
    if not target:
        node.invalid("a port without a target")
    for i, number in enumerate(target):
        outside = published[min(i, len(published) - 1)] if published else None
        yield ServicePort(name, number, number, protocol, app_protocol, outside, node.span)


def _short(node: Node, service: Service, *, published: bool) -> Iterator[ServicePort]:
    written = service.value(node)
    if written is None:
        return
    found = _SHORT.fullmatch(written)
    target = _range(found["target"]) if found else ()
    if found is None or not target:
        node.invalid(f"{written!r} is not a port")
        return
    outside = _range(found["published"] or "")
    for i, number in enumerate(target):
        own = outside[i] if i < len(outside) else outside[0] if len(outside) == 1 else number
        yield _port(number, (found["protocol"] or "tcp").upper(), own if published else None, node.span)


def _port(number: int, protocol: str, published: int | None, span: Span) -> ServicePort:
    return ServicePort(None, number, number, protocol, None, published, span)


def _range(written: str) -> tuple[int, ...]:
    first, _, last = written.partition("-")
    if not first.isdecimal() or not (last or first).isdecimal() or len(written) > 11:
        return ()
    low, high = int(first), int(last or first)
    return tuple(range(low, high + 1)) if 0 < low <= high <= 65535 and high - low < _MAX_RANGE else ()
