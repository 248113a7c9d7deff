"""Boxes, lines and labels on the axes. Units: points; y grows downwards."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch, PathPatch, Polygon
from matplotlib.path import Path
from matplotlib.text import Text

from analyzer import layout
from analyzer.diagram import ANYONE, Box, Diagram, Line, band
from analyzer.figures.measures import (
    LABEL,
    NUMBER,
    PAD,
    SMALL,
    TITLE,
    font,
    measured,
    number,
    shortened,
    subtitle,
    width,
)
from analyzer.figures.themes import Theme

DASHED = (0, (4, 2.6))
DOTTED = (0, (1.2, 2))
OUTLINED = (0, (3, 2))


@dataclass(frozen=True, slots=True)
class Pen:
    """Where the drawing's origin is on the page, and in which colours to draw."""

    axes: Axes
    theme: Theme
    x: float
    y: float

    def of(self, point: layout.Point) -> tuple[float, float]:
        """A place of the drawing on the page."""
        return (point.x + self.x, point.y + self.y)


def draw(pen: Pen, drawn: Diagram, place: layout.Placement) -> None:
    """Everything: quiet lines under hot ones, labels over lines, boxes over all."""
    order = sorted(range(len(drawn.lines)), key=lambda i: (band(drawn.lines[i].arriving), i))
    for index in order:
        _line(pen, drawn.lines[index], place.routes[index])
    for line, route in zip(drawn.lines, place.routes, strict=True):
        if route.label is not None:
            _label(pen, line, pen.of(route.label))
    for box in drawn.boxes:
        _box(pen, box, measured(box), pen.of(place.centres[box.id]))


def _tone(line: Line, theme: Theme) -> str:
    if line.open:
        return theme.open
    return theme.denied if line.all_denied else theme.heat[band(line.arriving)]


def _line(pen: Pen, line: Line, route: layout.Route) -> None:
    points = [pen.of(p) for p in route.points]
    tone = _tone(line, pen.theme)
    thick = 1.0 + 0.75 * (0 if line.all_denied or line.open else band(line.arriving))
    side = 1 if points[-1][0] >= points[-2][0] else -1
    head = 4.5 + thick
    stroke = curve([*points[:-1], (points[-1][0] - side * head * 0.8, points[-1][1])])
    style: object = DASHED if line.all_denied else DOTTED if line.mirror else "solid"
    if line.bypass:
        halo = pen.theme.around
        pen.axes.add_patch(PathPatch(stroke, fill=False, edgecolor=halo, linewidth=thick + 5, alpha=0.28, zorder=1))
    patch = PathPatch(stroke, fill=False, edgecolor=tone, linewidth=thick, linestyle=style, zorder=2, capstyle="butt")
    patch.set_gid(_identity(f"{line.source}->{line.target}"))
    pen.axes.add_patch(patch)
    tip = points[-1]
    wings = [(tip[0] - side * head, tip[1] - head / 2), (tip[0] - side * head, tip[1] + head / 2)]
    pen.axes.add_patch(Polygon([tip, *wings], closed=True, facecolor=tone, edgecolor="none", zorder=3))


def _identity(name: str) -> str:
    """A name as an SVG id: XML allows no control characters."""
    return "".join(c if c.isprintable() else "_" for c in name)


def curve(points: list[tuple[float, float]]) -> Path:
    """Through all points: level at boxes, labels and wherever the line turns back, straight on between."""
    slopes = _slopes(points)
    vertices, codes = [points[0]], [Path.MOVETO]
    for ((x0, y0), m0), ((x1, y1), m1) in pairwise(zip(points, slopes, strict=True)):
        bend = (x1 - x0) / 2.2
        vertices += [(x0 + bend, y0 + m0 * bend), (x1 - bend, y1 - m1 * bend), (x1, y1)]
        codes += [Path.CURVE4] * 3
    return Path(vertices, codes)


def _slopes(points: list[tuple[float, float]]) -> list[float]:
    """How steep the line is at each point: as its neighbours lie where it goes on up or down, else level."""
    found = [0.0] * len(points)
    for index in range(1, len(points) - 1):
        (x0, y0), (_, y1), (x2, y2) = points[index - 1 : index + 2]
        if (y1 - y0) * (y2 - y1) > 0.01 and x2 != x0:
            found[index] = (y2 - y0) / (x2 - x0) * 0.8
    return found


def _label(pen: Pen, line: Line, at: tuple[float, float]) -> None:
    wide = width(line.label, LABEL, bold=True) + 6
    shape = "round,pad=0,rounding_size=4"
    corner = (at[0] - wide / 2, at[1] - 6.4)
    paper = pen.theme.paper
    pen.axes.add_patch(FancyBboxPatch(corner, wide, 12.8, boxstyle=shape, facecolor=paper, edgecolor="none", zorder=4))
    shown = words(pen, at, line.label, LABEL, _tone(line, pen.theme), bold=True, across="center")
    if where := _where(line):
        shown.set_url(where)


def _where(line: Line) -> str | None:
    """The line of the call that multiplies most, as a relative link."""
    if not line.calls:
        return None
    worst = max(line.calls, key=lambda c: (c.gain.worst, c.denied))
    return _identity(f"{worst.span.path}#L{worst.span.line}")


def _box(pen: Pen, box: Box, size: layout.Box, at: tuple[float, float]) -> None:
    theme, level = pen.theme, band(box.worst)
    left, top = at[0] - size.width / 2, at[1] - size.height / 2
    open_to_all = box.open or box.kind == ANYONE
    patch = FancyBboxPatch(
        (left, top),
        size.width,
        size.height,
        boxstyle="round,pad=0,rounding_size=7",
        facecolor=theme.tint[level],
        edgecolor=theme.open if open_to_all else theme.heat[level] if level else theme.border,
        linewidth=1.0 + 0.25 * level + 0.5 * open_to_all,
        linestyle="solid" if box.kind == "service" else OUTLINED,
        zorder=5,
    )
    patch.set_gid(_identity(box.id))
    pen.axes.add_patch(patch)
    _written(pen, box, (left + PAD, at[1]))
    if told := number(box):
        words(pen, (left + size.width - PAD, at[1]), told, NUMBER, theme.heat[level], bold=True, across="right")


def _written(pen: Pen, box: Box, at: tuple[float, float]) -> None:
    """Name and second line of a box."""
    x, y = at
    under = subtitle(box)
    first = y - 7 if under else y
    if box.entry:
        corners = [(x, first - 4), (x, first + 4), (x + 7, first)]
        pen.axes.add_patch(Polygon(corners, closed=True, facecolor=pen.theme.ink, edgecolor="none", zorder=6))
    words(pen, (x + (12 if box.entry else 0), first), shortened(box.title), TITLE, pen.theme.ink, bold=True)
    words(pen, (x, y + 8.5), under, SMALL, pen.theme.soft)


def words(  # noqa: PLR0913  # what a text is made of
    pen: Pen,
    at: tuple[float, float],
    text: str,
    size: float,
    colour: str,
    *,
    bold: bool = False,
    across: str = "left",
) -> Text:
    """Write, and never read the text as mathematics."""
    shown = pen.axes.text(
        *at, text, fontproperties=font(size, bold=bold), color=colour, ha=across, va="center_baseline", zorder=7
    )
    shown.set_parse_math(False)
    return shown
