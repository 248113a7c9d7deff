"""Texts known in part: templates put together with a container's environment, and the addresses in them.

Shape: a hole is its name between two private-use characters, so that a text stays one string and can be cut like one.
Source: RFC 3986; grpc/grpc doc/naming.md (``dns:``, ``ipv4:``, ``unix:``, ``passthrough:``, ``xds:`` targets).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from analyzer.linking.names import squeezed
from analyzer.linking.variables import Variables
from parsers.facts.python import EnvVar, Hole, Template
from parsers.source import Span

OPEN, CLOSE = "\ue000", "\ue001"
HOLE = re.compile(f"{OPEN}([^{CLOSE}]*){CLOSE}")
_MAX_DEPTH = 8
_GRPC_SCHEMES = ("dns:", "ipv4:", "ipv6:", "unix:", "unix-abstract:", "passthrough:", "xds:", "vsock:")
_HOST = re.compile(rf"(?:[A-Za-z0-9._\-*]|{HOLE.pattern})+")
_TAIL = re.compile(
    rf"(?P<host>[^:{OPEN}]+|{HOLE.pattern}|[^:{OPEN}]+{HOLE.pattern})(?P<port>:\d+)?(?P<hole>{OPEN}(?P<name>[^{CLOSE}]*){CLOSE})"
)
_PATH_WORDS = frozenset(
    ["path", "endpoint", "uri", "url", "route", "resource", "suffix", "href", "location", "target", "pathname"]
)
#: A base address that is not known, with a path right after it: ``f"{BASE_URL}users/1"``.
_BASE = re.compile(rf"(?P<hole>{HOLE.pattern})(?P<rest>[A-Za-z0-9_].*)", re.DOTALL)
_SAYING_NOTHING = frozenset(["get", "str", "format", "strip", "quote", "self", "int", "join", "encode", "decode"])
_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}


@dataclass(frozen=True, slots=True)
class Text:
    """What a template says in one environment, and which lines said it.

    ``missing`` are variables that nobody sets, ``hidden`` those of secrets, ``defaulted`` those that the code sets.
    """

    text: str
    evidence: tuple[Span, ...] = ()
    missing: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    defaulted: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Address:
    """Where a request is sent. ``host`` empty: not known at all; ``path`` ``None``: nothing said."""

    scheme: str
    host: str
    port: int | None
    path: str | None
    explicit_port: bool = False

    @property
    def known(self) -> bool:
        return bool(self.host) and not HOLE.fullmatch(self.host)


def evaluate(template: Template, variables: Variables, depth: int = 0) -> Text:
    """Put variables in place; what stays unknown is a hole."""
    parts: list[str] = []
    evidence: list[Span] = []
    missing: list[str] = []
    hidden: list[str] = []
    defaulted: list[str] = []
    for part in template:
        if isinstance(part, str):
            parts.append(part)
        elif isinstance(part, Hole):
            parts.append(hole(part.what))
        else:
            inner = _variable(part, variables, depth)
            parts.append(inner.text)
            evidence += inner.evidence
            missing += inner.missing
            hidden += inner.hidden
            defaulted += inner.defaulted
    return Text("".join(parts), tuple(evidence), tuple(missing), tuple(hidden), tuple(defaulted))


def hole(name: str) -> str:
    """A hole of that name."""
    return f"{OPEN}{re.sub(f'[{OPEN}{CLOSE}]', '', name)}{CLOSE}"


def shown(text: str) -> str:
    """For people: holes in braces."""
    return HOLE.sub(lambda m: "{" + (m[1] or "?") + "}", text)


def masked(text: str) -> str:
    """Without the credentials in a URL: what is told ends up in logs and comments."""
    return re.sub(r"(?<=://)[^/@\s]+(?=@)", "...", text)


def labelled(text: str) -> str:
    """For names of operations: each hole by one plain word, ``{acct}`` for ``token_data['acct']``."""
    return HOLE.sub(lambda m: "{" + _word(m[1]) + "}", text)


def _last_word(name: str) -> str:
    return squeezed(re.split(r"[^A-Za-z]+", name.strip("]'\"()"))[-1])


def _word(name: str) -> str:
    quoted = re.findall(r"""['"]([A-Za-z_][\w-]*)['"]""", name)
    words = quoted[-1:] or [w for w in re.findall(r"[A-Za-z_]\w*", name) if w not in _SAYING_NOTHING]
    return words[-1] if words else "value"


