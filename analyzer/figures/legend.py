"""The words around a picture: headline, legend and what is left out."""

from __future__ import annotations

from collections.abc import Iterator

from matplotlib.patches import FancyBboxPatch, Patch, PathPatch, Polygon
from matplotlib.path import Path

from analyzer.diagram import Diagram, band
from analyzer.figures.drawing import DASHED, OUTLINED, Pen, words
from analyzer.figures.measures import SMALL, shortened, width, written
from analyzer.figures.themes import Theme
from analyzer.report import Report

SIZE = SMALL + 0.6
_MARK, _GAP = 30.0, 20.0
_HEAT = ("sent once", "2 to 3 requests", "up to 9", "up to 49", "50 and more")

Entry = tuple[str, str]


def headline(report: Report) -> tuple[str, str]:
    """The sentence above, and the line below it."""
    worst = report.worst
    scope = f"{sum(not s.external for s in report.services)} services, {len(report.calls)} calls"
    if worst is None:
        return ("No call repeats another" if report.calls else "No calls found", scope)
    most = "without bound" if worst.worst.unbounded else f"up to {written(worst.worst)}"
    told = f"1 request at {report.name(worst.entry)} can become {most} at {report.name(worst.target)}"
    return (shortened(told, 120), f"when it fails with {worst.cause}; {scope}")


def note(drawn: Diagram) -> str:
    """What is not drawn."""
    parts = []
    if drawn.folded:
        parts.append(f"{drawn.folded} more services are not drawn: less multiplies there, nothing is denied or open")
    if drawn.alone:
        some = ", ".join(shortened(s.rpartition("/")[2], 24) for s in drawn.alone[:3])
        more = f" and {len(drawn.alone) - 3} more" if len(drawn.alone) > 3 else ""
        parts.append(f"without calls: {some}{more}")
    return ";  ".join(parts)


def entries(drawn: Diagram) -> tuple[Entry, ...]:
    """What the picture uses, and no more: (mark, words)."""
    found = [("entry", "entry")] if any(b.entry for b in drawn.boxes) else []
    bands = {band(line.arriving) for line in drawn.lines if not line.all_denied and not line.open}
    found += [(f"heat{level}", _HEAT[level]) for level in sorted(bands)]
    found += [("denied", "denied")] if any(line.all_denied for line in drawn.lines) else []
    found += [("around", "way around a policy")] if any(line.bypass for line in drawn.lines) else []
    found += [("open", "open")] if any(b.open for b in drawn.boxes) else []
    found += [("outside", "outside")] if any(b.kind in ("external", "unresolved") for b in drawn.boxes) else []
    return tuple(found)


def breadth(shown: tuple[Entry, ...]) -> float:
    """How wide the legend is."""
    return sum(_MARK + width(told, SIZE) + _GAP for _, told in shown)


def draw_legend(pen: Pen, shown: tuple[Entry, ...], x: float, y: float) -> None:
    """The legend in one row."""
    for mark, told in shown:
        for patch in _mark(mark, x, y, pen.theme):
            pen.axes.add_patch(patch)
        words(pen, (x + _MARK, y), told, SIZE, pen.theme.soft)
        x += _MARK + width(told, SIZE) + _GAP


def _mark(mark: str, x: float, y: float, theme: Theme) -> Iterator[Patch]:
    stroke = Path([(x, y), (x + 24, y)], [Path.MOVETO, Path.LINETO])
    if mark == "entry":
        yield Polygon(
            [(x + 14, y - 4), (x + 14, y + 4), (x + 21, y)], closed=True, facecolor=theme.ink, edgecolor="none"
        )
    elif mark == "outside":
        shape = "round,pad=0,rounding_size=3"
        yield FancyBboxPatch(
            (x + 2, y - 5), 20, 10, boxstyle=shape, facecolor="none", edgecolor=theme.border, linestyle=OUTLINED
        )
    elif mark == "around":
        yield PathPatch(stroke, fill=False, edgecolor=theme.around, linewidth=6, alpha=0.28)
        yield PathPatch(stroke, fill=False, edgecolor=theme.heat[0], linewidth=1)
    elif mark == "denied":
        yield PathPatch(stroke, fill=False, edgecolor=theme.denied, linewidth=1.2, linestyle=DASHED)
    elif mark == "open":
        yield PathPatch(stroke, fill=False, edgecolor=theme.open, linewidth=1.2)
    else:
        level = int(mark.removeprefix("heat"))
        yield PathPatch(stroke, fill=False, edgecolor=theme.heat[level], linewidth=1.0 + 0.75 * level)
