"""What the page's script knows: boxes, lines, calls with their layers, numbers by entry and cause, findings."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.diagram import Diagram
from analyzer.findings import Finding
from analyzer.model import Layer
from analyzer.report import CallView, Report
from parsers.source import Span

Json = dict[str, object]


def data(report: Report, drawn: Diagram) -> Json:
    """Everything, by index; names are text and stay text in the page."""
    calls = {c.id: i for i, c in enumerate(report.calls)}
    return {
        "boxes": [
            {"id": b.id, "title": b.title, "entry": b.entry, "open": b.open, "kind": b.kind} for b in drawn.boxes
        ],
        "lines": [
            {"source": x.source, "target": x.target, "calls": [calls[c.id] for c in x.calls], "label": x.label}
            for x in drawn.lines
        ],
        "calls": [_call(report, c) for c in report.calls],
        "services": {s.id: _service(report, s.id) for s in report.services},
        "pairs": [
            {
                "entry": report.name(a.entry),
                "target": a.target.service,
                "operation": report.name(a.target),
                "worst": a.worst.to_json(),
                "causes": {c: n.to_json() for c, n in a.by_cause},
                "chain": [calls[c] for c in a.chain if c in calls],
            }
            for a in report.amplification
        ],
        "findings": [_finding(report, f) for f in report.findings],
    }


def _call(report: Report, call: CallView) -> Json:
    return {
        "caller": report.name(call.caller),
        "callee": report.name(call.callee),
        "from": call.caller.service,
        "to": call.callee.service,
        "where": str(call.span),
        "layers": [_layer(layer) for layer in call.layers],
        "gain": call.gain.worst.to_json(),
        "causes": {c: n.to_json() for c, n in call.gain.by_cause},
        "verdict": call.verdict.decision.value if call.verdict else None,
        "because": [
            f"{e.text} ({e.span})" if e.span else e.text for e in (call.verdict.because if call.verdict else ())
        ],
        "precision": call.precision.value,
        "note": call.note,
    }


def _layer(layer: Layer) -> Json:
    return {
        "kind": layer.kind,
        "name": layer.name,
        "attempts": layer.attempts.to_json() if layer.attempts else "?",
        "declared": layer.declared,
        "on": list(layer.retries_on),
        "where": str(layer.span) if layer.span else "nothing is written: a default",
        "note": layer.note,
        "effective": layer.effective,
    }


def _service(report: Report, identity: str) -> Json:
    view = report.service_by_id[identity]
    return {
        "principal": view.principal,
        "mesh": view.mesh,
        "mtls": view.mtls,
        "operations": list(view.operations),
        "entry": view.entry,
        "where": str(view.span) if view.span else None,
    }


def _finding(report: Report, finding: Finding) -> Json:
    spans = {(s.path, s.line) for s in _spans(finding)}
    touched = [i for i, c in enumerate(report.calls) if spans & {(s.path, s.line) for s in _of_call(c)}]
    return {
        "rule": finding.rule,
        "severity": finding.severity.name.lower(),
        "message": finding.message,
        "where": str(finding.span),
        "calls": touched,
    }


def _spans(finding: Finding) -> Iterator[Span]:
    yield finding.span
    yield from (e.span for e in finding.evidence if e.span)


def _of_call(call: CallView) -> Iterator[Span]:
    yield call.span
    yield from (layer.span for layer in call.layers if layer.span)
    yield from (e.span for e in (call.verdict.because if call.verdict else ()) if e.span)
