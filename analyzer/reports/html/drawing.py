"""The picture as inline SVG: every service and every line a thing that can be focused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from analyzer import layout
from analyzer.diagram import Box, Diagram, Line, band
from analyzer.reports.html.words import escape
from parsers.quantities import ONCE

_PAD, _HEIGHT = 12.0, 42.0
_TITLE, _SMALL, _LABEL = 8.2, 6.1, 7.2  # mean widths of a character
_LONGEST = 32
_EDGE = 20.0


@dataclass(frozen=True, slots=True)
class Drawing:
    """The SVG element, and how high it is for its width."""

    svg: str
    ratio: float


def drawing(drawn: Diagram) -> Drawing:
    """The whole picture."""
    place = layout.place([_measured(b) for b in drawn.boxes], [_lined(line) for line in drawn.lines])
    wide, high = place.width + 2 * _EDGE, place.height + 2 * _EDGE
    parts = [
        f'<svg id="graph" viewBox="0 0 {wide:.0f} {high:.0f}" data-width="{wide:.0f}" data-height="{high:.0f}" '
        'role="group" aria-label="Services and calls, left to right">',
        '<g id="world">',
        *(_line(i, line, route) for i, (line, route) in enumerate(zip(drawn.lines, place.routes, strict=True))),
        *(_box(i, box, place.centres[box.id]) for i, box in enumerate(drawn.boxes)),
        "</g></svg>",
    ]
    return Drawing("\n".join(parts), high / max(wide, 1.0))


def _shown(text: str) -> str:
    half = (_LONGEST - 1) // 2
    return text if len(text) <= _LONGEST else f"{text[:half]}…{text[-half:]}"


def _subtitle(box: Box) -> str:
    count = f"{box.operations} operation{'s' if box.operations != 1 else ''}" if box.operations else ""
    marks = ("calls itself" if box.itself else "", "open" if box.open else "")
    return " · ".join(p for p in (_shown(box.namespace), count, *marks) if p)


def _measured(box: Box) -> layout.Box:
    text = max(len(_shown(box.title)) * _TITLE + (14 if box.entry else 0), len(_subtitle(box)) * _SMALL)
    number = len(f"{box.worst}×") * 9.5 + 14 if box.worst > ONCE else 0
    return layout.Box(box.id, text + 2 * _PAD + number, _HEIGHT)


def _lined(line: Line) -> layout.Line:
    # Room for what other causes may make of it, so that a filter never makes labels meet.
    wide = max(len(line.label), 3) * _LABEL + 8
    return layout.Line(line.source, line.target, wide, 16.0)


def _line(index: int, line: Line, route: layout.Route) -> str:
    points = [(p.x + _EDGE, p.y + _EDGE) for p in route.points]
    tip, before = points[-1], points[-2]
    side = 1 if tip[0] >= before[0] else -1
    path = " ".join(_curve([*points[:-1], (tip[0] - 6 * side, tip[1])]))
    kinds = ["line", f"heat{band(line.arriving)}"]
    kinds += [name for name, on in _states(line) if on]
    head = f"M{tip[0]:.1f},{tip[1]:.1f} l{-7 * side},-4 v8 z"
    label = ""
    if route.label:
        at = (route.label.x + _EDGE, route.label.y + _EDGE)
        label = f'<text class="label" x="{at[0]:.1f}" y="{at[1] + 4:.1f}">{escape(line.label)}</text>'
    said = f"{line.source} calls {line.target}: {line.label or 'sent once'}"
    return (
        f'<g class="{" ".join(kinds)}" data-line="{index}" tabindex="0" role="button" aria-label="{escape(said)}">'
        f'<path class="hit" d="{path}"/><path class="halo" d="{path}"/><path class="stroke" d="{path}"/>'
        f'<path class="head" d="{head}"/>{label}</g>'
    )


def _states(line: Line) -> tuple[tuple[str, bool], ...]:
    return (("denied", line.all_denied), ("open", line.open), ("mirror", line.mirror), ("around", line.bypass))


def _curve(points: list[tuple[float, float]]) -> Iterator[str]:
    yield f"M{points[0][0]:.1f},{points[0][1]:.1f}"
    for (x0, y0), (x1, y1) in pairwise(points):
        bend = (x1 - x0) / 2
        yield f"C{x0 + bend:.1f},{y0:.1f} {x1 - bend:.1f},{y1:.1f} {x1:.1f},{y1:.1f}"


def _box(index: int, box: Box, centre: layout.Point) -> str:
    size = _measured(box)
    left, top = centre.x + _EDGE - size.width / 2, centre.y + _EDGE - size.height / 2
    kinds = ["box", f"heat{band(box.worst)}", box.kind, *(["open"] if box.open else [])]
    inset = _PAD + (14 if box.entry else 0)
    entry = f'<path class="entry" d="M{_PAD},11 v9 l8,-4.5 z"/>' if box.entry else ""
    number = f"{box.worst}×" if box.worst > ONCE else ""
    said = f"{box.title}{', entry' if box.entry else ''}{f', up to {box.worst} requests' if number else ''}"
    return (
        f'<g class="{" ".join(kinds)}" data-box="{index}" tabindex="0" role="button" aria-label="{escape(said)}" '
        f'transform="translate({left:.1f},{top:.1f})">'
        f'<rect width="{size.width:.1f}" height="{size.height:.1f}" rx="8"/>{entry}'
        f'<text class="title" x="{inset}" y="20">{escape(_shown(box.title))}</text>'
        f'<text class="sub" x="{_PAD}" y="34">{escape(_subtitle(box))}</text>'
        f'<text class="number" x="{size.width - _PAD:.1f}" y="27">{number}</text></g>'
    )
