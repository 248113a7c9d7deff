"""Where one call of one program goes: its address in that program's environment, and the service behind it.

Shape: several answers are alternatives; one of them is called. An address that is not known is ``unresolved``.
Errors: an unknown address is an L002 diagnostic, a name that looks like a service and is none an L001.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from analyzer.linking.directory import NOWHERE, Directory, Sender, Target
from analyzer.linking.mesh import UNRESOLVED
from analyzer.linking.texts import HOLE, Address, Text, addresses, evaluate, masked, shown
from analyzer.linking.variables import Variables
from analyzer.model import Precision
from parsers.diagnostics import Code, Diagnostic
from parsers.facts.python import Call
from parsers.source import Span

LOCALHOST = "external:localhost"
_DAPR = re.compile(r"/v1\.0/invoke/([^/]+)/method(/.*)?$")
MESSAGES = frozenset(
    ["amqp", "kafka", "sqs", "sns", "nats", "mqtt", "pubsub", "celery", "rq", "dramatiq", "arq", "task"]
)
WEB = frozenset(["http", "https", "ws", "wss", "http2", "h2c", "rest", ""])


@dataclass(frozen=True, slots=True)
class Sent:
    """One thing a call may ask for. ``path`` may hold holes; ``None``: nothing is known of it."""

    target: Target
    host: str
    port: int | None
    path: str | None
    protocol: str
    evidence: tuple[Span, ...] = ()


def sent(call: Call, sender: Sender, directory: Directory) -> tuple[tuple[Sent, ...], tuple[Diagnostic, ...]]:
    """Every alternative, in a fixed order, without repetition."""
    found: dict[tuple[str, int | None, str | None], Sent] = {}
    notes: list[Diagnostic] = []
    for template in call.url:
        text = evaluate(template, sender.variables)
        for one in _of_text(call, text, sender, directory):
            found.setdefault((one.target.service, one.port, one.path), one)
            notes += _mistakes(call, one, text)
        if text.missing and any(f.target.precision is Precision.UNKNOWN for f in found.values()):
            notes.append(_missing(call, text, sender))
    kept = _likeliest(list(found.values()))
    if not kept:
        kept = [Sent(NOWHERE, "", None, None, call.protocol)]
    if all(s.target.service == UNRESOLVED for s in kept) and not notes:
        notes.append(Diagnostic.at(call.span, Code.UNRESOLVED_ADDRESS, detail=_unknown(call)))
    return tuple(kept), tuple(dict.fromkeys(notes))


def _likeliest(found: list[Sent]) -> list[Sent]:
    """Of several alternatives those that lead somewhere; a developer's ``localhost`` beside a real name is left out."""
    known = [s for s in found if s.target.service != UNRESOLVED] or found
    return [s for s in known if s.target.service != LOCALHOST] or known


def _of_text(call: Call, text: Text, sender: Sender, directory: Directory) -> Iterator[Sent]:
    for address in addresses(text.text):
        carried = _carried(call, address, sender, directory)
        if carried is not None:
            yield replace(carried, evidence=text.evidence)
            continue
        targets = directory.find(address.host, address.port, sender) if address.host else ()
        targets = _guessed(targets, address, text, sender, directory)
        if not targets and not address.known:
            path = address.path if address.path and HOLE.sub("", address.path).strip("/") else None
            yield Sent(NOWHERE, shown(address.host), address.port, path, call.protocol, text.evidence)
        for target in targets:
            if target.path_from_outside:
                yield from _back_in(call, address, target, directory, text)
                continue
            path = address.path or ("/" if call.protocol in WEB else None)
            yield Sent(target, shown(address.host), address.port, path, _protocol(call, address), text.evidence)


def _guessed(
    targets: tuple[Target, ...], address: Address, text: Text, sender: Sender, directory: Directory
) -> tuple[Target, ...]:
    """Where the address says nothing (or only ``localhost``, by default), what its variable is named after."""
    hole = HOLE.fullmatch(address.host)
    names = [hole[1]] if hole and not targets else []
    if [t.service for t in targets] == [LOCALHOST]:
        names = list(text.defaulted)
    found = next((t for n in names if (t := directory.named_after(n, sender)) is not None), None)
    return (found,) if found is not None else targets


def _back_in(call: Call, address: Address, target: Target, directory: Directory, text: Text) -> Iterator[Sent]:
    """A public name of the system itself: its gateway decides by the path."""
    path = address.path or "/"
    routed = directory.routed(address.host.lower(), path)
    if routed is not None:
        target, path = replace(target, service=routed.service), routed.seen(path)
    yield Sent(target, shown(address.host), address.port, path, _protocol(call, address), text.evidence)


def _protocol(call: Call, address: Address) -> str:
    return call.protocol or address.scheme or "http"


def _carried(call: Call, address: Address, sender: Sender, directory: Directory) -> Sent | None:
    """A callee that a header or the path names: a local runtime or a proxy takes the request there."""
    headers = dict(call.headers)
    name, path = headers.get("dapr-app-id"), address.path
    inside = _DAPR.search(address.path or "")
    if inside is not None and not HOLE.search(inside[1]):
        name, path = inside[1], inside[2] or "/"
    if name is None:
        return None
    target = directory.app(name, sender) or Target(f"external:{name}", mistaken=True)
    return Sent(
        replace(target, note=f"{name} is named as the callee's application id"), name, None, path, call.protocol
    )


def _mistakes(call: Call, one: Sent, text: Text) -> Iterator[Diagnostic]:
    if one.target.precision is Precision.UNKNOWN and one.target.note and not text.missing:
        yield Diagnostic.at(call.span, Code.UNRESOLVED_ADDRESS, detail=one.target.note)
    if one.target.mistaken and call.protocol in (*WEB, "grpc"):
        yield Diagnostic.at(call.span, Code.UNRESOLVED_HOST, host=one.host, taken=one.target.service)


def _missing(call: Call, text: Text, sender: Sender) -> Diagnostic:
    names = ", ".join(dict.fromkeys(text.missing))
    detail = f"{masked(shown(text.text))}: no manifest sets {names} for {sender.pod.id}"
    return Diagnostic.at(call.span, Code.UNRESOLVED_ADDRESS, detail=detail)


def _unknown(call: Call) -> str:
    what = " or ".join(masked(shown(evaluate(t, _NOTHING).text)) for t in call.url[:3])
    return what or call.declared or call.client


_NOTHING = Variables({}, complete=False)


def precision(one: Sent, matched: Precision, alternatives: int) -> Precision:
    """How far the wire follows from lines."""
    order = [Precision.EXACT, Precision.UPPER_BOUND, Precision.UNKNOWN]
    several = Precision.UPPER_BOUND if alternatives > 1 else Precision.EXACT
    return max((one.target.precision, matched, several), key=order.index)
