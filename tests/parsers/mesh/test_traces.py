"""Recorded traces of three formats: who was seen calling whom; hostile JSON raises nothing."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parsers.facts.traces import ObservedCall
from tests.parsers.builders import codes, every, read_files

Edge = tuple[str, str, str, int]


def edges(document: object, path: str = "traces/a.json") -> list[Edge]:
    text = document if isinstance(document, str) else json.dumps(document)
    found = read_files({path: text})
    assert codes(found) == []
    return [(c.caller, c.callee, c.operation, c.times) for c in every(found, ObservedCall)]


def attributes(**pairs: str) -> list[dict[str, object]]:
    return [{"key": k.replace("__", "."), "value": {"stringValue": v}} for k, v in pairs.items()]


def resource(service: str, *spans: dict[str, object]) -> dict[str, object]:
    return {"resource": {"attributes": attributes(service__name=service)}, "scopeSpans": [{"spans": list(spans)}]}


def span(own: str, parent: str, kind: int | str, **tags: str) -> dict[str, object]:
    return {"traceId": "t", "spanId": own, "parentSpanId": parent, "kind": kind, "attributes": attributes(**tags)}


WEB = resource("web", span("1", "", 2, http__route="/"), span("2", "1", 3, server__address="stock"))
STOCK = resource(
    "stock",
    span("3", "2", 2, http__request__method="GET", http__route="/stock/{id}"),
    span("4", "3", 1),
    span("5", "4", 3, db__system="redis", peer__service="cache"),
)


def test_a_servers_span_below_anothers_is_a_call_and_a_clients_without_one_too() -> None:
    assert edges({"resourceSpans": [WEB, STOCK]}) == [
        ("stock", "cache", "*", 1),
        ("web", "stock", "GET /stock/{id}", 1),
    ]


def test_a_line_each_and_older_names_are_read_too() -> None:
    first = json.dumps({"resourceSpans": [WEB]})
    older = resource("stock", span("3", "2", "SPAN_KIND_SERVER", http__method="get", http__target="/stock/1?x=2"))
    older["instrumentationLibrarySpans"] = older.pop("scopeSpans")
    second = json.dumps({"resource_spans": [older]})
    assert edges(f"{first}\n{second}\nnot json\n", "otlp-spans.jsonl") == [("web", "stock", "GET /stock/1", 1)]


def test_every_attempt_that_arrived_is_counted() -> None:
    again = resource("stock", *(span(str(n), "2", 2, http__method="GET", http__route="/x") for n in range(10, 13)))
    assert edges({"resourceSpans": [WEB, again]}) == [("web", "stock", "GET /x", 3)]


def test_what_a_service_does_inside_itself_is_no_call() -> None:
    assert edges({"resourceSpans": [resource("web", span("1", "", 2), span("2", "1", 2), span("3", "2", 1))]}) == []


def test_an_address_of_numbers_is_no_name() -> None:
    assert edges({"resourceSpans": [resource("web", span("2", "", 3, server__address="10.0.0.1"))]}) == []


def test_jaegers_spans_and_dependencies() -> None:
    def jaeger(own: str, parent: str | None, process: str, **tags: str) -> dict[str, object]:
        references = [{"refType": "CHILD_OF", "traceID": "t", "spanID": parent}] if parent else []
        pairs = [{"key": k.replace("__", "."), "type": "string", "value": v} for k, v in tags.items()]
        return {"traceID": "t", "spanID": own, "processID": process, "references": references, "tags": pairs}

    spans = [
        jaeger("1", None, "p1", span__kind="client"),
        jaeger("2", "1", "p2", span__kind="server", rpc__system="grpc", rpc__service="a.B", rpc__method="Get"),
    ]
    processes = {"p1": {"serviceName": "web"}, "p2": {"serviceName": "stock"}}
    assert edges({"data": [{"traceID": "t", "spans": spans, "processes": processes}]}) == [
        ("web", "stock", "/a.B/Get", 1)
    ]
    assert edges({"data": [{"parent": "web", "child": "stock", "callCount": 7}]}) == [("web", "stock", "*", 7)]


def test_zipkins_two_sides_of_one_id() -> None:
    client = {"traceId": "t", "id": "1", "kind": "CLIENT", "localEndpoint": {"serviceName": "web"}}
    server = {
        "traceId": "t", "id": "1", "kind": "SERVER", "shared": True, "localEndpoint": {"serviceName": "stock"},
        "tags": {"http.method": "POST", "http.route": "/stock"},
    }  # fmt: skip
    assert edges([client, server]) == [("web", "stock", "POST /stock", 1)]
    alone = {**client, "remoteEndpoint": {"serviceName": "stock"}}
    assert edges([alone]) == [("web", "stock", "*", 1)]


@pytest.mark.parametrize("path", ["traces/a.json", "deploy/zipkin.json", "otlp.jsonl", "a/jaeger-export.json"])
def test_files_named_like_traces_are_read(path: str) -> None:
    assert len(edges({"resourceSpans": [WEB, STOCK]}, path)) == 2


@pytest.mark.parametrize("path", ["package.json", "contraspan.json", "traces/a.txt"])
def test_other_files_are_not(path: str) -> None:
    assert edges({"resourceSpans": [WEB, STOCK]}, path) == []


_KEYS = (
    "resourceSpans resource scopeSpans spans attributes key value stringValue traceId spanId parentSpanId kind data "
    "processes references tags parent child callCount localEndpoint serviceName shared id"
)
KEYS = st.sampled_from(_KEYS.split())
ANYTHING = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=5)),
    max_leaves=30,
)


@given(ANYTHING)
def test_whatever_stands_there_nothing_raises(document: object) -> None:
    assert "P900" not in codes(read_files({"trace.json": json.dumps(document)}))


def test_nesting_without_end_is_passed_over() -> None:
    assert edges("[" * 100_000 + "]" * 100_000) == []


def test_spans_in_a_circle_end() -> None:
    assert edges({"resourceSpans": [resource("web", span("1", "2", 2), span("2", "1", 2))]}) == []
