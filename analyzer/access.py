"""Who may: the answer of all layers together, and questions written as JSON lines.

Shape: ``verdict`` asks every mesh's semantics; one denial decides, one unknown leaves it open, none having a say means
that nothing stands in the way. A question names the identity that arrives (``from``) and the service (``to``).
Errors: ``QuestionError`` for a line that is no question, with its number.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from typing import cast

import analyzer.semantics
from analyzer.findings import Evidence
from analyzer.linking.mesh import Mesh, ServiceNode, Wire
from analyzer.model import Decision, Operation, Precision, Request, Verdict, conjunction
from analyzer.options import Options
from analyzer.semantics import Semantics
from parsers.plugins import collect
from parsers.source import Span

#: Who is meant by ``from``: a peer without identity.
NOBODY = "none"
_SCHEME = "spiffe://"


class QuestionError(ValueError):
    """A line that is not a question."""


def verdict(request: Request, mesh: Mesh, options: Options) -> Verdict:
    """Whether the request is let through by every layer that has a say."""
    service = mesh.services.get(request.to)
    if service is None or service.external:
        needs = "its policies: it lies outside" if service else f"a service {request.to}: there is none of that name"
        return Verdict(Decision.UNKNOWN, (), (needs,))
    layers = [s.verdict(request, mesh, options) for s in semantics()]
    found = [v for v in layers if v is not None]
    if not found:
        return Verdict(Decision.ALLOWED, (Evidence("no proxy and no NetworkPolicy stands before the workload"),))
    return conjunction(found)


def answer(asked: Request, mesh: Mesh, options: Options) -> Verdict:
    """The answer to a question: where it names a calling service, with the identity that its proxy really sends."""
    return verdict(as_sent(asked, mesh, options), mesh, options)


def identity(service: ServiceNode, mesh: Mesh) -> str | None:
    """The identity that a service's workload sends with; ``None`` where it is in no mesh."""
    for pod in service.pods:
        if any(s.member(pod, mesh) is not None for s in semantics()):
            return mesh.principal(pod)
    return None


def as_sent(request: Request, mesh: Mesh, options: Options) -> Request:
    """The request of a calling service as it arrives: without identity where the caller's proxy sends plaintext."""
    caller, callee = mesh.services.get(request.caller or ""), mesh.services.get(request.to)
    if caller is None or callee is None or request.principal is None:
        return request
    wire = _wire(request, callee)
    passages = [s.passage(wire, mesh, options) for s in semantics()]
    lost = any(p is not None and p.plaintext for p in passages)
    return replace(request, principal=None) if lost else request


def _wire(request: Request, callee: ServiceNode) -> Wire:
    """A call such as the request would be."""
    dialled = [p.port for p in callee.ports if callee.target_port(p.port) == request.port] or [
        p.port for p in callee.ports
    ]
    return Wire(
        id="question",
        caller=Operation(request.caller or "", "*"),
        callee=Operation(request.to, "*"),
        host=callee.fqdn,
        port=dialled[0] if dialled else None,
        protocol="http",
        method=request.method or "*",
        path=request.path or "*",
        provenance="declared",
        precision=Precision.UNKNOWN,
        span=Span("", 1, 1, 1, 1),
    )


@cache
def semantics() -> tuple[Semantics, ...]:
    """Every mesh there is, by name of its module."""
    return collect(analyzer.semantics, Semantics)


def read_questions(text: str, mesh: Mesh) -> Iterator[Request]:
    """The questions of a file, one JSON object a line; blank lines are passed over."""
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip():
            yield _question(line, number, mesh)


def question(fields: Mapping[str, object], mesh: Mesh) -> Request:
    """One question from its fields. ``from`` may also be the id of a service: then its workload asks.

    What is not given, or is given as null (but for a token: none), is not known.
    """
    caller, principal = _asker(_text(fields, "from"), mesh)
    token = fields.get("jwt")
    return Request(
        principal=principal,
        to=_text(fields, "to") or "",
        host=_text(fields, "host"),
        port=_port(fields),
        method=_text(fields, "method"),
        path=_text(fields, "path"),
        headers=_headers(fields.get("headers")),
        jwt=None if "jwt" not in fields else tuple(_mapping(token, "jwt").items()) if token is not None else (),
        source_ip=_text(fields, "source_ip"),
        destination_ip=_text(fields, "destination_ip"),
        sni=_text(fields, "sni"),
        caller=caller,
    )


def _question(line: str, number: int, mesh: Mesh) -> Request:
    try:
        fields = json.loads(line)
    except json.JSONDecodeError as error:
        raise QuestionError(f"line {number}: not JSON: {error.msg}") from error
    except RecursionError as error:
        raise QuestionError(f"line {number}: nested too deeply") from error
    try:
        found = question(_mapping(fields, "a question"), mesh)
    except QuestionError as error:
        raise QuestionError(f"line {number}: {error}") from error
    if not found.to:
        raise QuestionError(f"line {number}: it does not say to whom (to)")
    return found


def _asker(written: str | None, mesh: Mesh) -> tuple[str | None, str | None]:
    """The calling service, where one is named, and the identity; nobody's where none is given."""
    if written is None or written == NOBODY:
        return None, None
    if written in mesh.services and mesh.services[written].pods:
        return written, identity(mesh.services[written], mesh)
    return None, written.removeprefix(_SCHEME)


def _text(fields: Mapping[str, object], name: str) -> str | None:
    value = fields.get(name)
    if value is None or isinstance(value, str):
        return value
    raise QuestionError(f"{name}: expected a text")


def _port(fields: Mapping[str, object]) -> int | None:
    value = fields.get("port")
    if value is None or (isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 65535):
        return value
    if isinstance(value, str) and value.isdecimal() and int(value) <= 65535:
        return int(value)
    raise QuestionError("port: expected a number of a port")


def _headers(value: object) -> tuple[tuple[str, str], ...] | None:
    """Names in lower case; a list of values is a header that comes several times."""
    if value is None:
        return None
    found: list[tuple[str, str]] = []
    for name, written in _mapping(value, "headers").items():
        for text in written if isinstance(written, list) else [written]:
            if not isinstance(text, str):
                raise QuestionError(f"headers: expected a text or texts for {name}")
            found.append((name.lower(), text))
    return tuple(found)


def _mapping(value: object, name: str) -> Mapping[str, object]:
    if isinstance(value, dict):
        return cast("Mapping[str, object]", value)
    raise QuestionError(f"{name}: expected an object")
