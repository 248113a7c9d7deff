"""Answers to ``explain`` on a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.explanation import CallsTold, CallTold, ScenarioTold
from analyzer.model import Layer, Precision
from analyzer.reports import Page
from analyzer.reports.text.chains import spoken
from analyzer.reports.text.ink import Ink
from parsers.quantities import ONCE, ZERO, Count


def told(answer: CallsTold | ScenarioTold, page: Page) -> str:
    """The answer as text."""
    ink = Ink(max(page.width, 60), page.colour)
    lines = _calls(answer, ink) if isinstance(answer, CallsTold) else _scenario(answer, ink)
    return "\n".join(lines) + "\n"


def _calls(answer: CallsTold, ink: Ink) -> Iterator[str]:
    for number, one in enumerate(answer.calls):
        if number:
            yield ""
        yield from _call(answer, one, ink)


def _call(answer: CallsTold, one: CallTold, ink: Ink) -> Iterator[str]:
    report, call = answer.report, one.call
    title = f"{report.name(call.caller)} → {report.name(call.callee)}"
    yield from ink.lines(title, str(call.span), style="bold")
    remarks = [call.note] if call.note else []
    remarks += [f"how sure: {call.precision.value}"] if call.precision is not Precision.EXACT else []
    remarks += [f"the caller's own proxy answers {call.answered}; nothing arrives"] if call.answered else []
    remarks += [f"policy: {call.verdict.decision.value}"] if call.verdict else []
    for remark in remarks:
        yield from ink.lines(remark, indent=2, style="dim")
    yield ""
    for index, layer in enumerate(call.layers, 1):
        yield from _layer(index, layer, ink)
    if not call.layers:
        yield from ink.lines("no layer repeats this call", indent=2)
    yield ""
    yield from _table(one, ink)


def _layer(index: int, layer: Layer, ink: Ink) -> Iterator[str]:
    attempts = _requests(layer.attempts) if layer.attempts else "attempts not known"
    on = f" on {', '.join(layer.retries_on)}" if layer.retries_on else ""
    where = str(layer.span) if layer.span else "nothing is written"
    yield from ink.lines(f"{index}  {spoken(layer)}: {attempts}{on}", where, indent=2)
    bounds = [f"each try {layer.per_try_timeout_s:g} s"] if layer.per_try_timeout_s else []
    bounds += [f"all tries {layer.timeout_s:g} s"] if layer.timeout_s else []
    for text in (*bounds, *([layer.note] if layer.note else [])):
        yield from ink.lines(text, indent=5, style="dim")
    for cited in layer.evidence:
        yield from ink.lines(cited.text, str(cited.span) if cited.span else "", indent=5, style="dim")


def _requests(count: Count) -> str:
    return "1 request" if count == ONCE else f"{count} requests"


def _table(one: CallTold, ink: Ink) -> Iterator[str]:
    """Causes down, layers across, requests at the right."""
    layers = len(one.call.layers)
    wide = max([len("it fails with"), *(len(r.cause) for r in one.rows)]) + 2
    head = "".join(f"{n:>7}" for n in range(1, layers + 1))
    yield "  " + ink.dim(f"{'it fails with':<{wide}}{head}   requests")
    for row in one.rows:
        cells = "".join(f"{_cell(f):>7}" for f in row.factors) if row.factors else " " * 7 * layers
        number = f"{row.requests!s:>11}"
        yield f"  {row.cause:<{wide}}{cells}{ink.bold(number) if row.requests > ONCE else number}"


def _cell(factor: Count) -> str:
    return f"×{factor}" if factor > ONCE else "·"


def _scenario(answer: ScenarioTold, ink: Ink) -> Iterator[str]:
    report, found = answer.report, answer.scenario
    start, failing = report.name(found.entry), report.name(found.failing)
    yield from ink.lines(f"while {failing} fails with {found.cause}, 1 request at {start} makes", style="bold")
    if answer.waits_s is None:
        yield ink.dim("nothing ever ends the wait for an answer")
    elif answer.waits_s:
        yield ink.dim(f"and waits for an answer at least {answer.waits_s:g} s")
    yield ""
    rows = sorted(found.load, key=lambda x: (x.requests.value is not None, -(x.requests.value or 0), x.operation))
    column = max((len(str(r.requests)) for r in rows), default=1) + 2
    for row in rows:
        if row.requests == ZERO:
            continue
        sure = "" if row.precision is Precision.EXACT else row.precision.value
        mark = "  ← fails" if row.operation == found.failing else ""
        inner = Ink(ink.width - column - 2, ink.colour)
        for number, line in enumerate(inner.lines(f"{report.name(row.operation)}{mark}", sure)):
            yield (ink.bold(str(row.requests).rjust(column)) if not number else " " * column) + "  " + line
