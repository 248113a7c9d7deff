"""Spans of the three formats as one: who worked, for whom, and what it was.

Source: opentelemetry-proto trace/v1 (JSON encoding), semantic-conventions (names, and the older ones still written);
Jaeger model/json/model.go; Zipkin api/zipkin2-api.yaml (``shared``: one id for both sides of a call).
Shape: hostile JSON in, spans out; whatever is not of the expected type counts as absent.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

_KINDS = ("", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER")


@dataclass(frozen=True, slots=True)
class Seen:
    """One span. ``key`` and ``parent`` are unique over traces; ``tags`` are its attributes as texts."""

    key: str
    parent: str | None
    kind: str
    service: str
    namespace: str | None
    name: str
    tags: Mapping[str, str]


def spans(document: object) -> Iterator[Seen]:
    """Spans of whatever format the document is in."""
    if isinstance(document, list):
        for item in document:
            yield from _zipkin(_object(item)) if "localEndpoint" in _object(item) else spans(item)
        return
    whole = _object(document)
    for resource in _list(whole.get("resourceSpans", whole.get("resource_spans"))):
        yield from _otlp(_object(resource))
    for trace in _list(whole.get("data")):
        yield from _jaeger(_object(trace))


def dependencies(document: object) -> Iterator[tuple[str, str, int]]:
    """Edges that a backend has counted already: (parent, child, calls)."""
    items = document if isinstance(document, list) else _list(_object(document).get("data"))
    for item in map(_object, items):
        parent, child, times = item.get("parent"), item.get("child"), item.get("callCount")
        if isinstance(parent, str) and isinstance(child, str) and isinstance(times, int):
            yield parent, child, times


# -------------------------------------------------------------------------------------------------------------- OTLP


def _otlp(resource: Mapping[str, object]) -> Iterator[Seen]:
    own = _attributes(_object(resource.get("resource")).get("attributes"))
    service = own.get("service.name", "")
    namespace = own.get("k8s.namespace.name") or own.get("service.namespace")
    for key in ("scopeSpans", "scope_spans", "instrumentationLibrarySpans"):
        for scope in _list(resource.get(key)):
            for span in map(_object, _list(_object(scope).get("spans"))):
                trace, parent = _text(span, "traceId", "trace_id"), _text(span, "parentSpanId", "parent_span_id")
                yield Seen(
                    key=f"{trace}/{_text(span, 'spanId', 'span_id')}",
                    parent=f"{trace}/{parent}" if parent else None,
                    kind=_kind(span.get("kind")),
                    service=service,
                    namespace=namespace,
                    name=_text(span, "name"),
                    tags=_attributes(span.get("attributes")),
                )


def _kind(written: object) -> str:
    if isinstance(written, int) and 0 <= written < len(_KINDS):
        return _KINDS[written]
    return written.rpartition("_")[2].upper() if isinstance(written, str) else ""


def _attributes(written: object) -> dict[str, str]:
    found: dict[str, str] = {}
    for pair in map(_object, _list(written)):
        key, value = pair.get("key"), _object(pair.get("value"))
        for kind in ("stringValue", "intValue", "string_value", "int_value"):
            if isinstance(key, str) and isinstance(value.get(kind), str | int):
                found[key] = str(value[kind])
    return found


# ------------------------------------------------------------------------------------------------------------ Jaeger


def _jaeger(trace: Mapping[str, object]) -> Iterator[Seen]:
    processes = _object(trace.get("processes"))
    for span in map(_object, _list(trace.get("spans"))):
        process = _object(processes.get(_text(span, "processID")))
        own = _tags(process.get("tags"))
        tags = _tags(span.get("tags"))
        identity = _text(span, "traceID")
        parents = [_text(r, "spanID") for r in map(_object, _list(span.get("references")))]
        yield Seen(
            key=f"{identity}/{_text(span, 'spanID')}",
            parent=f"{identity}/{parents[0]}" if parents else None,
            kind=tags.get("span.kind", "").upper(),
            service=_text(process, "serviceName"),
            namespace=own.get("k8s.namespace.name") or own.get("service.namespace"),
            name=_text(span, "operationName"),
            tags=tags,
        )


def _tags(written: object) -> dict[str, str]:
    found = map(_object, _list(written))
    return {str(t.get("key")): str(t["value"]) for t in found if isinstance(t.get("value"), str | int)}


# ------------------------------------------------------------------------------------------------------------ Zipkin


def _zipkin(span: Mapping[str, object]) -> Iterator[Seen]:
    """Both sides of a call may share one id: the server's span then stands below the client's of that id."""
    trace, own, kind = _text(span, "traceId"), _text(span, "id"), _text(span, "kind").upper()
    shared = span.get("shared") is True
    parent = own if shared else _text(span, "parentId")
    tags = {k: v for k, v in _object(span.get("tags")).items() if isinstance(v, str)}
    remote = _text(_object(span.get("remoteEndpoint")), "serviceName")
    yield Seen(
        key=f"{trace}/{own}{'/server' if shared else ''}",
        parent=f"{trace}/{parent}" if parent else None,
        kind=kind,
        service=_text(_object(span.get("localEndpoint")), "serviceName"),
        namespace=None,
        name=_text(span, "name"),
        tags={**tags, **({"peer.service": remote} if remote else {})},
    )


def _object(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _text(value: Mapping[str, object], *keys: str) -> str:
    return next((v for k in keys if isinstance(v := value.get(k), str)), "")
