"""Pictures: the same bytes for the same report, text as text, nothing read as mathematics."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from dataclasses import replace
from itertools import combinations
from xml.etree import ElementTree

import pytest
from matplotlib.text import Text

from analyzer.figures import View, figure, picture
from analyzer.report import Report
from tests.analyzer.showcase import shop, system

SVG = "{http://www.w3.org/2000/svg}"


def texts(svg: bytes) -> list[str]:
    return ["".join(t.itertext()) for t in ElementTree.fromstring(svg).iter(f"{SVG}text")]  # our own


@pytest.mark.parametrize("kind", ["png", "svg", "pdf"])
def test_the_same_report_gives_the_same_bytes(kind: str) -> None:
    assert picture(shop(), kind) == picture(shop(), kind)


def test_hash_seeds_do_not_change_a_picture() -> None:
    code = (
        "import hashlib; from analyzer.figures import picture; from tests.analyzer.showcase import shop;"
        "print(hashlib.md5(picture(shop(), 'svg')).hexdigest())"
    )
    found = {
        subprocess.run(  # our own interpreter and code
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": str(seed)},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for seed in (0, 7)
    }
    assert found == {hashlib.md5(picture(shop(), "svg"), usedforsecurity=False).hexdigest() + "\n"}


def test_words_in_an_svg_are_words() -> None:
    shown = texts(picture(shop(), "svg"))
    assert "payment-service" in shown
    assert "144×" in shown
    assert "×12 1 of 2 denied" in shown


def test_an_svg_links_a_gain_to_its_line() -> None:
    assert b'xlink:href="services/storefront/storefront/orders.py#L21"' in picture(shop(), "svg")


def test_a_png_is_a_png() -> None:
    assert picture(shop(), "png").startswith(b"\x89PNG")


def test_dark_is_dark() -> None:
    assert b"#12161d" in picture(shop(), "svg", View("dark"))
    assert b"#12161d" not in picture(shop(), "svg")


def test_names_that_look_like_mathematics_or_hold_control_characters_are_drawn_as_they_are() -> None:
    report = shop()
    services = tuple(
        replace(s, id="a/$\\frac{1}{2}$\x1b", name="$\\frac{1}{2}$\x1b") if s.id == "payment-prod/ledger" else s
        for s in report.services
    )
    calls = tuple(
        replace(c, callee=replace(c.callee, service="a/$\\frac{1}{2}$\x1b"))
        if c.callee.service == "payment-prod/ledger"
        else c
        for c in report.calls
    )
    shown = texts(picture(replace(report, services=services, calls=calls), "svg"))
    assert "$\\frac{1}{2}$·" in " ".join(shown)


def test_a_system_without_calls_is_a_picture_too() -> None:
    assert "No calls found" in texts(picture(Report(), "svg"))


@pytest.mark.parametrize("services", [5, 20, 100])
@pytest.mark.parametrize("everything", [False, True])
def test_no_two_texts_overlap(services: int, everything: bool) -> None:
    canvas = figure(system(services), View(everything=everything))
    renderer = canvas.canvas.get_renderer()  # type: ignore[attr-defined]
    boxes = [
        t.get_window_extent(renderer)
        for t in canvas.findobj(Text)
        if isinstance(t, Text) and t.get_text() and t.get_visible()
    ]
    inner = [b.padded(-0.75) for b in boxes]
    assert not [(a, b) for a, b in combinations(inner, 2) if a.overlaps(b)]


def test_a_large_system_says_how_much_is_not_drawn() -> None:
    assert any("more services are not drawn" in t for t in texts(picture(system(300), "svg")))
