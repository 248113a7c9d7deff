"""The worst chains, hop by hop: what arrives, which layer multiplies, and the line that says so."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import takewhile

from analyzer.model import Layer, Precision
from analyzer.report import AmplificationView, CallView, Hop, Report, ranking
from analyzer.reports.text.ink import Ink, clean, plural, shorten, width
from parsers.quantities import ONCE, Count
from parsers.source import Span

#: Chains that are drawn; the rest is one line each.
DRAWN = 3
LISTED = 12

_SURE = {
    Precision.EXACT: "exact",
    Precision.UPPER_BOUND: "an upper bound",
    Precision.UNKNOWN: "with parts that are not known",
}


def headline(report: Report, ink: Ink) -> Iterator[str]:
    """The one sentence to remember."""
    worst = report.worst
    if worst is None:
        told = (
            "no call repeats another: 1 request stays 1 everywhere"
            if report.calls
            else "no call between services found"
        )
        yield from ink.lines(told, style="bold")
        return
    number = "without bound" if worst.worst.unbounded else f"up to {worst.worst}"
    entry, target = report.name(worst.entry), report.name(worst.target)
    yield from ink.lines(f"1 request at {entry} can become {number} at {target}", style="bold")
    layers = sum(f > ONCE for hop in worst.hops for f in hop.factors)
    facts = [f"when {_failure(report, worst)}", _SURE[worst.precision], plural(len(worst.chain), "call")]
    yield from ink.lines(
        ", ".join([*facts, *([f"{plural(layers, 'layer')} multiplying"] if layers else [])]), style="dim"
    )
    if worst.single != worst.worst:
        yield from ink.lines(f"along one chain alone: {worst.single}", style="dim")


def _failure(report: Report, row: AmplificationView) -> str:
    name = report.name(row.target)
    words = {
        "connect-failure": "refuses connections",
        "reset": "resets the connection",
        "timeout": "hangs",
        "truncated": "breaks off its answers",
    }
    return f"{name} {words.get(row.cause, f'answers {row.cause}')}"


def chosen(report: Report) -> tuple[AmplificationView, ...]:
    """The largest chains, none a part of one already chosen."""
    picked: list[AmplificationView] = []
    for row in ranking(report.amplification):
        if row.worst > ONCE and not any(row.chain == p.chain[: len(row.chain)] for p in picked):
            picked.append(row)
    return tuple(picked)


def spans_drawn(report: Report) -> frozenset[Span]:
    """The places that the drawn chains already show."""
    calls = [report.call_by_id[c] for row in chosen(report)[:DRAWN] for c in row.chain if c in report.call_by_id]
    return frozenset(y.span for c in calls for y in c.layers if y.span)


def chains(report: Report, ink: Ink) -> Iterator[str]:
    """The section: a few chains drawn, more of them listed."""
    rows = chosen(report)
    above: tuple[str, ...] = ()
    for row in rows[:DRAWN]:
        yield from _drawn(report, row, above, ink)
        yield ""
        above = row.chain
    rest = rows[DRAWN:]
    for row in rest[:LISTED]:
        text = f"{report.name(row.entry)} → {report.name(row.target)}"
        number = f"{row.worst}×".rjust(_column(rest[:LISTED]) + 1)
        inner = Ink(ink.width - len(number) - 4, ink.colour)
        yield f"  {_heat(number, row.worst, ink)}  {inner.brief(text, row.cause)}"
    if len(rest) > LISTED:
        yield ink.dim(f"  … and {len(rest) - LISTED} more (--format json has them all)")
    if rest:
        yield ""


def _column(rows: tuple[AmplificationView, ...]) -> int:
    return max((len(str(r.worst)) for r in rows), default=1)


def _drawn(report: Report, row: AmplificationView, above: tuple[str, ...], ink: Ink) -> Iterator[str]:
    shared = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(row.chain, above, strict=False)))
    calls = [report.call_by_id[c] for c in row.chain if c in report.call_by_id]
    hops = {h.call: h for h in row.hops}
    column = max([len(str(row.worst)), *(len(str(h.requests)) for h in row.hops)]) + 2
    yield _station(report.name(row.entry), ONCE, "", column, ink)
    if shared:
        yield " " * (column + 2) + ink.dim("│ as above")
    for index, call in enumerate(calls):
        hop = hops.get(call.id)
        if index < shared - 1:
            continue
        if index >= shared:
            yield from _layers(call, hop, row.cause, column, ink)
        last = index == len(calls) - 1
        count = hop.requests if hop else row.worst if last else None
        cause = row.cause if last else hop.cause if hop else ""
        yield _station(report.name(call.callee), count, _answers(cause), column, ink)
    if row.hops and row.hops[-1].requests != row.worst:
        number = _heat(str(row.worst).rjust(column), row.worst, ink)
        yield f"{number}  {ink.dim('in all, with every other way that leads there')}"
    yield from _siblings(report, row, column, ink)


def _answers(cause: str) -> str:
    return f"fails with {cause}" if cause and not well(cause) else "answers all the same" if cause else ""


def _station(name: str, count: Count | None, note: str, column: int, ink: Ink) -> str:
    number = str(count if count is not None else "").rjust(column)
    name = shorten(clean(name), ink.width - column - 2)
    gap = ink.width - column - 2 - width(name) - width(note)
    tail = " " * gap + ink.dim(note) if note and gap >= 2 else ""
    return f"{_heat(number, count or ONCE, ink)}  {ink.bold(name)}{tail}"


def _layers(call: CallView, hop: Hop | None, cause: str, column: int, ink: Ink) -> Iterator[str]:
    factors = hop.factors if hop else tuple(_declared(layer) for layer in call.layers)
    shown = hop.cause if hop else cause
    pairs = list(zip(call.layers, factors, strict=False))
    for layer, factor in pairs:
        if factor > ONCE:
            yield from _row(f"×{factor}", spoken(layer), _place(layer), column, ink)
        elif layer.attempts is None:
            yield from _row("×?", f"{spoken(layer)}: attempts not known", _place(layer), column, ink)
    silent = [layer for layer, factor in pairs if factor == ONCE and layer.attempts and layer.attempts > ONCE]
    if silent and not well(shown):
        told = f"not on {shown}: {', '.join(dict.fromkeys(spoken(layer) for layer in silent))}"
        yield from _row("–", told, _place(silent[0]) if len(silent) == 1 else "", column, ink, quiet=True)
    if not any(f > ONCE for f in factors):
        yield from _row("×1", "sent once", str(call.span), column, ink, quiet=True)
    if call.times is None:
        yield from _row("×N", "inside a loop over data: counted once", str(call.span), column, ink, quiet=True)


_KINDS = {
    "sidecar": "sidecar",
    "inbound": "inbound sidecar",
    "gateway": "gateway",
    "waypoint": "waypoint",
    "node-proxy": "node proxy",
}


def spoken(layer: Layer) -> str:
    """A layer as people say it: ``tenacity stop_after_attempt(3)``, ``sidecar default (2 retries)``."""
    if layer.kind not in _KINDS:
        return _code(layer)
    who = _KINDS[layer.kind]
    if layer.span is None or layer.declared == "nothing written":
        count = layer.attempts.value - 1 if layer.attempts and layer.attempts.value else None
        return f"{who} default" if count is None else f"{who} default ({plural(count, 'retry', 'retries')})"
    return f"{who}  {shorten(' '.join(layer.declared.split()), DECLARED)}"


def _code(layer: Layer) -> str:
    """``tenacity.retry(stop=stop_after_attempt(3), …)``: the call as written, on one line and no longer than needed."""
    declared = " ".join(layer.declared.split())
    name = layer.name.rpartition(".")[2]
    if not declared:
        return layer.name
    if declared.startswith(f"{name}("):
        return shorten(f"{layer.name}({declared.removeprefix(f'{name}(').lstrip()}", DECLARED)
    return shorten(f"{layer.name}  {declared}", DECLARED)


#: Characters of what is written that are shown; the line is beside it.
DECLARED = 64


def _place(layer: Layer) -> str:
    return str(layer.span) if layer.span else "nothing is written"


def well(cause: str) -> bool:
    """An answer that is no failure: nothing above repeats on it."""
    return cause == "ok" or cause[:1] in ("1", "2", "3")


def _declared(layer: Layer) -> Count:
    return layer.attempts or ONCE if layer.effective else ONCE


def _row(sign: str, words: str, where: str, column: int, ink: Ink, *, quiet: bool = False) -> Iterator[str]:
    rail = " " * (column + 2) + ink.dim("│") + " "
    style = "dim" if quiet else ""
    inner = Ink(ink.width - column - 8, ink.colour).brief(words, where, style=style)
    head = ink.paint(f"{sign:<4}", style) if style else f"{sign:<4}"
    first, *more = inner.split("\n")
    yield rail + head + first
    yield from (f"{rail}    {line}" for line in more)


def _siblings(report: Report, row: AmplificationView, column: int, ink: Ink) -> Iterator[str]:
    """What else is hit while this fails: healthy services that the chain's callers also ask."""
    on_chain = {report.call_by_id[c].callee for c in row.chain if c in report.call_by_id}
    for scenario in report.scenarios:
        if (scenario.entry, scenario.failing, scenario.cause) == (row.entry, row.target, row.cause):
            hit = [x for x in scenario.load if x.operation not in on_chain and x.requests > ONCE]
            hit.sort(key=lambda x: (x.requests.value is not None, -(x.requests.value or 0), x.operation))
            if hit:
                told = ", ".join(f"{x.requests} at {report.name(x.operation)}" for x in hit[:4])
                more = f" and {len(hit) - 4} more" if len(hit) > 4 else ""
                yield from ink.lines(f"meanwhile {told}{more}", indent=column + 2, style="dim")


def _heat(text: str, count: Count, ink: Ink) -> str:
    if count.value is None or count.value >= 50:
        return ink.paint(text, "hot")
    return ink.paint(text, "warm") if count.value >= 8 else ink.bold(text)
