"""Recorded traces: calls that were seen, whatever the code shows.

Source: opentelemetry-proto docs/specification (OTLP JSON: hex ids, enums as numbers), semantic-conventions; Jaeger
model/json; Zipkin api/zipkin2-api.yaml.
Shape: files named like traces (``traces/x.json``, ``otlp-spans.jsonl``); one fact a caller, callee and operation.
Errors: none; a file of that name that holds no trace is passed over, one that is not JSON too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from parsers.mesh import Dialect
from parsers.mesh.traces.formats import dependencies, spans
from parsers.mesh.traces.seen import calls
from parsers.source import SourceFile, Span, Tree

_WORDS = re.compile(r"(?:^|[^a-z])(?:traces?|spans?|otlp|jaeger|zipkin)(?:[^a-z]|$)")


def _claims(path: str) -> bool:
    """JSON whose file or folder is named like a trace."""
    own = PurePosixPath(path.lower())
    return own.suffix in (".json", ".jsonl", ".ndjson") and any(_WORDS.search(p) for p in (own.stem, *own.parts[-2:-1]))


def _parse_file(file: SourceFile, _tree: Tree) -> Iterator[object]:
    documents = list(_documents(file))
    at = Span(file.path, 1, 1, 1, 1)
    found = [s for document in documents for s in spans(document)]
    told = [d for document in documents for d in dependencies(document)]
    yield from calls(found, told, at)


def _documents(file: SourceFile) -> Iterator[object]:
    """The file as one JSON value, or one a line; what is neither is passed over."""
    try:
        yield json.loads(file.text)
    except (ValueError, RecursionError):
        for line in file.text.splitlines():
            try:
                yield json.loads(line)
            except (ValueError, RecursionError):
                continue


TRACES = Dialect("traces", claims=_claims, parse_file=_parse_file)
