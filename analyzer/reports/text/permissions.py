"""Answers to ``access`` on a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.model import Decision, Verdict
from analyzer.permissions import Answered, Matrix
from analyzer.report import AccessView
from analyzer.reports import Page
from analyzer.reports.text.ink import Ink, plural

_STYLES = {Decision.ALLOWED: "good", Decision.DENIED: "error", Decision.UNKNOWN: "warning"}


def told(found: Answered | Matrix, page: Page) -> str:
    """The answer as text."""
    ink = Ink(max(page.width, 60), page.colour)
    lines = _one(found, ink) if isinstance(found, Answered) else _matrix(found, ink)
    return "\n".join(lines) + "\n"


def _one(found: Answered, ink: Ink) -> Iterator[str]:
    decision = found.verdict.decision
    yield ink.paint(decision.value, _STYLES[decision])
    yield from _because(found.verdict, ink)


def _because(verdict: Verdict, ink: Ink) -> Iterator[str]:
    for item in verdict.because:
        yield from ink.lines(item.text, str(item.span) if item.span else "", indent=2)
    for need in verdict.needs:
        yield from ink.lines(f"depends on {need}", indent=2, style="dim")


def _matrix(found: Matrix, ink: Ink) -> Iterator[str]:
    """Operation by operation: who may; those who may not are counted."""
    by_operation: dict[str, list[AccessView]] = {}
    for row in found.rows:
        by_operation.setdefault(found.report.name(row.to), []).append(row)
    if not by_operation:
        yield "no operation is known"
    for name, rows in by_operation.items():
        yield from ink.lines(name, style="bold")
        for decision in (Decision.ALLOWED, Decision.UNKNOWN):
            named = [_who(r.source) for r in rows if r.verdict.decision is decision]
            if len(named) == len(rows) > 1 and any(r.source is None for r in rows):
                named = ["everybody, without an identity too"]
            if named:
                style = _STYLES[decision]
                word = decision.value.lower()
                inner = list(Ink(ink.width - 12, ink.colour).lines(", ".join(named)))
                yield f"  {ink.paint(f'{word:<9}', style)} {inner[0]}"
                yield from (" " * 12 + line for line in inner[1:])
        denied = sum(r.verdict.decision is Decision.DENIED for r in rows)
        if denied:
            yield f"  {ink.paint('denied   ', 'error')} {plural(denied, 'other identity', 'other identities')}"


def _who(source: str | None) -> str:
    """``ns/account`` of a principal."""
    if source is None:
        return "no identity"
    _, _, rest = source.partition("/ns/")
    namespace, _, account = rest.partition("/sa/")
    return f"{namespace}/{account}" if account else source