def _variable(part: EnvVar, variables: Variables, depth: int) -> Text:
    found = variables.get(part.name)
    if found is not None and found.value is not None:
        return Text(f"{part.before}{found.value}{part.after}", (found.span,) if found.span else ())
    if found is not None:
        return Text(hole(f"${part.name}"), hidden=(part.name,))
    if part.default is not None and depth < _MAX_DEPTH:
        inner = evaluate(part.default, variables, depth + 1)
        evidence = (*((part.span,) if part.span else ()), *inner.evidence)
        return Text(inner.text, evidence, inner.missing, inner.hidden, (part.name, *inner.defaulted))
    return Text(hole(f"${part.name}"), missing=(part.name,))


def addresses(text: str) -> Iterator[Address]:
    """Every address in a text: one, or the members of a comma-separated list of hosts."""
    text = text.strip()
    head, separator, rest = text.partition("://")
    listed = rest if separator else text
    authority = re.split(r"[/?#]", listed, maxsplit=1)[0]
    if "," in authority and not HOLE.search(authority):
        tail = listed[len(authority) :]
        for member in authority.split(","):
            if member.strip():
                yield _address(f"{head}{separator}{member.strip()}{tail}" if separator else member.strip() + tail)
        return
    yield _address(text)


def _address(text: str) -> Address:
    for scheme in _GRPC_SCHEMES:
        if text.lower().startswith(scheme):
            return _grpc_target(scheme, text[len(scheme) :])
    scheme, separator, rest = text.partition("://")
    if not separator:
        scheme, rest = "", text
    authority, path = _cut_path(rest)
    base = None if separator else _BASE.fullmatch(authority)
    if base:
        authority, path = base["hole"], f"/{base['rest']}{path or ''}"
    authority, path = _split_tail(authority, path)
    authority = authority.rpartition("@")[2]
    host, port, explicit = _host_and_port(authority)
    if not separator and host and not authority.startswith("[") and not _HOST.fullmatch(host):
        return Address("", "", None, _path(text))
    scheme = "" if HOLE.search(scheme) else scheme.lower()
    if port is None and not explicit:
        port = _PORTS.get(scheme)
    return Address(scheme, host, port, path, explicit)


def _grpc_target(scheme: str, rest: str) -> Address:
    if scheme.startswith("unix") or scheme == "vsock:":
        return Address("unix", "localhost", None, None)
    if rest.startswith("//"):
        rest = rest[2:].partition("/")[2]
    host, port, explicit = _host_and_port(rest.lstrip("/").split(",")[0])
    return Address("", host, port, None, explicit)


def _cut_path(rest: str) -> tuple[str, str | None]:
    """Authority and path; a hole before the first slash belongs to the authority."""
    masked = HOLE.sub(lambda m: "x" * len(m[0]), rest)
    cut = next((i for i, c in enumerate(masked) if c in "/?#"), len(rest))
    return rest[:cut], _path(rest[cut:])


def _split_tail(authority: str, path: str | None) -> tuple[str, str | None]:
    """``f"{base}{path}"`` with a known base: what follows a port, or is named like a path, is one."""
    tail = _TAIL.fullmatch(authority)
    if tail and (tail["port"] or HOLE.fullmatch(tail["host"]) or _last_word(tail["name"]) in _PATH_WORDS):
        return tail["host"] + (tail["port"] or ""), "/" + tail["hole"] + (path or "")
    return authority, path


def _path(text: str) -> str | None:
    """The path without query and fragment; ``None`` where nothing is written."""
    masked = HOLE.sub(lambda m: "x" * len(m[0]), text)
    end = next((i for i, c in enumerate(masked) if c in "?#"), len(text))
    path = re.sub(r"/{2,}", "/", text[:end])
    return path or None


def _host_and_port(authority: str) -> tuple[str, int | None, bool]:
    bracketed = re.fullmatch(r"\[([0-9A-Fa-f:.%]+)\](?::(\d+))?", authority)
    if bracketed:
        return bracketed[1], _number(bracketed[2]), bracketed[2] is not None
    masked = HOLE.sub(lambda m: "x" * len(m[0]), authority)
    at = masked.rfind(":")
    if at < 0 or masked.count(":") > 1:
        return authority, None, False
    return authority[:at], _number(authority[at + 1 :]), True


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() and len(text) < 6 else None
