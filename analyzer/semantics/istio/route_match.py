"""Whether a request is taken by a route's match blocks: yes, no, or it depends on what is not known.

Source: istio/istio pilot/pkg/networking/core/route/route.go:412-480, 1098-1160; envoyproxy/envoy (regular expressions
match the whole path without its query).
Shape: ``True``, ``False``, or ``None`` for a part of the request that the code does not show. Holes in a path
(``/v1/payments/{id}``) stand for one non-empty segment each; a method or path ``*`` is not known at all.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from parsers.facts import NO_LABELS, Labels
from parsers.facts.istio import HttpMatch, HttpRoute, StringMatch

#: A regular expression of a repository is run only where it cannot take long: few quantifiers, none on a group.
_QUANTIFIER = re.compile(r"[*+]|\{\d*,\d*\}")
_NESTED = re.compile(r"\)(?:[*+]|\{\d*,)")
_MAX_QUANTIFIERS = 4
_MAX_PATH = 128
_OPPOSITE: dict[bool | None, bool | None] = {True: False, False: True, None: None}
_HOLE = re.compile(r"\{[^{}]*\}")


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as far as the code shows it. ``headers`` are those it sets; others may be there too."""

    method: str
    path: str
    host: str
    port: int | None
    scheme: str = "http"
    headers: Mapping[str, str] = NO_LABELS


@dataclass(frozen=True, slots=True)
class Proxy:
    """What is known of the proxy for which routes are built: its gateways (``mesh``), namespace and pod labels.

    ``egress``: what its Sidecar resource imports, as ``namespace/host`` patterns; ``None``: everything.
    ``owners``: a waypoint's only: namespaces whose VirtualServices it heeds (its own and the service's).
    """

    gateways: tuple[str, ...]
    namespace: str
    labels: Labels
    egress: tuple[str, ...] | None = None
    owners: tuple[str, ...] = ()

    @property
    def waypoint(self) -> bool:
        return bool(self.owners)


def built_for(block: HttpMatch, proxy: Proxy, port: int | None, gateways: Iterable[str]) -> bool:
    """Whether a block is there for this proxy at all (route.go:447-464, 480); ``gateways`` are the block's, resolved.

    A block with gateways is not asked for its labels and namespace.
    """
    if block.port is not None and port is not None and block.port != port:
        return False
    named = tuple(gateways)
    if named:
        return any(g in proxy.gateways for g in named)
    if proxy.waypoint and (block.source_labels or block.source_namespace):
        return False
    return proxy.labels.contains(block.source_labels) and block.source_namespace in (None, proxy.namespace)


def taken(route: HttpRoute, blocks: Iterable[HttpMatch], asked: Asked) -> bool | None:
    """Whether any of the blocks takes the request; a route without blocks takes everything."""
    if not route.matches:
        return True
    answers = [block_takes(b, asked) for b in blocks]
    return True if True in answers else None if None in answers else False


def block_takes(block: HttpMatch, asked: Asked) -> bool | None:
    """All parts of a block must hold."""
    answers = [
        _path(block.uri, asked.path, fold=block.ignore_uri_case),
        _text(block.method, None if asked.method == "*" else asked.method.upper()),
        _text(block.scheme, asked.scheme),
        _text(block.authority, asked.host),
        *(_header(asked, name, match) for name, match in block.headers),
        *(_OPPOSITE[_header(asked, name, match)] for name, match in block.without_headers),
        *(None for _ in block.query_params),
    ]
    return False if False in answers else None if None in answers else True


def catch_all(blocks: Iterable[HttpMatch], route: HttpRoute) -> bool:
    """Whether the route takes every request, so that nothing after it is reached."""
    return not route.matches or any(_everything(b) for b in blocks)


def _everything(block: HttpMatch) -> bool:
    uri = block.uri
    slash = (
        uri is None or (uri.kind == "prefix" and uri.value == "/") or (uri.kind == "regex" and uri.value in (".*", "*"))
    )
    parts = (block.method, block.scheme, block.authority, block.headers, block.without_headers, block.query_params)
    return slash and not any(parts)


def _header(asked: Asked, name: str, match: StringMatch) -> bool | None:
    """A header that the code does not set may still be forwarded: unknown."""
    special = {":method": asked.method, ":authority": asked.host, ":path": asked.path, ":scheme": asked.scheme}
    if name in special:
        return _text(match, None if special[name] == "*" else special[name])
    return _text(match, asked.headers.get(name))


def _text(match: StringMatch | None, value: str | None) -> bool | None:
    if match is None:
        return True
    if value is None:
        return None
    match match.kind:
        case "exact":
            return value == match.value
        case "prefix":
            return value.startswith(match.value)
        case "segments":
            return value == match.value.rstrip("/") or value.startswith(match.value.rstrip("/") + "/")
        case "regex":
            return _regex(match.value, value)
        case _:
            return True


def _path(match: StringMatch | None, path: str, *, fold: bool) -> bool | None:
    """A prefix is one of characters: ``/api`` takes ``/apix`` too; ``segments`` (Gateway API) is one of segments."""
    if match is None or match.kind == "present":
        return True
    bare = path.partition("?")[0]
    if bare in ("", "*"):
        return None
    wanted = match.value
    if fold and match.kind != "regex":
        bare, wanted = bare.lower(), wanted.lower()
    if not _HOLE.search(bare) and "*" not in bare:
        return _text(StringMatch(match.kind, wanted), bare)
    return _template(match.kind, wanted, bare)


def _template(kind: str, wanted: str, path: str) -> bool | None:
    """A path with holes: yes where every filling is taken, no where none is."""
    head = re.split(r"\{|\*", path, maxsplit=1)[0]
    if kind == "segments":
        whole, under = _template("exact", wanted.rstrip("/"), path), _template("prefix", wanted.rstrip("/") + "/", path)
        return True if under else None if None in (whole, under) else False
    if kind == "prefix":
        if head.startswith(wanted):
            return True
        return None if wanted.startswith(head) and _may_begin(path, wanted) else False
    if kind == "exact":
        return None if re.fullmatch(_filled(path), wanted) else False
    literal = re.split(r"[\\.\[\](){}*+?|^$]", wanted.removeprefix("^"), maxsplit=1)[0]
    return None if literal.startswith(head) or head.startswith(literal[:-1]) else False


def _filled(path: str) -> str:
    """A template as a regular expression: a hole is a segment, a ``*`` anything."""
    parts = re.split(r"(\{[^{}]*\}|\*)", path)
    return "".join(".*" if p == "*" else "[^/]+" if p.startswith("{") else re.escape(p) for p in parts)


def _may_begin(path: str, prefix: str) -> bool:
    """Whether some filling of the template starts with the prefix, segment by segment."""
    have, want = path.split("/"), prefix.split("/")
    if "*" not in path and len(want) > len(have):
        return False
    for ours, theirs, last in zip(have, want, [False] * (len(want) - 1) + [True], strict=False):
        if "{" in ours or "*" in ours:
            continue
        if not (ours.startswith(theirs) if last else ours == theirs):
            return False
    return True


def _regex(pattern: str, value: str) -> bool | None:
    """RE2 on the whole value; what may take long here, or does not compile, is not known."""
    if len(value) > _MAX_PATH or _NESTED.search(pattern) or len(_QUANTIFIER.findall(pattern)) > _MAX_QUANTIFIERS:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what Python may one day read differently, RE2 reads as it is
            return re.fullmatch(pattern, value) is not None
    except (re.error, RecursionError, OverflowError):
        return None
