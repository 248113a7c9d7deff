"""Calls that only traces tell of: added where code and configuration are silent, never twice."""

from __future__ import annotations

import json

from analyzer.linking import link
from parsers.reading import read
from parsers.source import MemoryTree
from tests.analyzer.semantics.linkerd.shop import app, namespace
from tests.analyzer.semantics.linkerd.test_end_to_end import STOCK, WEB
from tests.parsers.mesh.test_traces import resource, span

SEEN = [
    resource("a", span("1", "", 2), span("2", "1", 3)),
    resource("c", span("3", "2", 2, http__request__method="GET", http__route="/stock"), span("4", "3", 3)),
    resource("d", span("5", "4", 2, http__request__method="POST", http__route="/d")),
]


def wires(files: dict[str, str], *names: str) -> list[tuple[str, str, str]]:
    docs = "\n---\n".join((namespace(annotations=""), *(app(n) for n in names)))
    trace = json.dumps({"resourceSpans": SEEN})
    facts = read(MemoryTree({"deploy/a.yaml": docs, "traces/a.json": trace, **files})).facts
    mesh, _ = link(facts)
    return [(w.caller.service, str(w.callee), w.provenance) for w in mesh.wires]


def test_what_code_does_not_tell_the_trace_does() -> None:
    code = {"a/app.py": WEB, "c/app.py": STOCK}
    assert wires(code, "a", "c", "d") == [
        ("shop/a", "shop/c GET /stock", "code"),
        ("shop/c", "shop/d POST /d", "trace"),
    ]


def test_names_that_nothing_here_has_are_left_out() -> None:
    assert wires({}, "a", "c") == [("shop/a", "shop/c GET /stock", "trace")]
