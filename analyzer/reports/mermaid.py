"""A Mermaid flowchart, within what GitHub and GitLab draw.

Source: mermaid ``maxEdges`` 500 and ``maxTextSize`` 50,000, neither of which a diagram may raise. What is too much is
left out, and the chart says so. Every label is quoted; what could end a quote or start markup is a character code.
"""

from __future__ import annotations

from analyzer.diagram import ANYONE, WHOLE, Box, Diagram, Line, View, band, diagram
from analyzer.report import Report
from analyzer.reports import Format, Page
from parsers.quantities import ONCE

MOST_EDGES, MOST_CHARACTERS = 450, 45_000
_HEAT = ("#a3adba", "#c99700", "#e07b00", "#d43f1a", "#a30d2d")
_TINT = ("#ffffff", "#fff9e3", "#fff0dc", "#ffe6de", "#fde0e6")
_CODES = {
    "&": "#amp;", '"': "#quot;", "<": "#lt;", ">": "#gt;", "#": "#35;", "`": "#96;", "\\": "#92;", "{": "#123;",
    "}": "#125;", "|": "#124;", "[": "#91;", "]": "#93;", "(": "#40;", ")": "#41;", ";": "#59;", "*": "#42;",
    "_": "#95;", "~": "#126;", "$": "#36;", "%": "#37;", "@": "#64;",
}  # fmt: skip


def _render(report: Report, page: Page) -> str:  # noqa: ARG001  # every format takes a page
    return chart(report)


def chart(report: Report, view: View = WHOLE, most_characters: int = MOST_CHARACTERS) -> str:
    """The chart of a view; smaller and smaller until it fits."""
    drawn = diagram(report, view)
    lines = sorted(drawn.lines, key=lambda x: (-band(x.arriving), not x.denied, x.source, x.target))[:MOST_EDGES]
    while True:
        text = _text(drawn, lines)
        if len(text) <= most_characters or len(lines) <= 1:
            return text
        lines = lines[: len(lines) * 3 // 4]


def _text(drawn: Diagram, kept: list[Line]) -> str:
    ends = {end for line in kept for end in (line.source, line.target)}
    boxes = [b for b in drawn.boxes if b.id in ends or len(drawn.lines) == len(kept)]
    names = {b.id: f"n{i}" for i, b in enumerate(boxes)}
    shown = [line for line in drawn.lines if line in kept]
    rows = ["flowchart LR", *(_box(names[b.id], b) for b in boxes), *(_line(names, line) for line in shown)]
    rows += [_style(i, line) for i, line in enumerate(shown)]
    rows += [f"  classDef heat{i} fill:{_TINT[i]},stroke:{_HEAT[i]},color:#1b2330" for i in range(len(_HEAT))]
    rows.append("  classDef anyone fill:#ffffff,stroke:#7a3ff2,stroke-dasharray:4 3,color:#1b2330")
    left = len(drawn.lines) - len(shown)
    if left or drawn.folded:
        rows.append(f"  %% {left} lines and {drawn.folded} services are left out")
    return "\n".join(rows) + "\n"


def _box(name: str, box: Box) -> str:
    number = f" · up to {box.worst}" if box.worst > ONCE else ""
    left, right = ("([", "])") if box.kind != "service" else ("[[", "]]") if box.entry else ("[", "]")
    kind = "anyone" if box.kind == ANYONE else f"heat{band(box.worst)}"
    return f'  {name}{left}"{coded(box.title)}{number}"{right}:::{kind}'


def _line(names: dict[str, str], line: Line) -> str:
    arrow = "-.->" if line.all_denied or line.mirror or line.open else "==>" if band(line.arriving) > 1 else "-->"
    label = f'|"{coded(line.label)}"|' if line.label else ""
    return f"  {names[line.source]} {arrow}{label} {names[line.target]}"


def _style(index: int, line: Line) -> str:
    tone = "#7a3ff2" if line.open else "#c8102e" if line.all_denied else _HEAT[band(line.arriving)]
    return f"  linkStyle {index} stroke:{tone}"


def coded(text: str) -> str:
    """A label in which nothing means anything to Mermaid."""
    plain = "".join(c if c.isprintable() else " " for c in text)
    return "".join(_CODES.get(c, c) for c in plain[:80])


MERMAID = Format("mermaid", _render, (".mmd", ".mermaid"))
