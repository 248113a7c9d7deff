"""Colours of the pictures, light and dark."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Theme:
    """Colours. ``heat`` from quiet to burning."""

    paper: str
    ink: str
    soft: str
    box: str
    border: str
    heat: tuple[str, str, str, str, str]
    tint: tuple[str, str, str, str, str]
    denied: str
    open: str
    around: str


THEMES: Mapping[str, Theme] = {
    "light": Theme(
        "#ffffff", "#1b2330", "#66707f", "#ffffff", "#b4bdca",
        ("#a3adba", "#c99700", "#e07b00", "#d43f1a", "#a30d2d"),
        ("#ffffff", "#fff9e3", "#fff0dc", "#ffe6de", "#fde0e6"),
        "#c8102e", "#7a3ff2", "#1c7ed6",
    ),
    "dark": Theme(
        "#12161d", "#e8edf4", "#98a3b3", "#1b212b", "#465061",
        ("#5d6879", "#e3b92c", "#ff9f40", "#ff6b4a", "#ff4d79"),
        ("#1b212b", "#2a2616", "#33261a", "#371f1c", "#3a1a25"),
        "#ff5c72", "#b794ff", "#5cb3ff",
    ),
}  # fmt: skip
