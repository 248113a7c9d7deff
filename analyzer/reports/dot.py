"""The whole graph for Graphviz: every service and every line, nothing folded."""

from __future__ import annotations

from analyzer.diagram import Box, Line, View, band, diagram
from analyzer.report import Report
from analyzer.reports import Format, Page
from parsers.quantities import ONCE

_HEAT = ("#a3adba", "#c99700", "#e07b00", "#d43f1a", "#a30d2d")


def _render(report: Report, page: Page) -> str:  # noqa: ARG001  # every format takes a page
    drawn = diagram(report, View(everything=True))
    rows = [
        "digraph meshgain {",
        "  rankdir=LR;",
        '  node [shape=box, style=rounded, fontname="Helvetica", fontsize=11];',
        '  edge [fontname="Helvetica", fontsize=10];',
        *(_box(b) for b in drawn.boxes),
        *(_line(line) for line in drawn.lines),
        *(f"  {quoted(s)} [color={quoted('#c0c7d0')}];" for s in drawn.alone),
        "}",
    ]
    return "\n".join(rows) + "\n"


def _box(box: Box) -> str:
    number = f"\nup to {box.worst}" if box.worst > ONCE else ""
    style = "rounded" if box.kind == "service" else "rounded,dashed"
    look = {"label": f"{box.title}{number}", "color": _HEAT[band(box.worst)], "style": style}
    look["penwidth"] = "2" if box.entry else "1"
    return f"  {quoted(box.id)} [{_listed(look)}];"


def _line(line: Line) -> str:
    tone = "#7a3ff2" if line.open else "#c8102e" if line.all_denied else _HEAT[band(line.arriving)]
    look = {"color": tone, "penwidth": str(1 + band(line.arriving))}
    if line.label:
        look |= {"label": line.label, "fontcolor": tone}
    if line.all_denied or line.mirror:
        look["style"] = "dashed"
    return f"  {quoted(line.source)} -> {quoted(line.target)} [{_listed(look)}];"


def _listed(look: dict[str, str]) -> str:
    return ", ".join(f"{key}={quoted(value)}" for key, value in look.items())


def quoted(text: str) -> str:
    """A DOT string: quotes and backslashes escaped, line ends as such, other control characters gone."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return '"' + "".join(c if c.isprintable() else " " for c in escaped) + '"'


DOT = Format("dot", _render, (".dot", ".gv"))
