"""One self-contained page: the graph to look at and to ask, and everything it shows as tables below.

It loads nothing and sends nothing (its content security policy forbids both). Without scripts the picture and the
tables are still there. Every name is escaped; data for the script is JSON in which nothing can end the element.
"""

from __future__ import annotations

import json
from importlib.resources import files

from analyzer.diagram import View, diagram
from analyzer.report import Report
from analyzer.reports import Format, Page
from analyzer.reports.html.content import data
from analyzer.reports.html.drawing import drawing
from analyzer.reports.html.tables import controls, headline, tables
from analyzer.reports.html.words import escape

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:"


def _render(report: Report, page: Page) -> str:
    drawn = diagram(report, View(everything=True))
    picture = drawing(drawn)
    title = escape(page.title or "meshgain")
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<title>{title} · meshgain</title>
<style>{_file("page.css")}</style>
</head>
<body>
<a class="skip" href="#tables">Skip the picture</a>
<header>
<p class="name">{title}</p>
{headline(report)}
{controls(report)}
</header>
<main style="--ratio:{picture.ratio:.3f}">
<section class="stage" aria-label="Call graph">
{picture.svg}
<div class="zoom" role="group" aria-label="Zoom">
<button type="button" id="zoom-in" aria-label="Zoom in">+</button>
<button type="button" id="zoom-out" aria-label="Zoom out">−</button>
<button type="button" id="zoom-fit" aria-label="Show everything">fit</button>
</div>
<p class="keys">Tab and arrows move, Enter opens, Esc closes, / searches</p>
</section>
<aside id="detail" aria-live="polite" aria-label="Details" tabindex="-1">
<p class="soft">Choose a service or a call.</p>
</aside>
</main>
<div id="tables">
{tables(report)}
</div>
<script type="application/json" id="data">{_embedded(data(report, drawn))}</script>
<script>{_file("page.js")}</script>
</body>
</html>
"""


def _file(name: str) -> str:
    return files("analyzer.reports.html").joinpath(name).read_text(encoding="utf-8")


def _embedded(value: object) -> str:
    """JSON that cannot end its script element or start a comment."""
    text = json.dumps(value, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


HTML = Format("html", _render, (".html", ".htm"))
