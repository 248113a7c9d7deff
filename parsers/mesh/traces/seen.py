"""From spans to calls: a server's span below one of another service, or a client's that nobody answered with a span.

Source: semantic-conventions docs/http, docs/rpc, docs/messaging (attributes, and the names they had before).
Shape: equal calls are counted; what a service does inside itself is no call.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from parsers.facts.traces import ObservedCall
from parsers.mesh.traces.formats import Seen
from parsers.source import Span

_RECEIVING = frozenset({"SERVER", "CONSUMER"})
_SENDING = frozenset({"CLIENT", "PRODUCER"})
_MAX_DEPTH = 64

_Edge = tuple[str, str | None, str, str | None, str, str]


def calls(spans: Iterable[Seen], told: Iterable[tuple[str, str, int]], at: Span) -> Iterator[ObservedCall]:
    """The calls of one file, sorted."""
    known = {s.key: s for s in spans}
    counted: Counter[_Edge] = Counter()
    answered: set[str] = set()
    for span in known.values():
        sender = _sender(span, known) if span.kind in _RECEIVING else None
        if sender is not None:
            answered.add(span.parent or "")
            edge = (sender.service, sender.namespace, span.service, span.namespace)
            counted[*edge, _operation(span), _protocol(span)] += 1
    for span in known.values():
        peer = _peer(span) if span.kind in _SENDING and span.key not in answered else ""
        if peer and span.service and peer != span.service:
            counted[span.service, span.namespace, peer, None, _operation(span), _protocol(span)] += 1
    for parent, child, times in told:
        if parent != child:
            counted[parent, None, child, None, "*", "http"] += times
    found = (ObservedCall(*edge, times, at) for edge, times in counted.items())
    yield from sorted(found, key=lambda c: (c.caller, c.callee, c.operation, c.caller_namespace or "", c.protocol))


def _sender(span: Seen, known: Mapping[str, Seen]) -> Seen | None:
    """The nearest span above that is another service's."""
    above = known.get(span.parent or "")
    for _ in range(_MAX_DEPTH):
        if above is None or not span.service:
            return None
        if above.service and above.service != span.service:
            return above
        above = known.get(above.parent or "")
    return None


def _peer(span: Seen) -> str:
    """Who is called, by name: an address of numbers is none."""
    tags = span.tags
    names = (tags.get(k, "") for k in ("service.peer.name", "peer.service", "server.address", "net.peer.name"))
    found = next((n for n in names if n), "")
    return "" if found.replace(".", "").replace(":", "").isdecimal() else found.partition(":")[0]


def _operation(span: Seen) -> str:
    tags = span.tags
    rpc = tags.get("rpc.method", "")
    if rpc:
        service = tags.get("rpc.service", "")
        return f"/{service}/{rpc}" if service else f"/{rpc.lstrip('/')}"
    method = tags.get("http.request.method") or tags.get("http.method") or ""
    path = tags.get("http.route") or tags.get("url.template") or tags.get("url.path") or tags.get("http.target") or ""
    if method and path:
        return f"{method.upper()} /{path.partition('?')[0].lstrip('/')}"
    return "*"


def _protocol(span: Seen) -> str:
    system = span.tags.get("messaging.system")
    if system:
        return system.lower()
    if "rpc.method" in span.tags or span.tags.get("rpc.system") == "grpc":
        return "grpc"
    return span.tags.get("db.system.name") or span.tags.get("db.system") or "http"
