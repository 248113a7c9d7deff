"""Words on a terminal: weight, colour, width and lines that end with where something is written.

Names come from the analysed repository: control characters in them are shown, never sent to the terminal.
"""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

_STYLES = {
    "bold": "1",
    "dim": "2",
    "error": "1;31",
    "warning": "33",
    "note": "36",
    "good": "32",
    "hot": "1;31",
    "warm": "1;33",
    "head": "1",
}


@dataclass(frozen=True, slots=True)
class Ink:
    """How to write: the columns there are, and whether to colour."""

    width: int
    colour: bool

    def paint(self, text: str, style: str) -> str:
        """The text in a style; as it is where there is no colour."""
        return f"\x1b[{_STYLES[style]}m{text}\x1b[0m" if self.colour and text else text

    def dim(self, text: str) -> str:
        return self.paint(text, "dim")

    def bold(self, text: str) -> str:
        return self.paint(text, "bold")

    def lines(self, text: str, where: str = "", *, indent: int = 0, style: str = "") -> Iterator[str]:
        """Wrap ``text`` behind an indent, and set ``where`` at the right edge: on the last line if it fits there."""
        room = max(self.width - indent, 24)
        parts = textwrap.wrap(clean(text), room, break_long_words=False, break_on_hyphens=False) or [""]
        where = clean(where)
        pad = " " * indent
        gap = self.width - indent - width(parts[-1]) - width(where)
        for part in parts[:-1]:
            yield pad + (self.paint(part, style) if style else part)
        last = pad + (self.paint(parts[-1], style) if style else parts[-1])
        if not where:
            yield last
        elif gap >= 2:
            yield last + " " * gap + self.dim(where)
        else:
            yield last
            yield " " * max(self.width - width(where), indent + 2) + self.dim(where)

    def brief(self, text: str, where: str = "", *, indent: int = 0, style: str = "") -> str:
        """One line: the text cut where there is no room for more of it, and ``where`` at the right edge, never cut.

        Two lines where both cannot stand on one.
        """
        where = clean(where)
        room = self.width - indent - (width(where) + 2 if where else 0)
        alone = room < _LEAST
        shown = shorten(clean(text), self.width - indent if alone else room)
        start = " " * indent + (self.paint(shown, style) if style else shown)
        if not where:
            return start
        if alone:
            return f"{start}\n{' ' * max(self.width - width(where), indent)}{self.dim(where)}"
        return start + " " * (self.width - indent - width(shown) - width(where)) + self.dim(where)


#: Columns below which a text beside its place says nothing any more.
_LEAST = 16


def shorten(text: str, room: int) -> str:
    """The beginning of the text, with an ellipsis where more would follow."""
    if width(text) <= room:
        return text
    kept = text[: room - 1]
    while width(kept) > room - 1:
        kept = kept[:-1]
    return kept.rstrip(" ,(") + "…"


def clean(text: str) -> str:
    """The text on one line, with control characters made visible."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def width(text: str) -> int:
    """Columns that a text takes on a terminal."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def plural(count: int, one: str, many: str = "") -> str:
    """``1 file``, ``2 files``."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"
