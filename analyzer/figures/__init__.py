"""Pictures of the call graph: a matplotlib figure, and PNG, SVG or PDF bytes of it.

Boxes and lines come from ``analyzer.diagram``, places from ``analyzer.layout``; here is only ink. No pyplot, no state:
the same report gives the same bytes (a fixed hash salt, no dates, no software names).
Units: points; y grows downwards.
"""

from __future__ import annotations

import io
import warnings

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from analyzer import layout
from analyzer.diagram import WHOLE, View, diagram
from analyzer.figures import legend
from analyzer.figures.drawing import Pen, draw, words
from analyzer.figures.measures import SMALL, lined, measured, width
from analyzer.figures.themes import THEMES
from analyzer.report import Report

__all__ = ["View", "figure", "picture"]

_MARGIN, _TOP, _BOTTOM, _NOTE = 26.0, 44.0, 34.0, 16.0
_HEADLINE, _UNDER = 13.0, SMALL + 1
#: Dots per inch of a PNG, in a file and in a notebook.
_PRINTED, _ON_SCREEN = 200.0, 80.0
#: Pixels that no side of a PNG exceeds.
_MOST_PIXELS = 12_000
_METADATA: dict[str, dict[str, None]] = {
    "png": {"Software": None},
    "svg": {"Date": None, "Creator": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}


class Picture(Figure):
    """A figure that a notebook shows by itself, with or without matplotlib's own notebook support."""

    def _repr_png_(self) -> bytes:
        return _saved(self, "png", _ON_SCREEN)


def figure(report: Report, view: View = WHOLE) -> Picture:
    """The graph as a matplotlib figure."""
    theme = THEMES[view.theme]
    drawn = diagram(report, view)
    place = layout.place([measured(b) for b in drawn.boxes], [lined(line) for line in drawn.lines])
    head, under = legend.headline(report)
    marks, note = legend.entries(drawn), legend.note(drawn)
    texts = (width(head, _HEADLINE, bold=True), width(under, _UNDER), legend.breadth(marks), width(note, legend.SIZE))
    wide = max(place.width, *texts) + 2 * _MARGIN
    high = place.height + 2 * _MARGIN + _TOP + _BOTTOM + (_NOTE if note else 0)
    canvas = Picture(figsize=(wide / 72, high / 72), facecolor=theme.paper)
    FigureCanvasAgg(canvas)
    axes = canvas.add_axes((0, 0, 1, 1))
    axes.set_xlim(0, wide)
    axes.set_ylim(high, 0)
    axes.axis("off")
    pen = Pen(axes, theme, _MARGIN, _MARGIN + _TOP)
    words(pen, (_MARGIN, _MARGIN), head, _HEADLINE, theme.ink, bold=True)
    words(pen, (_MARGIN, _MARGIN + 17), under, _UNDER, theme.soft)
    draw(pen, drawn, place)
    bottom = _MARGIN + _TOP + place.height + 26
    legend.draw_legend(pen, marks, _MARGIN, bottom)
    words(pen, (_MARGIN, bottom + 20), note, legend.SIZE, theme.soft)
    return canvas


def picture(report: Report, kind: str, view: View = WHOLE) -> bytes:
    """The graph as ``png``, ``svg`` or ``pdf``."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # glyphs that the font lacks are drawn as boxes
        return _saved(figure(report, view), kind, _PRINTED if kind == "png" else 72.0)


def _saved(canvas: Figure, kind: str, dpi: float) -> bytes:
    stream = io.BytesIO()
    most = _MOST_PIXELS / max(canvas.get_size_inches())
    with mpl.rc_context({"svg.hashsalt": "meshgain", "svg.fonttype": "none"}):
        canvas.savefig(
            stream, format=kind, dpi=min(dpi, most), facecolor=canvas.get_facecolor(), metadata=_METADATA[kind]
        )
    return stream.getvalue()
