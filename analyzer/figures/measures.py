"""How large words and boxes are. Units: points."""

from __future__ import annotations

import warnings
from functools import cache

from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

from analyzer import layout
from analyzer.diagram import Box, Line
from parsers.quantities import ONCE, Count

PAD = 10.0
BOX_HEIGHT = 38.0
TITLE, SMALL, LABEL, NUMBER = 10.0, 7.6, 8.4, 12.0
LONGEST = 34


@cache
def font(size: float, *, bold: bool = False) -> FontProperties:
    """The one typeface that matplotlib brings along, so that every machine draws the same."""
    return FontProperties(family="DejaVu Sans", size=size, weight="bold" if bold else "normal")


@cache
def width(text: str, size: float, *, bold: bool = False) -> float:
    """How wide a text is."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        wide, _, _ = text_to_path.get_text_width_height_descent(text, font(size, bold=bold), ismath=False)
    return float(wide)


def shortened(text: str, most: int = LONGEST) -> str:
    """The text without control characters; its middle left out where it is too long."""
    shown = "".join(c if c.isprintable() else "·" for c in text)
    half = (most - 1) // 2
    return shown if len(shown) <= most else f"{shown[:half]}…{shown[-half:]}"


def subtitle(box: Box) -> str:
    """The second line of a box."""
    parts = [shortened(box.namespace)] if box.namespace else []
    if box.operations:
        parts.append(f"{box.operations} operation{'s' if box.operations > 1 else ''}")
    parts += ["calls itself"] if box.itself else []
    parts += ["open"] if box.open else []
    if box.folded:
        parts.append(f"+{box.folded} more")
    return " · ".join(parts)


def number(box: Box) -> str:
    """The amplification of a box; empty where nothing multiplies."""
    return f"{written(box.worst)}×" if box.worst > ONCE else ""


def written(count: Count) -> str:
    """A count in few characters."""
    if count.value is None:
        return "∞"
    if count.value < 10**6:
        return str(count.value)
    return f"10^{len(str(count.value)) - 1}"


def measured(box: Box) -> layout.Box:
    """The size of a box."""
    title = width(shortened(box.title), TITLE, bold=True) + (12 if box.entry else 0)
    text = max(title, width(subtitle(box), SMALL))
    wide = width(number(box), NUMBER, bold=True)
    return layout.Box(box.id, text + 2 * PAD + (wide + 12 if wide else 0), BOX_HEIGHT)


def lined(line: Line) -> layout.Line:
    """A line with the room that its label takes."""
    text = line.label
    wide = width(text, LABEL, bold=True) + 8 if text else 0.0
    return layout.Line(line.source, line.target, wide, 14.0 if text else 0.0)
